"""What a person decided about findings: an append-only journal, saved at once, with undo.

Every change is one JSON line, written and flushed to disk before the call returns, so that a dropped
connection or a kill loses nothing. Lines from several people or processes interleave; the state is
what follows from reading them in order. A line cut off by a crash is left out when reading and the
file is mended by the next write.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from enum import Enum
from pathlib import Path
from typing import Any

from mlflow_analysis.findings import Finding, Verdict


class Decision(str, Enum):
    """What was decided about a finding."""

    UNDECIDED = "undecided"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


REJECTION_REASONS = ("false positive", "by design", "out of scope", "duplicate")


class Course(str, Enum):
    """What has become of a finding since somebody decided about it."""

    NEW = "new"
    """Nobody has decided yet."""
    ONGOING = "ongoing"
    """Still there, or it cannot be told."""
    ESCALATING = "escalating"
    """More than it was: its lower bound has risen above the share then (if rejected, the lower bound then)."""
    GONE = "gone"
    """The traces speak against it now."""
    REGRESSED = "regressed"
    """It was gone in an analysis since, and is back."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """The decision in force for one finding."""

    decision: Decision = Decision.UNDECIDED
    reason: str = ""
    """For rejections one of ``REJECTION_REASONS``."""
    note: str = ""
    lower_bound: float = 0.0
    """Lower bound of the finding's rate when it was decided."""
    author: str = ""
    decided_ms: int = 0
    rate: float | None = None
    """The finding's rate when it was decided."""
    course: Course = Course.NEW
    """Of the finding in this run; told by ``Review.standing`` and not kept."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A journal line. ``undoes`` and ``redoes`` name the entry they take back or put back."""

    entry_id: str
    fingerprint: str
    ruling: dict[str, Any] | None
    undoes: str = ""
    redoes: str = ""
    session: str = ""
    gone: bool = False
    """Not a decision: an analysis found nothing of it any more."""


_KEPT = frozenset(field.name for field in fields(Ruling)) - {"course"}
"""What of a ruling the journal holds; what a later version adds to it is passed over."""


class Review:
    """The rulings of one experiment, on disk at ``path`` (``None``: in memory only)."""

    def __init__(self, path: Path | None, author: str | None = None) -> None:
        self.path = path
        self._author = author if author is not None else _login_name()
        self._session = _new_id()[:12]
        self._entries: list[_Entry] = []
        self._read_to = 0
        self.reload()

    def reload(self) -> None:
        """Take in what others have written since."""
        if self.path is None or not self.path.exists():
            return
        with self.path.open("rb") as journal:
            journal.seek(self._read_to)
            for line in journal:
                if not line.endswith(b"\n"):
                    break
                self._read_to += len(line)
                try:
                    self._entries.append(_Entry(**json.loads(line)))
                except (ValueError, TypeError):
                    continue  # a line cut off by a crash; what came before and after it stands

    def ruling(self, fingerprint: str) -> Ruling:
        """What is decided about that finding now."""
        place = self._in_force(fingerprint)
        if place is None:
            return Ruling()
        kept = self._entries[place].ruling or {}
        known = {key: value for key, value in kept.items() if key in _KEPT}
        return Ruling(**{**known, "decision": Decision(known["decision"])})

    def _in_force(self, fingerprint: str) -> int | None:
        """Where in the journal the last decision about it stands that was not undone."""
        undone = self._undone()
        for place in range(len(self._entries) - 1, -1, -1):
            entry = self._entries[place]
            about_it = entry.fingerprint == fingerprint and entry.ruling is not None
            if about_it and entry.entry_id not in undone:
                return place
        return None

    def standing(self, finding: Finding) -> Ruling:
        """The ruling for a finding of this run, and what has become of it since.

        Where nothing is decided about the finding itself, what was decided last about one merged into it
        holds. A rejection stands unless the lower bound of what was rejected has risen above what it was
        then.
        """
        decided = [
            (place, fingerprint, lower)
            for fingerprint, lower in (
                (finding.fingerprint, finding.interval[0]),
                *((each.fingerprint, each.interval[0]) for each in finding.aliases),
            )
            if (place := self._in_force(fingerprint)) is not None
        ]
        if not decided:
            return Ruling()
        own = [each for each in decided if each[1] == finding.fingerprint]
        _, fingerprint, lower = max(own or decided)
        ruling = self.ruling(fingerprint)
        rejected = ruling.decision is Decision.REJECTED
        before = ruling.lower_bound if rejected or ruling.rate is None else ruling.rate
        course = Course.ONGOING
        if finding.verdict is Verdict.REFUTED:
            course = Course.GONE
        elif finding.verdict is Verdict.CONFIRMED and lower > before + 1e-9:
            course = Course.ESCALATING
        elif finding.verdict is Verdict.CONFIRMED and self.was_gone(fingerprint):
            course = Course.REGRESSED
        if rejected and lower > ruling.lower_bound + 1e-9:
            note = f"Rejected before as {ruling.reason}, but it has grown since."
            return Ruling(note=note, course=course)
        return replace(ruling, course=course)

    def was_gone(self, fingerprint: str) -> bool:
        """Whether an analysis since the decision in force about it found nothing of it."""
        place = self._in_force(fingerprint)
        return place is not None and any(
            entry.gone and entry.fingerprint == fingerprint for entry in self._entries[place:]
        )

    def follow(self, findings: Iterable[Finding]) -> None:
        """Keep which decided findings a finished analysis speaks against, so that a relapse is seen.

        Writes only what is news. Raises ``OSError`` if it could not be written.
        """
        for finding in findings:
            if finding.verdict is not Verdict.REFUTED:
                continue
            if self._in_force(finding.fingerprint) is None:
                continue
            if not self.was_gone(finding.fingerprint):
                self._append(
                    _Entry(_new_id(), finding.fingerprint, None, session=self._session, gone=True)
                )

    def decide(
        self, finding: Finding, decision: Decision, reason: str = "", note: str = ""
    ) -> Ruling:
        """Record a decision. It is on disk when this returns."""
        ruling = Ruling(
            decision,
            reason,
            note,
            finding.interval[0],
            self._author,
            int(time.time() * 1000),
            finding.rate,
            Course.ONGOING,
        )
        kept = {key: value for key, value in asdict(ruling).items() if key in _KEPT}
        self._append(_Entry(_new_id(), finding.fingerprint, kept, session=self._session))
        return ruling

    def undo(self) -> str | None:
        """Take back this session's last decision. Returns the finding's fingerprint."""
        undone = self._undone()
        for entry in reversed(self._entries):
            mine = entry.session == self._session and entry.ruling is not None
            if mine and entry.entry_id not in undone:
                self._append(
                    _Entry(
                        _new_id(),
                        entry.fingerprint,
                        None,
                        undoes=entry.entry_id,
                        session=self._session,
                    )
                )
                return entry.fingerprint
        return None

    def redo(self) -> str | None:
        """Put back what the last undo took. Nothing to redo once a new decision was made."""
        for entry in reversed(self._entries):
            if entry.session != self._session or entry.redoes or entry.gone:
                continue
            if entry.ruling is not None:
                return None
            if entry.undoes in self._undone():
                self._append(
                    _Entry(
                        _new_id(),
                        entry.fingerprint,
                        None,
                        redoes=entry.undoes,
                        session=self._session,
                    )
                )
                return entry.fingerprint
        return None

    def _undone(self) -> set[str]:
        undone: set[str] = set()
        for entry in self._entries:
            if entry.undoes:
                undone.add(entry.undoes)
            undone.discard(entry.redoes)
        return undone

    def _append(self, entry: _Entry) -> None:
        if self.path is None:
            self._entries.append(entry)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        line = json.dumps(asdict(entry), ensure_ascii=True).encode() + b"\n"
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line
            os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self.reload()


def review_path(directory: Path, tracking_uri: str, experiment_id: str) -> Path:
    """Where the review of one experiment of one store is kept, under ``directory``."""
    import hashlib  # here and below: not on the way to first paint

    store = hashlib.sha256(tracking_uri.encode()).hexdigest()[:12]
    experiment = re.sub(r"[^A-Za-z0-9_-]", "_", experiment_id)[:60]
    return directory / f"{store}-{experiment}.jsonl"


def last_decision_ms(path: Path) -> int | None:
    """When somebody last decided something in the journal at ``path``; ``None`` if nobody did.

    Raises ``OSError`` if it cannot be read.
    """
    last = 0
    with path.open("rb") as journal:
        for line in journal:
            try:
                ruling = json.loads(line).get("ruling")
            except (ValueError, AttributeError):
                continue  # a line cut off by a crash, as in ``Review.reload``
            if isinstance(ruling, dict) and isinstance(ruling.get("decided_ms"), int):
                last = max(last, ruling["decided_ms"])
    return last or None


def _new_id() -> str:
    return os.urandom(16).hex()


def _login_name() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"

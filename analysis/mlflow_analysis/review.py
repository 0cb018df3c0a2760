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
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from enum import Enum
from pathlib import Path
from typing import Any

from mlflow_analysis.annotation import login_name
from mlflow_analysis.findings import Finding, Verdict


class Decision(str, Enum):
    """What was decided about a finding."""

    UNDECIDED = "undecided"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


ANALYSES = "analyses"
"""The folder beside that of the reviews where the last analysis of each experiment is kept."""

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
    title: str = ""
    """The finding's, so that it can be named when an analysis does not find it any more."""
    hypothesis: str = ""


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
    seen: bool = False
    """Not a decision: an analysis confirmed it, and nobody had decided about it."""
    at_ms: int = 0
    """When ``gone`` or ``seen`` was written."""


_KEPT = frozenset(field.name for field in fields(Ruling)) - {"course"}
"""What of a ruling the journal holds; what a later version adds to it is passed over."""


class Review:
    """The rulings of one experiment, on disk at ``path`` (``None``: in memory only)."""

    def __init__(self, path: Path | None, author: str | None = None) -> None:
        self.path = path
        self._author = author if author is not None else login_name()
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

    def before(self, moment_ms: float) -> Review:
        """The review as it stood then, to look at: what is written to it is not kept."""
        past = Review(None, self._author)
        past._entries = [entry for entry in self._entries if _written_ms(entry) < moment_ms]
        return past

    def decided(self) -> dict[str, Ruling]:
        """Every decision in force, by fingerprint."""
        ruled = dict.fromkeys(each.fingerprint for each in self._entries if each.ruling is not None)
        rulings = {fingerprint: self.ruling(fingerprint) for fingerprint in ruled}
        return {key: ruling for key, ruling in rulings.items() if ruling.decided_ms}

    def was_seen(self, finding: Finding) -> bool:
        """Whether an analysis confirmed it, or what was merged into it, before anybody decided."""
        known = {finding.fingerprint, *(alias.fingerprint for alias in finding.aliases)}
        return any(entry.seen and entry.fingerprint in known for entry in self._entries)

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
        elif finding.verdict is Verdict.CONFIRMED and has_grown(before, lower):
            course = Course.ESCALATING
        elif finding.verdict is Verdict.CONFIRMED and self.was_gone(fingerprint):
            course = Course.REGRESSED
        if rejected and has_grown(ruling.lower_bound, lower):
            note = f"Rejected before as {ruling.reason}, but it has grown since."
            return Ruling(note=note, course=course)
        return replace(ruling, course=course)

    def was_gone(self, fingerprint: str) -> bool:
        """Whether an analysis since the decision in force about it found nothing of it."""
        place = self._in_force(fingerprint)
        return place is not None and any(
            entry.gone and entry.fingerprint == fingerprint for entry in self._entries[place:]
        )

    def follow(self, findings: Sequence[Finding]) -> None:
        """Keep what a finished analysis says for later: which decided findings are gone, so that a relapse
        is seen, and which undecided ones there are, so that the new ones are known.

        Writes only what is news. Raises ``OSError`` if it could not be written.
        """
        decided, now = self.decided(), int(time.time() * 1000)
        gone = [each.fingerprint for each in findings if each.verdict is Verdict.REFUTED]
        gone = [each for each in gone if each in decided] + self.missing(findings)
        news = [
            _Entry(_new_id(), each, None, session=self._session, gone=True, at_ms=now)
            for each in gone
            if not self.was_gone(each)
        ]
        news += [
            _Entry(_new_id(), each.fingerprint, None, session=self._session, seen=True, at_ms=now)
            for each in findings
            if each.verdict is Verdict.CONFIRMED
            and self.standing(each).course is Course.NEW
            and not self.was_seen(each)
        ]
        if news:
            self._append(*news)

    def missing(self, findings: Iterable[Finding]) -> list[str]:
        """Fingerprints of decided findings that an analysis does not name though it tested their claim."""
        named: set[str] = set()
        tested: set[str] = set()
        for finding in findings:
            named |= {finding.fingerprint, *(alias.fingerprint for alias in finding.aliases)}
            if finding.verdict is not Verdict.NOT_TESTABLE:
                tested |= {finding.hypothesis, *(alias.hypothesis for alias in finding.aliases)}
        return [
            fingerprint
            for fingerprint, ruling in self.decided().items()
            if fingerprint not in named and ruling.hypothesis in tested
        ]

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
            finding.title,
            finding.hypothesis,
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
            if entry.session != self._session or entry.redoes or entry.gone or entry.seen:
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

    def _append(self, *entries: _Entry) -> None:
        if self.path is None:
            self._entries += entries
            return
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lines = b"".join(
            json.dumps(asdict(entry), ensure_ascii=True).encode() + b"\n" for entry in entries
        )
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                lines = b"\n" + lines
            os.write(descriptor, lines)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self.reload()


def has_grown(before: float, now: float) -> bool:
    """Whether a share is more than it was, by more than the six digits that are kept in JSON can tell."""
    return now > before * (1 + 1e-5) + 1e-9


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


def _written_ms(entry: _Entry) -> int:
    """When a line was written; lines that do not say so count as old."""
    if entry.ruling is not None:
        return int(entry.ruling.get("decided_ms", 0))
    return entry.at_ms


def _new_id() -> str:
    return os.urandom(16).hex()

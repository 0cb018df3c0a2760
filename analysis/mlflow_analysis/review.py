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
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from mlflow_analysis.findings import Finding


class Decision(str, Enum):
    """What was decided about a finding."""

    UNDECIDED = "undecided"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


REJECTION_REASONS = ("false positive", "by design", "out of scope", "duplicate")


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


@dataclass(frozen=True, slots=True)
class _Entry:
    """A journal line. ``undoes`` and ``redoes`` name the entry they take back or put back."""

    entry_id: str
    fingerprint: str
    ruling: dict[str, Any] | None
    undoes: str = ""
    redoes: str = ""
    session: str = ""


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
        undone = self._undone()
        for entry in reversed(self._entries):
            if (
                entry.fingerprint == fingerprint
                and entry.ruling is not None
                and entry.entry_id not in undone
            ):
                return Ruling(**{**entry.ruling, "decision": Decision(entry.ruling["decision"])})
        return Ruling()

    def standing(self, finding: Finding) -> Ruling:
        """The ruling for a finding of this run.

        A rejection stands unless the finding's lower bound has risen above the one that was rejected.
        """
        ruling = self.ruling(finding.fingerprint)
        if ruling.decision is Decision.REJECTED and finding.interval[0] > ruling.lower_bound + 1e-9:
            return Ruling(note=f"Rejected before as {ruling.reason}, but it has grown since.")
        return ruling

    def decide(
        self, finding: Finding, decision: Decision, reason: str = "", note: str = ""
    ) -> Ruling:
        """Record a decision. It is on disk when this returns."""
        ruling = Ruling(
            decision, reason, note, finding.interval[0], self._author, int(time.time() * 1000)
        )
        self._append(_Entry(_new_id(), finding.fingerprint, asdict(ruling), session=self._session))
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
            if entry.session != self._session or entry.redoes:
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


def _new_id() -> str:
    return os.urandom(16).hex()


def _login_name() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"

"""A journal on disk: lines of JSON that are only ever added, by several people and processes at a time.

A line is on disk (``fsync``) when adding it returns. A line cut off by a crash is left out when reading, and
the file is mended by the next write. Unknown keys are passed over, so a program of before this one reads
the journal too. What it could not read rightly begins with a line ``{"journal": N}``, N above ``FORMAT``:
such a journal is refused and stays as it is.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

FORMAT = 2
"""1: a line is a whole ruling. 2: it may be a part of one, and says what its author had seen."""


class JournalTooNew(OSError):  # noqa: N818 - a state of the disk, told to a person
    """The journal says that a later version of this program is needed. ``sentence`` says so to a person."""

    def __init__(self, path: Path, number: int) -> None:
        self.sentence = (
            f"The review in {path} was written by a newer mlflow-tui (format {number}; this one reads up "
            f"to {FORMAT}). It is left as it is: update mlflow-tui to go on with it."
        )
        super().__init__(self.sentence)


@dataclass(frozen=True, slots=True)
class Entry:
    """A journal line. ``undoes`` and ``redoes`` name the entry they take back or put back."""

    entry_id: str
    fingerprint: str
    ruling: dict[str, Any] | None
    """What its author decided, and what they knew of the rest. ``changes`` names the parts that it decides
    (without: decision and note), ``after`` the decisions they had seen (without: all before it)."""
    undoes: str = ""
    redoes: str = ""
    session: str = ""
    gone: bool = False
    """Not a decision: an analysis found nothing of it any more."""
    seen: bool = False
    """Not a decision: an analysis confirmed it, and nobody had decided about it."""
    at_ms: int = 0
    """When it was written, unless the ruling says so."""

    @property
    def written_ms(self) -> int:
        """When it was written; a line that does not say so counts as old."""
        return int((self.ruling or {}).get("decided_ms", 0)) or self.at_ms


_KEYS = frozenset(field.name for field in fields(Entry))


class Journal:
    """The entries of the file at ``path`` (``None``: in memory only), as far as they were read."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.entries: list[Entry] = []
        self._read_to = 0
        self._format = 1
        self.read()

    @property
    def has_news(self) -> bool:
        """Whether the file holds more than was read; costs one ``stat``."""
        if self.path is None:
            return False
        try:
            return self.path.stat().st_size > self._read_to
        except OSError:
            return False  # not written yet, or out of reach: reading it says so

    def read(self) -> bool:
        """Take in what was added since; whether there was anything.

        Raises ``JournalTooNew`` before anything of such a journal is used, ``OSError`` if it cannot be read.
        """
        if self.path is None or not self.path.exists():
            return False
        before = len(self.entries)
        with self.path.open("rb") as journal:
            journal.seek(self._read_to)
            for line in journal:
                if not line.endswith(b"\n"):
                    break
                self._take(line)
                self._read_to += len(line)
        return len(self.entries) > before

    def _take(self, line: bytes) -> None:
        try:
            told = json.loads(line)
        except ValueError:
            return  # a line cut off by a crash; what came before and after it stands
        if not isinstance(told, dict):
            return
        number = told.get("journal")
        if isinstance(number, int):
            if number > FORMAT:
                assert self.path is not None
                raise JournalTooNew(self.path, number)
            self._format = max(self._format, number)
        elif _is_entry(told):
            self.entries.append(Entry(**{key: told[key] for key in _KEYS & told.keys()}))

    def add(self, entries: Sequence[Entry]) -> None:
        """Write all of ``entries``; they are on disk when this returns.

        Raises ``OSError`` if they could not be written; what of them is on disk is in ``entries`` then.
        """
        if self.path is None:
            self.entries += entries
            return
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with _locked(self.path) as descriptor:
                self.read()  # a journal that became too new in the meantime is not written to
                size = os.fstat(descriptor).st_size
                mended = size and os.pread(descriptor, 1, size - 1) != b"\n"
                lines = [asdict(entry) for entry in entries]
                if self._format < FORMAT:
                    lines.insert(0, {"journal": FORMAT})
                text = "".join(json.dumps(line, ensure_ascii=True) + "\n" for line in lines)
                _write(descriptor, (b"\n" if mended else b"") + text.encode())
        finally:
            self.read()


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The open file, to add to, held against other writers."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        # Some network file systems have no locks; adding a line is one write there too.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _is_entry(told: dict[str, Any]) -> bool:
    """Whether a line has what every entry has, of the right kind."""
    ruling = told.get("ruling")
    return (
        isinstance(told.get("entry_id"), str)
        and isinstance(told.get("fingerprint"), str)
        and (
            ruling is None or (isinstance(ruling, dict) and isinstance(ruling.get("decision"), str))
        )
    )


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
                continue  # a line cut off by a crash, as in ``Journal.read``
            if isinstance(ruling, dict) and isinstance(ruling.get("decided_ms"), int):
                last = max(last, ruling["decided_ms"])
    return last or None

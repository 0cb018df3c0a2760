"""What follows from the entries of a review's journal: what is in force, and who did not see whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mlflow_analysis.findings.kinds import Severity
from mlflow_analysis.review.journal import Entry
from mlflow_analysis.review.ruling import Decision, Opinion

_WHOLE = ("decision", "note")
"""The parts that a journal line of format 1 decides."""


class Index:
    """What follows from the entries of a journal, looked up by fingerprint."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries_read = len(entries)
        self.places = {entry.entry_id: place for place, entry in enumerate(entries)}
        self.parts: dict[str, dict[str, Entry]] = {}
        """The entry in force of each part that somebody changed."""
        self.heads: dict[str, list[Entry]] = {}
        """The decisions that no later one knows of, oldest first; one, unless people did not see each
        other's."""
        undone = _undone(entries)
        known: dict[str, frozenset[str]] = {}
        """By entry: the decisions that its author knew of, themselves or through another."""
        decided: dict[str, list[str]] = {}
        for entry in entries:
            if entry.ruling is None:
                continue
            changes, after = changes_of(entry), entry.ruling.get("after")
            earlier = decided.setdefault(entry.fingerprint, [])
            if after is None:
                known[entry.entry_id] = frozenset(earlier)
            else:
                seen_by_them = (known.get(each, frozenset()) for each in after)
                known[entry.entry_id] = frozenset(after).union(*seen_by_them)
            if "decision" in changes:
                earlier.append(entry.entry_id)
            if entry.entry_id in undone:
                continue
            parts = self.parts.setdefault(entry.fingerprint, {})
            parts.update(dict.fromkeys(changes, entry))
            if "decision" in changes:
                heads = self.heads.get(entry.fingerprint, [])
                unknown = [each for each in heads if each.entry_id not in known[entry.entry_id]]
                self.heads[entry.fingerprint] = [*unknown, entry]


def _undone(entries: Iterable[Entry]) -> set[str]:
    undone: set[str] = set()
    for entry in entries:
        if entry.undoes:
            undone.add(entry.undoes)
        undone.discard(entry.redoes)
    return undone


def changes_of(entry: Entry) -> Sequence[str]:
    """The parts of a ruling that an entry decides."""
    return (entry.ruling or {}).get("changes", _WHOLE)


def told_by(entry: Entry, part: str) -> Any:
    """What it says of that part."""
    return (entry.ruling or {}).get(part, "")


def decision_in(kept: dict[str, Any]) -> Decision:
    """The decision of a ruling as it was written."""
    try:
        return Decision(kept["decision"])
    except ValueError:
        return Decision.UNDECIDED  # a decision that this version does not know


def severity_in(value: Any) -> Severity | None:
    """A severity as it was written; ``None`` for what is none."""
    return Severity(value) if value in {each.value for each in Severity} else None


def opinion_of(entry: Entry) -> Opinion:
    """The decision of an entry as its author's opinion."""
    kept = entry.ruling or {}
    note = str(kept.get("note", "")) if "note" in changes_of(entry) else ""
    author, decided_ms = str(kept.get("author", "")), int(kept.get("decided_ms", 0))
    return Opinion(decision_in(kept), str(kept.get("reason", "")), note, author, decided_ms)

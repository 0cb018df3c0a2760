"""What people decided about findings: rulings that follow from an append-only journal, with undo.

Every change is an entry of the ``Journal``, on disk before the call returns, so that a dropped connection or
a kill loses nothing. A ruling has parts (the decision, the note, the severity, the assignee, what it is
merged into); an entry changes some of them, and of each part the last entry stands that was not taken back.
So two people who change different parts lose nothing to each other. Each decision names those that its
author had seen: two that did not see each other and differ are a conflict, until somebody decides again.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlflow_analysis.annotation import login_name
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Severity, Verdict
from mlflow_analysis.review.journal import Entry, Journal
from mlflow_analysis.review.journal_index import (
    Index,
    changes_of,
    decision_in,
    opinion_of,
    severity_in,
    told_by,
)
from mlflow_analysis.review.ruling import (
    Change,
    Course,
    Decision,
    Opinion,
    Ruling,
)

ANALYSES = "analyses"
"""The folder beside that of the reviews where the last analysis of each experiment is kept."""

_DECIDED = ("reason", "lower_bound", "author", "decided_ms", "rate", "title", "hypothesis")
"""What goes with a decision."""


class Review:
    """The rulings of one experiment, on disk at ``path`` (``None``: in memory only).

    Raises ``JournalTooNew``, as ``reload`` and all that writes does, for a journal of a later version, and
    ``OSError`` if it cannot be read.
    """

    def __init__(self, path: Path | None, author: str | None = None) -> None:
        self.path = path
        self._author = author if author is not None else login_name()
        self._session = _new_id()[:12]
        self._journal = Journal(path)
        self._done: list[tuple[str, ...]] = []
        """Ids of the entries of each step of this session that stands, oldest first."""
        self._undone: list[tuple[str, ...]] = []
        self._index = Index(self._journal.entries)
        self._past: tuple[tuple[float, int], Review] | None = None

    @property
    def author(self) -> str:
        """In whose name changes are recorded."""
        return self._author

    @property
    def _entries(self) -> list[Entry]:
        return self._journal.entries

    @property
    def has_news(self) -> bool:
        """Whether others have written since; costs one ``stat``."""
        return self._journal.has_news

    def reload(self) -> bool:
        """Take in what others have written since; whether there was anything."""
        news = self._journal.read()
        if len(self._entries) != self._index.entries_read:
            self._index = Index(list(self._entries))
        return news

    def ruling(self, fingerprint: str) -> Ruling:
        """What is decided about that finding now."""
        told = self._index.parts.get(fingerprint, {})
        ruling = Ruling()
        if "decision" in told:
            kept = told["decision"].ruling or {}
            ruling = replace(
                ruling,
                decision=decision_in(kept),
                opposed=self._opposed(fingerprint),
                **{key: kept[key] for key in _DECIDED if key in kept},
            )
        if "note" in told:
            ruling = replace(ruling, note=str(told_by(told["note"], "note")))
        if "severity" in told:
            ruling = replace(ruling, severity=severity_in(told_by(told["severity"], "severity")))
        if "assignee" in told:
            ruling = replace(ruling, assignee=str(told_by(told["assignee"], "assignee")))
        if "merged_into" in told:
            ruling = replace(ruling, merged_into=str(told_by(told["merged_into"], "merged_into")))
        return ruling

    def _opposed(self, fingerprint: str) -> tuple[Opinion, ...]:
        """The decisions that the one in force does not know of, and that differ from it."""
        *others, last = self._index.heads[fingerprint]
        mine = opinion_of(last)
        opinions = [opinion_of(other) for other in others]
        said = {(mine.decision, mine.reason)}
        return tuple(each for each in opinions if (each.decision, each.reason) not in said)

    def before(self, moment_ms: float) -> Review:
        """The review as it stood then, to look at: what is written to it is not kept."""
        past = Review(None, self._author)
        past._journal.entries = [each for each in self._entries if each.written_ms < moment_ms]
        past._index = Index(past._entries)
        return past

    def _before_run(self, began_ms: float) -> Review:
        """``before``, kept: a board asks it for every card."""
        asked = (began_ms, len(self._entries))
        if self._past is None or self._past[0] != asked:
            self._past = (asked, self.before(began_ms))
        return self._past[1]

    def decided(self) -> dict[str, Ruling]:
        """Every decision in force, by fingerprint."""
        rulings = {
            fingerprint: self.ruling(fingerprint)
            for fingerprint, parts in self._index.parts.items()
            if "decision" in parts
        }
        return {key: ruling for key, ruling in rulings.items() if ruling.decided_ms}

    def assignees(self) -> tuple[str, ...]:
        """Everybody to whom something was ever assigned, the latest first."""
        named = [
            str(told_by(entry, "assignee"))
            for entry in reversed(self._entries)
            if entry.ruling is not None and "assignee" in changes_of(entry)
        ]
        return tuple(dict.fromkeys(name for name in named if name))

    def was_seen(self, finding: Finding) -> bool:
        """Whether an analysis confirmed it, or what was merged into it, before anybody decided."""
        known = {finding.fingerprint, *(alias.fingerprint for alias in finding.aliases)}
        return any(entry.seen and entry.fingerprint in known for entry in self._entries)

    def _in_force(self, fingerprint: str, part: str = "decision") -> int | None:
        """Where in the journal the last change of that part stands that was not undone."""
        entry = self._index.parts.get(fingerprint, {}).get(part)
        return None if entry is None else self._index.places[entry.entry_id]

    def standing(self, finding: Finding) -> Ruling:
        """The ruling for a finding of this run, and what has become of it since.

        Where nothing is decided about the finding itself, what was decided last about one merged into it
        holds. A rejection stands unless the lower bound of what was rejected has risen above what it was
        then.
        """
        decided = [
            (place, fingerprint, lower)
            for fingerprint, lower in _named(finding)
            if (place := self._in_force(fingerprint)) is not None
        ]
        besides = self._besides(finding)
        if not decided:
            return besides
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
            return replace(besides, note=note, course=course)
        return replace(
            ruling,
            course=course,
            severity=besides.severity,
            assignee=besides.assignee,
            merged_into=besides.merged_into,
            note=besides.note,
        )

    def _besides(self, finding: Finding) -> Ruling:
        """All but the decision: each part the finding's own, or else the last one of those merged into it."""
        besides = Ruling()
        for part in ("note", "severity", "assignee", "merged_into"):
            for own in (True, False):
                told = [
                    (place, fingerprint)
                    for fingerprint, _ in _named(finding)
                    if (fingerprint == finding.fingerprint) is own
                    and (place := self._in_force(fingerprint, part)) is not None
                ]
                if told and (own or part != "merged_into"):
                    value = getattr(self.ruling(max(told)[1]), part)
                    besides = replace(besides, **{part: value})
                    break
        return besides

    def course_since(self, finding: Finding, began_ms: float) -> Course | None:
        """What has become of a confirmed or decided finding since the review before an analysis that began then.

        ``None`` where there was no review before, or nobody had decided about it and it is not new.
        """
        past = self._before_run(began_ms)
        if not past.decided():
            return None
        course = past.standing(finding).course
        if course is not Course.NEW:
            return course
        is_news = finding.verdict is Verdict.CONFIRMED and not past.was_seen(finding)
        return Course.NEW if is_news else None

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
            Entry(_new_id(), each, None, session=self._session, gone=True, at_ms=now)
            for each in gone
            if not self.was_gone(each)
        ]
        news += [
            Entry(_new_id(), each.fingerprint, None, session=self._session, seen=True, at_ms=now)
            for each in findings
            if each.verdict is Verdict.CONFIRMED
            and self.standing(each).course is Course.NEW
            and not self.was_seen(each)
        ]
        if news:
            self._append(news)

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

    # ---- changing -------------------------------------------------------------------------

    def decide(
        self, finding: Finding, decision: Decision, reason: str = "", note: str = ""
    ) -> Ruling:
        """Record a decision and its note. They are on disk when this returns."""
        self.record([Change(finding, decision, reason, note)])
        return self.ruling(finding.fingerprint)

    def record(self, changes: Sequence[Change]) -> None:
        """Record ``changes`` as one step, which is undone as one. They are on disk when this returns.

        Raises ``OSError`` if they could not be written; what was, stands, and can be undone.
        """
        now = int(time.time() * 1000)
        entries = [self._entry(change, now) for change in changes if change.parts]
        if not entries:
            return
        try:
            self._append(entries)
        finally:
            there = tuple(each.entry_id for each in entries if each.entry_id in self._index.places)
            if there:
                self._done.append(there)
                self._undone.clear()

    def _entry(self, change: Change, now: int) -> Entry:
        """A whole ruling, for readers of format 1, that says which parts of it are meant."""
        finding, known = change.finding, self.ruling(change.finding.fingerprint)
        severity = known.severity if change.severity == "" else change.severity
        kept: dict[str, Any] = {
            "decision": (known.decision if change.decision is None else change.decision).value,
            "reason": known.reason if change.decision is None else change.reason,
            "note": known.note if change.note is None else change.note,
            "lower_bound": finding.interval[0],
            "author": self._author,
            "decided_ms": now,
            "rate": finding.rate,
            "title": finding.title,
            "hypothesis": finding.hypothesis,
            "severity": severity.value if isinstance(severity, Severity) else "",
            "assignee": known.assignee if change.assignee is None else change.assignee,
            "merged_into": known.merged_into if change.merged_into is None else change.merged_into,
            "changes": change.parts,
            "after": [each.entry_id for each in self._index.heads.get(finding.fingerprint, ())],
        }
        return Entry(_new_id(), finding.fingerprint, kept, session=self._session)

    @property
    def can_undo(self) -> bool:
        """Whether this session recorded something that stands."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether the last step of this session was an undo."""
        return bool(self._undone)

    def undo(self) -> list[str]:
        """Take back this session's last step. The fingerprints it was about, empty if there is none."""
        if not self._done:
            return []
        taken = self._step(self._done[-1], "undoes")
        self._undone.append(self._done.pop())
        return taken

    def redo(self) -> list[str]:
        """Put back what the last undo took. Nothing to redo once something new was recorded."""
        if not self._undone:
            return []
        put_back = self._step(self._undone[-1], "redoes")
        self._done.append(self._undone.pop())
        return put_back

    def _step(self, entry_ids: Sequence[str], which: str) -> list[str]:
        now = int(time.time() * 1000)
        about = [self._entries[self._index.places[each]].fingerprint for each in entry_ids]
        self._append(
            [
                Entry(
                    _new_id(),
                    fingerprint,
                    None,
                    session=self._session,
                    at_ms=now,
                    undoes=each if which == "undoes" else "",
                    redoes=each if which == "redoes" else "",
                )
                for each, fingerprint in zip(entry_ids, about, strict=True)
            ]
        )
        return list(dict.fromkeys(about))

    def _append(self, entries: Sequence[Entry]) -> None:
        try:
            self._journal.add(entries)
        finally:
            self._index = Index(list(self._entries))


def _named(finding: Finding) -> list[tuple[str, float]]:
    """Fingerprint and lower bound of the finding, then of those merged into it."""
    own = (finding.fingerprint, finding.interval[0])
    return [own, *((each.fingerprint, each.interval[0]) for each in finding.aliases)]


def has_grown(before: float, now: float) -> bool:
    """Whether a share is more than it was, by more than the six digits that are kept in JSON can tell."""
    return now > before * (1 + 1e-5) + 1e-9


def review_path(directory: Path, tracking_uri: str, experiment_id: str) -> Path:
    """Where the review of one experiment of one store is kept, under ``directory``."""
    import hashlib  # here and below: not on the way to first paint

    store = hashlib.sha256(tracking_uri.encode()).hexdigest()[:12]
    experiment = re.sub(r"[^A-Za-z0-9_-]", "_", experiment_id)[:60]
    return directory / f"{store}-{experiment}.jsonl"


def _new_id() -> str:
    return os.urandom(16).hex()

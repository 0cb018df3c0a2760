"""What the board holds: one card a claim, in rank order. Draws nothing, reads nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from mlflow_analysis.brief.focus import Focus
from mlflow_analysis.events import (
    AnalysisReady,
    Event,
    EvidenceGrew,
    FindingReady,
    HypothesisQueued,
    Progress,
    PurposeDrafted,
    ReadingPlanned,
    TraceSkipped,
)
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.review import Course, Ruling
from mlflow_analysis.review.merged import homes, together
from mlflow_tui.board.cards import Card, Group, Stage
from mlflow_tui.board.filter import Filter, Shown, meets
from mlflow_tui.board.focus import focus_words, matches

_LEANING_ORDER = {"towards confirmed": 0, "open": 1, "towards refuted": 2}
ALL = Shown()


class BoardState:
    """All cards of one analysis, kept up by ``apply``.

    ``standing`` tells what is decided about a finding (``Review.standing``), ``course`` what has become of it
    since the review before an analysis that began at a time (``Review.course_since``); ``me`` is the user.
    """

    def __init__(
        self,
        standing: Callable[[Finding], Ruling] = lambda _: Ruling(),
        course: Callable[[Finding, float], Course | None] = lambda _, __: None,
        me: str = "",
    ) -> None:
        self._standing = standing
        self._course = course
        self._me = me
        self._cards: dict[str, Card] = {}
        self._queue: dict[str, int] = {}
        """Catalogue order of the hypotheses."""
        self._rank: dict[str, int] = {}
        """Place of each fingerprint in the finished analysis."""
        self._words: tuple[str, ...] = ()
        self.focus = ""
        self.progress: Progress | None = None
        self.workers = 0
        """Slices that are read at once; 0 until that is known."""
        self.purpose: Purpose | None = None
        """As drafted, and as the reviewer put it."""
        self._said: Purpose | None = None
        """What the reviewer said of it, which each later draft is corrected by."""
        self.purpose_settled = False
        self.analysis: Analysis | None = None
        """There once the run has ended."""
        self.interrupted = False
        self.skipped = 0
        self.marks: frozenset[str] = frozenset()

    @property
    def started(self) -> bool:
        """Whether the analysis has said anything yet."""
        return self.progress is not None or self.analysis is not None or bool(self._cards)

    def apply(self, event: Event) -> None:
        """Take in one event of the engine, in the order they were sent."""
        if isinstance(event, EvidenceGrew):
            card = self._cards.get(_PREFIX + event.hypothesis)
            if card is not None:
                self._cards[card.key] = replace(card, evidence=event)
        elif isinstance(event, FindingReady):
            self._take_finding(event.finding)
            self._settle_people()
        elif isinstance(event, HypothesisQueued):
            self._take_hypothesis(event)
        elif isinstance(event, Progress):
            self.progress = event
        elif isinstance(event, PurposeDrafted):
            said = self._said
            if said is not None and self.analysis is not None:  # said of all that was read
                said = replace(said, tools=())
            self.purpose = event.purpose.corrected_by(said) if said is not None else event.purpose
        elif isinstance(event, ReadingPlanned):
            self.workers = event.workers
        elif isinstance(event, TraceSkipped):
            self.skipped += 1
        elif isinstance(event, AnalysisReady):
            self._conclude(event)

    def _take_hypothesis(self, queued: HypothesisQueued) -> None:
        self._queue.setdefault(queued.hypothesis, len(self._queue))
        self._put(
            Card(
                _PREFIX + queued.hypothesis,
                queued.hypothesis,
                queued.title,
                queued.category,
                queued.severity,
                queued.unit,
            )
        )

    def _take_finding(self, finding: Finding) -> None:
        """A hypothesis' card gives way to the cards of its findings."""
        self._cards.pop(_PREFIX + finding.hypothesis, None)
        self._put(
            Card(
                finding.fingerprint,
                finding.hypothesis,
                finding.title,
                finding.category,
                finding.severity,
                finding.unit,
                finding=finding,
                marked=finding.fingerprint in self.marks,
            )
        )

    def _put(self, card: Card) -> None:
        self._cards[card.key] = replace(card, in_focus=self._is_in_focus(card))

    def _conclude(self, event: AnalysisReady) -> None:
        """The finished analysis is the truth: what it merged away or never judged goes."""
        self.analysis = event.analysis
        self.interrupted = event.interrupted
        self.skipped = len(event.analysis.skipped)
        findings = event.analysis.findings
        self._rank = {finding.fingerprint: place for place, finding in enumerate(findings)}
        self._cards = {}
        titles = {finding.fingerprint: finding.title for finding in findings}
        for finding in findings:
            self._take_finding(finding)
            if finding.parent in titles:
                card = self._cards[finding.fingerprint]
                self._cards[card.key] = replace(card, part_of=titles[finding.parent])
            if finding.judge is not None and event.analysis.judge is not None:
                card = self._cards[finding.fingerprint]
                self._cards[card.key] = replace(card, transcript=event.analysis.judge.transcript)
        self._settle_people()
        self.marks &= self._cards.keys()

    # ---- the reviewer ---------------------------------------------------------------------

    def correct_purpose(self, purpose: Purpose) -> None:
        """The reviewer corrects tools or scope, and has not confirmed the purpose yet."""
        self.purpose = purpose
        self._said = replace(purpose, description="")

    def settle_purpose(self, confirmed: Purpose | None) -> None:
        """The reviewer has said what the application does, or (``None``) does not want to be asked.

        No later draft replaces what is confirmed; one without a description has that of the last draft.
        """
        self.purpose_settled = True
        if confirmed is not None:
            self._said = said = replace(confirmed, confirmed_by_user=True)
            self.purpose = self.purpose.corrected_by(said) if self.purpose is not None else said

    @property
    def purpose_follows_draft(self) -> bool:
        """Whether the purpose was confirmed in the words of a draft, and so says what the last one says."""
        said = self._said
        return (
            said is not None and said.confirmed_by_user and bool(said.tools or not said.description)
        )

    def ask_claims(self, claims: Iterable[Focus]) -> None:
        """Show a card for each of the user's own claims, and none for those taken back."""
        wanted = {f"own-{claim.key}": claim for claim in claims}
        for key, card in list(self._cards.items()):
            if card.category is Category.USER and card.hypothesis not in wanted:
                del self._cards[key]
        there = {card.hypothesis for card in self._cards.values()}
        for hypothesis, claim in wanted.items():
            if hypothesis not in there:
                self._take_hypothesis(
                    HypothesisQueued(
                        hypothesis, claim.claim, Category.USER, Severity.MEDIUM, Unit.TRACE
                    )
                )
        self.marks &= self._cards.keys()

    def set_focus(self, text: str) -> None:
        """Mark the cards that speak of what the reviewer worries about."""
        self.focus = text.strip()
        self._words = focus_words(text)
        for card in list(self._cards.values()):
            self._put(card)

    def set_marks(self, keys: Iterable[str]) -> None:
        """Mark exactly these cards for a decision in bulk."""
        self.marks = frozenset(keys) & self._cards.keys()
        for key, card in self._cards.items():
            if card.marked != (key in self.marks):
                self._cards[key] = replace(card, marked=key in self.marks)

    def refresh_rulings(self) -> None:
        """Ask again what is decided about every finding."""
        self._settle_people()

    def _settle_people(self) -> None:
        """Put on every card what people said of it: decision, severity, what it is merged into."""
        found = {key: card.finding for key, card in self._cards.items() if card.finding is not None}
        rulings = {key: self._standing(finding) for key, finding in found.items()}
        in_rank = sorted(found, key=lambda key: self._rank.get(key, len(self._rank)))
        home_of = homes(
            [found[key] for key in in_rank],
            {key: ruling.merged_into for key, ruling in rulings.items()},
        )
        members: dict[str, list[Finding]] = {}
        for key in in_rank:
            if key in home_of:
                members.setdefault(home_of[key], []).append(found[key])
        for key, finding in found.items():
            ruling, merged = rulings[key], tuple(members.get(key, ()))
            whole = together(finding, merged)
            severity = ruling.severity or whole.severity
            home = home_of.get(key, "")
            self._cards[key] = replace(
                self._cards[key],
                ruling=ruling,
                severity=severity,
                computed_severity=None if severity is finding.severity else finding.severity,
                home=home,
                home_title=found[home].title if home else "",
                merged=merged,
                affected_together=len(whole.trace_ids) if merged else 0,
                course=self._course_of(finding, ruling),
                mine=bool(ruling.assignee) and ruling.assignee == self._me,
            )

    def _course_of(self, finding: Finding, ruling: Ruling) -> Course | None:
        if ruling.course in (Course.ESCALATING, Course.GONE, Course.REGRESSED):
            return ruling.course
        began_ms = self.analysis.timings.get("began_ms") if self.analysis is not None else None
        return None if began_ms is None else self._course(finding, began_ms)

    def rulings(self) -> dict[str, Ruling]:
        """What is decided about each finding, by fingerprint."""
        return {key: card.ruling for key, card in self._cards.items() if card.finding is not None}

    def reviewed_analysis(self) -> Analysis | None:
        """The finished analysis with the purpose and the focus that the reviewer gave."""
        if self.analysis is None:
            return None
        notes = self.analysis.notes
        if self.focus:
            in_focus = self.count(Filter.FOCUS)
            notes += (
                f"The reviewer asked to look at: {self.focus}. "
                f"{in_focus} of {len(self._cards)} claims speak of it.",
            )
        return replace(self.analysis, purpose=self.purpose or self.analysis.purpose, notes=notes)

    def _is_in_focus(self, card: Card) -> bool:
        if not self._words:
            return False
        texts = [card.title, card.hypothesis.replace("-", " ")]
        if card.finding is not None:
            found = card.finding
            texts += [found.statement, found.why, found.subject.replace("_", " ")]
        return matches(self._words, texts)

    # ---- views ----------------------------------------------------------------------------

    def card(self, key: str) -> Card | None:
        """The card of that key, if it is on the board."""
        return self._cards.get(key)

    def groups(self, shown: Shown = ALL) -> tuple[Group, ...]:
        """The families that have cards, in the board's order, with what ``shown`` lets by."""
        groups = []
        for category in Category:
            cards = [card for card in self._cards.values() if card.category is category]
            if not cards:
                continue
            stages = [card.stage for card in cards]
            groups.append(
                Group(
                    category,
                    tuple(sorted(filter(shown.passes, cards), key=self._order)),
                    stages.count(Stage.CONFIRMED),
                    sum(stage not in (Stage.QUEUED, Stage.TESTING) for stage in stages),
                    len(cards),
                )
            )
        return tuple(groups)

    def count(self, criterion: Filter | None = None) -> int:
        """How many cards meet a criterion; all cards without one."""
        if criterion is None:
            return len(self._cards)
        return sum(meets(card, criterion) for card in self._cards.values())

    def count_shown(self, shown: Shown) -> int:
        """How many cards would be shown."""
        return sum(map(shown.passes, self._cards.values()))

    def successor(self, key: str) -> str | None:
        """Where a cursor on ``key`` belongs now: itself, or the best finding of its hypothesis."""
        if key in self._cards:
            return key
        hypothesis = key.removeprefix(_PREFIX)
        heirs = [card for card in self._cards.values() if card.hypothesis == hypothesis]
        return min(heirs, key=self._order).key if heirs else None

    def in_rank_order(self) -> tuple[Card, ...]:
        """Cards of all families that wait for a decision, issues first, the weightiest first: as a review goes."""
        waiting = [card for card in self._cards.values() if card.to_decide]
        return tuple(
            sorted(
                waiting, key=lambda card: (card.category is Category.STRENGTH, *self._order(card))
            )
        )

    def _order(self, card: Card) -> tuple[float, ...]:
        """Confirmed by impact; then what is under way, by leaning; then what came to nothing."""
        queue = self._queue.get(card.hypothesis, len(self._queue))
        stage = list(Stage).index(card.stage)
        within: tuple[float, float]
        if card.finding is not None:
            score = card.finding.impact.score if card.finding.impact else 0.0
            within = (self._rank.get(card.key, 0), -score)
        elif card.evidence is not None:
            leaning = _LEANING_ORDER.get(card.evidence.leaning, 3)
            # Whole per cents, so that cards do not trade places over noise.
            within = (leaning, -round(card.evidence.interval[0] * 100))
        else:
            within = (0, 0)
        return (stage, not card.in_focus, *within, queue)


_PREFIX = "hypothesis:"

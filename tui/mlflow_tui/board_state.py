"""What the board holds: one card a claim, in rank order. Draws nothing, reads nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

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
from mlflow_analysis.findings import Analysis, Category, Finding, Purpose, Severity, Unit, Verdict
from mlflow_analysis.focus import Focus
from mlflow_analysis.review import Decision, Ruling


class Stage(Enum):
    """How far a claim is. The value is the word on its card."""

    CONFIRMED = "confirmed"
    TESTING = "testing"
    QUEUED = "queued"
    INCONCLUSIVE = "inconclusive"
    REFUTED = "refuted"
    NOT_TESTABLE = "not testable"


_STAGES = {
    Verdict.CONFIRMED: Stage.CONFIRMED,
    Verdict.INCONCLUSIVE: Stage.INCONCLUSIVE,
    Verdict.REFUTED: Stage.REFUTED,
    Verdict.NOT_TESTABLE: Stage.NOT_TESTABLE,
}
_LEANING_ORDER = {"towards confirmed": 0, "open": 1, "towards refuted": 2}


@dataclass(frozen=True, slots=True)
class Card:
    """One claim as the board shows it. Equal cards draw equally."""

    key: str
    """``hypothesis:<id>`` until there is a verdict, then the finding's fingerprint."""
    hypothesis: str
    title: str
    category: Category
    severity: Severity
    unit: Unit
    evidence: EvidenceGrew | None = None
    finding: Finding | None = None
    ruling: Ruling = field(default_factory=Ruling)
    in_focus: bool = False
    marked: bool = False
    part_of: str = ""
    """Title of the finding that nearly all its traces have too."""

    @property
    def stage(self) -> Stage:
        """Where the claim stands now."""
        if self.finding is not None:
            return _STAGES[self.finding.verdict]
        return Stage.QUEUED if self.evidence is None else Stage.TESTING

    @property
    def decision(self) -> Decision:
        """What the reviewer decided."""
        return self.ruling.decision

    @property
    def to_decide(self) -> bool:
        """Whether it waits for the reviewer: confirmed, and neither accepted nor rejected."""
        return self.stage is Stage.CONFIRMED and self.decision is Decision.UNDECIDED


class Filter(Enum):
    """Which cards are shown. The value is the phrase in the header."""

    ALL = "all"
    CONFIRMED = "confirmed"
    TO_DECIDE = "to decide"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    OPEN = "inconclusive"
    REFUTED = "refuted"
    NOT_TESTABLE = "not testable"
    FOCUS = "in your focus"


_FILTERS: dict[Filter, Callable[[Card], bool]] = {
    Filter.ALL: lambda card: True,
    Filter.CONFIRMED: lambda card: card.stage is Stage.CONFIRMED,
    Filter.TO_DECIDE: lambda card: card.to_decide,
    Filter.ACCEPTED: lambda card: card.decision is Decision.ACCEPTED,
    Filter.REJECTED: lambda card: card.decision is Decision.REJECTED,
    Filter.OPEN: lambda card: card.stage is Stage.INCONCLUSIVE,
    Filter.REFUTED: lambda card: card.stage is Stage.REFUTED,
    Filter.NOT_TESTABLE: lambda card: card.stage is Stage.NOT_TESTABLE,
    Filter.FOCUS: lambda card: card.in_focus,
}


@dataclass(frozen=True, slots=True)
class Group:
    """A family of claims, its shown cards in rank order, and how many of all have which stage.

    Equal groups draw equal headings, whatever their cards are.
    """

    category: Category
    cards: tuple[Card, ...] = field(compare=False)
    confirmed: int
    concluded: int
    total: int


_NOT_WORDS = frozenset(
    re.findall(
        r"\w+",
        "and are but can does for from has have how its not our out that the their them then there "
        "they this too was were what when which why will with you your any all who into about",
    )
)


def focus_words(text: str) -> tuple[str, ...]:
    """The words of a focus to look for: lower case, without endings, no filler words.

    >>> focus_words("Are the payments timing out?")
    ('payment', 'tim')
    """
    words = re.findall(r"[^\W_]{3,}", text.casefold())
    telling = (word for word in words if word not in _NOT_WORDS)
    stems = (re.sub(r"(ings?|ed|es|s)$", "", word) for word in telling)
    return tuple(dict.fromkeys(stem for stem in stems if len(stem) >= 3))


def matches(words: tuple[str, ...], texts: Iterable[str]) -> bool:
    """Whether any of ``words`` begins a word of ``texts``."""
    if not words:
        return False
    pattern = re.compile(r"(?<![^\W_])(?:" + "|".join(map(re.escape, words)) + ")")
    return any(pattern.search(text.casefold()) for text in texts)


class BoardState:
    """All cards of one analysis, kept up by ``apply``.

    ``standing`` tells what is decided about a finding (``Review.standing``).
    """

    def __init__(self, standing: Callable[[Finding], Ruling] = lambda _: Ruling()) -> None:
        self._standing = standing
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
        """As drafted, or as the reviewer put it."""
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
        elif isinstance(event, HypothesisQueued):
            self._take_hypothesis(event)
        elif isinstance(event, Progress):
            self.progress = event
        elif isinstance(event, PurposeDrafted):
            said = self.purpose
            confirmed = said is not None and said.confirmed_by_user
            self.purpose = (
                event.purpose.corrected_by(said)
                if said is not None and confirmed
                else event.purpose
            )
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
                ruling=self._standing(finding),
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
        self.marks &= self._cards.keys()

    # ---- the reviewer ---------------------------------------------------------------------

    def settle_purpose(self, confirmed: Purpose | None) -> None:
        """The reviewer has said what the application does, or (``None``) does not want to be asked.

        No later draft replaces a confirmed purpose.
        """
        self.purpose_settled = True
        if confirmed is not None:
            self.purpose = replace(confirmed, confirmed_by_user=True)

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
        for key, card in self._cards.items():
            if card.finding is not None:
                ruling = self._standing(card.finding)
                if ruling != card.ruling:
                    self._cards[key] = replace(card, ruling=ruling)

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

    def groups(self, shown: Filter = Filter.ALL) -> tuple[Group, ...]:
        """The families that have cards, in the board's order, with what ``shown`` lets by."""
        passes = _FILTERS[shown]
        groups = []
        for category in Category:
            cards = [card for card in self._cards.values() if card.category is category]
            if not cards:
                continue
            stages = [card.stage for card in cards]
            groups.append(
                Group(
                    category,
                    tuple(sorted(filter(passes, cards), key=self._order)),
                    stages.count(Stage.CONFIRMED),
                    sum(stage not in (Stage.QUEUED, Stage.TESTING) for stage in stages),
                    len(cards),
                )
            )
        return tuple(groups)

    def count(self, shown: Filter) -> int:
        """How many cards a filter would show."""
        return sum(map(_FILTERS[shown], self._cards.values()))

    def successor(self, key: str) -> str | None:
        """Where a cursor on ``key`` belongs now: itself, or the best finding of its hypothesis."""
        if key in self._cards:
            return key
        hypothesis = key.removeprefix(_PREFIX)
        heirs = [card for card in self._cards.values() if card.hypothesis == hypothesis]
        return min(heirs, key=self._order).key if heirs else None

    def in_rank_order(self, shown: Filter = Filter.TO_DECIDE) -> tuple[Card, ...]:
        """Cards of all families, the weightiest first: the way a review goes."""
        passes = _FILTERS[shown]
        return tuple(sorted(filter(passes, self._cards.values()), key=self._order))

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

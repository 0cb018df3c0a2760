"""A claim as the board shows it, and a family of them: plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from mlflow_analysis.events import EvidenceGrew
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity, Unit, Verdict
from mlflow_analysis.review import Course, Decision, Ruling


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


@dataclass(frozen=True, slots=True)
class Card:
    """One claim as the board shows it. Equal cards draw equally."""

    key: str
    """``hypothesis:<id>`` until there is a verdict, then the finding's fingerprint."""
    hypothesis: str
    title: str
    category: Category
    severity: Severity
    """As a person said, or else as computed."""
    unit: Unit
    evidence: EvidenceGrew | None = None
    finding: Finding | None = None
    ruling: Ruling = field(default_factory=Ruling)
    in_focus: bool = False
    marked: bool = False
    part_of: str = ""
    """Title of the finding that nearly all its traces have too."""
    computed_severity: Severity | None = None
    """What the analysis said, where a person said otherwise."""
    transcript: str = ""
    """The file with all that a judge was sent, if it was asked about this."""
    home: str = ""
    """Key of the card that a person merged this one into."""
    home_title: str = ""
    merged: tuple[Finding, ...] = ()
    """What a person merged into this one."""
    affected_together: int = 0
    """Traces affected by it and by what was merged into it, each counted once."""
    course: Course | None = None
    """What has become of it since the last review, where there was one."""
    mine: bool = False
    """Whether it is assigned to the user."""

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
        return (
            self.stage is Stage.CONFIRMED and self.decision is Decision.UNDECIDED and not self.home
        )

    @property
    def is_disputed(self) -> bool:
        """Whether two people decided differently, neither having seen the other."""
        return bool(self.ruling.opposed)


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

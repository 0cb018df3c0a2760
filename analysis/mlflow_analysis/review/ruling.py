"""What is decided about a finding, and how people change it: plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Severity


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
class Opinion:
    """A decision as one person made it."""

    decision: Decision
    reason: str
    note: str
    author: str
    decided_ms: int


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
    severity: Severity | None = None
    """What a person says of it; ``None``: as computed."""
    assignee: str = ""
    merged_into: str = ""
    """Fingerprint of the finding that it was merged into by a person."""
    opposed: tuple[Opinion, ...] = ()
    """Who decided otherwise, neither having seen the other; this ruling is the later one."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a person changes about one finding; ``None`` leaves that part as it is."""

    finding: Finding
    decision: Decision | None = None
    reason: str = ""
    """Of the decision."""
    note: str | None = None
    severity: Severity | str | None = ""
    """``None``: as computed; "" leaves it as it is."""
    assignee: str | None = None
    """"" for nobody."""
    merged_into: str | None = None
    """Fingerprint; "" splits it off again."""

    @property
    def parts(self) -> list[str]:
        """Names of the parts of a ruling that it changes."""
        changed = {
            "decision": self.decision is not None,
            "note": self.note is not None,
            "severity": self.severity != "",
            "assignee": self.assignee is not None,
            "merged_into": self.merged_into is not None,
        }
        return [part for part, is_changed in changed.items() if is_changed]

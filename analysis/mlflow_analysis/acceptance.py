"""Which findings count as accepted when a report is made, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from mlflow_analysis.findings import Analysis, Finding, Verdict
from mlflow_analysis.review import Decision, Review, Ruling


class AcceptPolicy(str, Enum):
    """What is accepted besides, or in spite of, what the saved review says."""

    CONFIRMED = "confirmed"
    """Every confirmed finding that the review does not reject."""
    REVIEWED = "reviewed"
    """What the review accepts."""
    NONE = "none"
    """Nothing; rejections still stand."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """A finding and the ruling in force for it."""

    finding: Finding
    ruling: Ruling

    @property
    def decision(self) -> Decision:
        """Accepted, rejected or undecided."""
        return self.ruling.decision

    @property
    def by_policy(self) -> bool:
        """Whether it is accepted though nobody has looked at it."""
        return self.decision is Decision.ACCEPTED and not self.ruling.decided_ms


def ruling_in_force(finding: Finding, review: Review, accept: AcceptPolicy) -> Ruling:
    """The review's ruling for ``finding``, changed as ``accept`` says."""
    standing = review.standing(finding)
    if accept is AcceptPolicy.NONE and standing.decision is Decision.ACCEPTED:
        return Ruling(course=standing.course)
    undecided = standing.decision is Decision.UNDECIDED
    if accept is AcceptPolicy.CONFIRMED and undecided and finding.verdict is Verdict.CONFIRMED:
        return replace(standing, decision=Decision.ACCEPTED, decided_ms=0)
    return standing


def rule(analysis: Analysis, review: Review, accept: AcceptPolicy) -> tuple[Ruled, ...]:
    """Every finding with its ruling, in the order of the analysis (rank order)."""
    return tuple(
        Ruled(finding, ruling_in_force(finding, review, accept)) for finding in analysis.findings
    )

"""Which findings count as accepted when a report is made, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Severity, Verdict
from mlflow_analysis.review import Decision, Review, Ruling
from mlflow_analysis.review.merged import homes, together


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
    """A finding, as severe as a person said, and the ruling in force for it."""

    finding: Finding
    """With the traces of what a person merged into it."""
    ruling: Ruling
    computed_severity: Severity | None = None
    """What the analysis said, where a person said otherwise."""
    merged: tuple[Finding, ...] = ()
    """What a person merged into it, in rank order."""
    home: str = ""
    """Fingerprint of the finding that stands for it, for one that a person merged into another."""

    @property
    def decision(self) -> Decision:
        """Accepted, rejected or undecided."""
        return self.ruling.decision

    @property
    def by_policy(self) -> bool:
        """Whether it is accepted though nobody has looked at it."""
        return self.decision is Decision.ACCEPTED and not self.ruling.decided_ms

    @property
    def together(self) -> str:
        """What was merged into it by a person, and how many traces all of them affect; "" for nothing."""
        if not self.merged:
            return ""
        traces = len(self.finding.trace_ids)
        names = "; ".join(each.title for each in self.merged)
        return f"{names}. Together they affect {traces:,} traces, each counted once."


def ruling_in_force(finding: Finding, review: Review, accept: AcceptPolicy) -> Ruling:
    """The review's ruling for ``finding``, changed as ``accept`` says."""
    standing = review.standing(finding)
    if accept is AcceptPolicy.NONE and standing.decision is Decision.ACCEPTED:
        return Ruling(
            course=standing.course,
            severity=standing.severity,
            assignee=standing.assignee,
            merged_into=standing.merged_into,
        )
    undecided = standing.decision is Decision.UNDECIDED
    if accept is AcceptPolicy.CONFIRMED and undecided and finding.verdict is Verdict.CONFIRMED:
        return replace(standing, decision=Decision.ACCEPTED, decided_ms=0)
    return standing


def rule(analysis: Analysis, review: Review, accept: AcceptPolicy) -> tuple[Ruled, ...]:
    """Every finding with its ruling, in the order of the analysis (rank order).

    What a person merged into another is not listed: it is in the other's ``merged`` and ``aliases``.
    """
    return tuple(each for each in rule_each(analysis, review, accept) if not each.home)


def rule_each(analysis: Analysis, review: Review, accept: AcceptPolicy) -> tuple[Ruled, ...]:
    """As ``rule``, those merged into others among them, with their ``home``."""
    rulings = {
        finding.fingerprint: ruling_in_force(finding, review, accept)
        for finding in analysis.findings
    }
    home_of = homes(analysis.findings, {key: ruling.merged_into for key, ruling in rulings.items()})
    members: dict[str, list[Finding]] = {}
    for finding in analysis.findings:
        if finding.fingerprint in home_of:
            members.setdefault(home_of[finding.fingerprint], []).append(finding)
    return tuple(
        _ruled(
            finding,
            rulings[finding.fingerprint],
            tuple(members.get(finding.fingerprint, ())),
            home_of.get(finding.fingerprint, ""),
        )
        for finding in analysis.findings
    )


def _ruled(finding: Finding, ruling: Ruling, merged: tuple[Finding, ...], home: str) -> Ruled:
    whole = together(finding, merged)
    said = ruling.severity
    if said is None or said is whole.severity:
        return Ruled(whole, ruling, None, merged, home)
    return Ruled(replace(whole, severity=said), ruling, whole.severity, merged, home)

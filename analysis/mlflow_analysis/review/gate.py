"""Which findings fail a build: confirmed issues of a severity, and of those the new or worse ones."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.finding import Alias, Finding
from mlflow_analysis.findings.kinds import Severity, Verdict
from mlflow_analysis.review import Decision, Review, has_grown
from mlflow_analysis.review.acceptance import AcceptPolicy, Ruled, rule

_RANKS = {Severity.LOW: 1, Severity.MEDIUM: 2, Severity.HIGH: 3}


class Change(str, Enum):
    """How a confirmed finding compares with the baseline."""

    NEW = "new"
    """The baseline does not confirm it, or there is no baseline."""
    WORSE = "worse"
    """More severe, or its lower bound is above the share in the baseline."""
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Gated:
    """A finding, and whether it fails the build."""

    ruled: Ruled
    change: Change
    before: float | None
    """Its share in the baseline, 0 to 1; ``None`` where that does not confirm it."""
    fails: bool


def gated(
    analysis: Analysis,
    review: Review,
    fail_on: Severity = Severity.LOW,
    baseline: Analysis | None = None,
) -> tuple[Gated, ...]:
    """Every finding in rank order. What fails is a confirmed issue at or above ``fail_on`` that nobody
    rejected, and that is new or worse than in ``baseline``, where there is one."""
    known = {} if baseline is None else _confirmed(baseline)
    return tuple(
        _gated(ruled, fail_on, known) for ruled in rule(analysis, review, AcceptPolicy.REVIEWED)
    )


@dataclass(frozen=True, slots=True)
class _Known:
    severity: Severity
    rate: float


def _confirmed(baseline: Analysis) -> dict[str, _Known]:
    """What the baseline confirms, under its own fingerprint and those merged into it."""
    known: dict[str, _Known] = {}
    for finding in baseline.findings:
        if finding.verdict is Verdict.CONFIRMED:
            for alias in finding.aliases:
                known.setdefault(alias.fingerprint, _Known(finding.severity, _rate(alias)))
    for finding in baseline.findings:
        if finding.verdict is Verdict.CONFIRMED:
            known[finding.fingerprint] = _Known(finding.severity, finding.rate)
    return known


def _gated(ruled: Ruled, fail_on: Severity, known: dict[str, _Known]) -> Gated:
    finding = ruled.finding
    change, before = _change(finding, known)
    counts = (
        finding.is_issue
        and finding.verdict is Verdict.CONFIRMED
        and ruled.decision is not Decision.REJECTED
        and _RANKS[finding.severity] >= _RANKS[fail_on]
    )
    return Gated(ruled, change, before, counts and change is not Change.KNOWN)


def _change(finding: Finding, known: dict[str, _Known]) -> tuple[Change, float | None]:
    """Of the finding itself, or of the first merged into it that the baseline knows."""
    named: tuple[Finding | Alias, ...] = (finding, *finding.aliases)
    for each in named:
        there = known.get(each.fingerprint)
        if there is not None:
            worse = _RANKS[finding.severity] > _RANKS[there.severity] or has_grown(
                there.rate, each.interval[0]
            )
            return (Change.WORSE if worse else Change.KNOWN), there.rate
    return Change.NEW, None


def _rate(alias: Alias) -> float:
    return alias.affected / alias.eligible if alias.eligible else 0.0

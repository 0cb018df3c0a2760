"""What fixing it would give, at the least, and so how findings rank."""

from __future__ import annotations

import pandas as pd

from mlflow_analysis.evidence.prevalence import Prevalence
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings import Finding, Impact, Severity, Verdict
from mlflow_analysis.hypotheses.base import Case

WEIGHTS = {Severity.HIGH: 3.0, Severity.MEDIUM: 2.0, Severity.LOW: 1.0}
_VERDICT_ORDER = (Verdict.CONFIRMED, Verdict.INCONCLUSIVE, Verdict.REFUTED, Verdict.NOT_TESTABLE)


def impact(
    severity: Severity, case: Case, counted: Prevalence, rows: pd.DataFrame, features: Features
) -> Impact:
    """Lower bound of the affected traces: those seen, shrunk as the rate's lower bound is to the rate."""
    traces = rows["trace_id"].nunique()
    shrink = counted.interval[0] / counted.rate if counted.rate else 0.0
    lower = traces * min(1.0, shrink)
    failures = int(features.traces["failed"].reindex(rows["trace_id"].unique()).fillna(False).sum())
    weight = WEIGHTS[severity]
    return Impact(
        traces=round(lower, 3),
        failures=failures,
        seconds=case.seconds_lost,
        tokens=case.tokens_lost,
        score=round(lower * weight, 3),
        severity_weight=weight,
        reason=f"At least {lower:.0f} of {len(features.traces)} traces, of {traces} that show it.",
    )


def in_rank_order(findings: list[Finding]) -> list[Finding]:
    """Confirmed first, then by score; ties by hypothesis and subject."""
    return sorted(
        findings,
        key=lambda each: (
            _VERDICT_ORDER.index(each.verdict),
            -(each.impact.score if each.impact else 0.0),
            each.hypothesis,
            each.subject,
        ),
    )

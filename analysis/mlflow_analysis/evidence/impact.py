"""What fixing it would give, at the least, and so how findings rank."""

from __future__ import annotations

import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings import Finding, Impact, Severity, Verdict
from mlflow_analysis.hypotheses.base import Case
from mlflow_analysis.statistics.clustering import design_effect
from mlflow_analysis.statistics.intervals import wilson

WEIGHTS = {Severity.HIGH: 3.0, Severity.MEDIUM: 2.0, Severity.LOW: 1.0}
_VERDICT_ORDER = (Verdict.CONFIRMED, Verdict.INCONCLUSIVE, Verdict.REFUTED, Verdict.NOT_TESTABLE)


def impact(severity: Severity, case: Case, rows: pd.DataFrame, features: Features) -> Impact:
    """Lower bound of the affected traces: of Wilson's interval over all traces, by session.

    Counted in traces whatever the unit of the claim, so that findings can be ranked against each other.
    """
    traces = features.traces
    shows = traces.index.isin(rows["trace_id"])
    spread = design_effect(shows, traces["session"].to_numpy(dtype=object)) if len(traces) else 1.0
    lower = wilson(int(shows.sum()), len(traces), spread)[0] * len(traces)
    weight = WEIGHTS[severity]
    return Impact(
        traces=round(lower, 3),
        failures=int(traces["failed"].to_numpy()[shows].sum()),
        seconds=case.seconds_lost,
        tokens=case.tokens_lost,
        score=round(lower * weight, 3),
        severity_weight=weight,
        reason=(
            f"{int(shows.sum())} of {len(traces)} traces show it; at least {lower:.0f} "
            "(lower bound of the 95% interval)."
        ),
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

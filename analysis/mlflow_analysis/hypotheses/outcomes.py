"""What the experiment's own assessments say of units that show a pattern, against those that do not.

No wording has a universal direction: a pattern in a text is called harmful only where people, checks or
judges of this experiment failed such traces more often than others.
"""

from __future__ import annotations

import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.quality.failing_assessment import verdicts
from mlflow_analysis.statistics.clustering import design_effect
from mlflow_analysis.statistics.intervals import newcombe

FEWEST_JUDGED = 5
"""On either side; fewer assessed units say nothing."""


def told_by_outcomes(
    features: Features, eligible: pd.Index, shows: pd.Series | pd.Index, by_session: bool = False
) -> str:
    """One sentence: how often an assessment fails where it shows and elsewhere, with the interval.

    ``eligible`` and ``shows`` are ids of traces or, with ``by_session``, of sessions. A unit fails if any
    assessment of it does. The interval is Newcombe's of the difference, widened for sessions.
    """
    judged = verdicts(features)
    unit = judged["trace_id"]
    if by_session:
        unit = features.traces["session"].reindex(unit).reset_index(drop=True)
    failing = (~judged["good"].astype(bool)).groupby(unit.to_numpy()).any()
    failing = failing[failing.index.isin(eligible)]
    inside = failing.index.isin(shows)
    here, elsewhere = failing[inside], failing[~inside]
    if min(len(here), len(elsewhere)) < FEWEST_JUDGED:
        return (
            "This says that the pattern is there, not that it does harm: too few of these "
            f"{'sessions' if by_session else 'traces'} were assessed to tell."
        )
    cluster = (
        failing.index if by_session else features.traces["session"].reindex(failing.index)
    ).to_numpy()
    low, high = newcombe(
        int(here.sum()),
        len(here),
        int(elsewhere.sum()),
        len(elsewhere),
        design_effect(failing.to_numpy(dtype=float), cluster),
    )
    verdict = (
        "it goes with worse outcomes"
        if low > 0
        else "it goes with better outcomes"
        if high < 0
        else "no harm is shown"
    )
    return (
        f"An assessment fails {here.mean():.0%} of the {len(here)} of them that were assessed and "
        f"{elsewhere.mean():.0%} of the {len(elsewhere)} others (difference {here.mean() - elsewhere.mean():+.0%}, "
        f"95% interval {low:+.0%} to {high:+.0%}): {verdict}."
    )

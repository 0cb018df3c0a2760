"""Which traces went well: what every strength is measured by."""

from __future__ import annotations

import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.quality.failing_assessment import verdicts
from mlflow_analysis.hypotheses.remembered import remembered


@remembered
def succeeded(features: Features) -> pd.Series:
    """For each ended trace (index trace id) whether it went well: it did not fail and no feedback,
    check or judge failed it."""
    traces = features.complete
    judged = verdicts(features)
    disliked = set(judged.loc[~judged["good"].astype(bool), "trace_id"])
    return ~traces["failed"].astype(bool) & ~traces.index.isin(disliked)

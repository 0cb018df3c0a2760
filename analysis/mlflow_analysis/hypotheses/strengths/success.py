"""Which traces went well: what every strength is measured by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
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
    disliked = held_in(traces.index, judged.loc[~judged["good"].astype(bool), "trace_id"])
    return ~traces["failed"].astype(bool) & ~disliked


def held_in(ids: pd.Index, some: pd.Series) -> npt.NDArray[np.bool_]:
    """Which of ``ids`` are among ``some``."""
    # looked up in an index that is made once, where ``isin`` would make a table of all each time
    held = np.zeros(len(ids) + 1, dtype=bool)
    held[ids.get_indexer(pd.Index(some, dtype=object))] = True
    return held[:-1]

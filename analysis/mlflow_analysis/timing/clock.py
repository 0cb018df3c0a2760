"""Whether durations were measured, or made up by whoever wrote the traces."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

FEWEST_CALLS = 10
IDENTICAL_SHARE = 0.5


def look_measured(operations: npt.ArrayLike, duration_ms: pd.Series) -> bool:
    """Whether calls take as long as they happen to take; both (n,), names (or numbers) and durations.

    Durations that were measured hardly ever repeat to the microsecond. They look synthetic if of *every*
    operation with 10 finished calls or more, over half take one and the same time. One operation that
    does (a cache on a coarse clock) says nothing as long as others vary. Too few calls say nothing.
    """
    known = duration_ms.notna().to_numpy(dtype=bool)
    names = pd.factorize(np.asarray(operations)[known])[0]
    microseconds = (duration_ms.to_numpy(dtype=float)[known] * 1000).round()
    counted = np.flatnonzero(np.bincount(names) >= FEWEST_CALLS)
    return not len(counted) or any(_vary(microseconds[names == each]) for each in counted)


def _vary(times: npt.NDArray[np.float64]) -> bool:
    _, repeats = np.unique(times, return_counts=True)
    return bool(repeats.max() <= IDENTICAL_SHARE * len(times))

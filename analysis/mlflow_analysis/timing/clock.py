"""Whether durations were measured, or made up by whoever wrote the traces."""

from __future__ import annotations

import pandas as pd

FEWEST_CALLS = 10
IDENTICAL_SHARE = 0.5


def look_measured(operations: pd.Series, duration_ms: pd.Series) -> bool:
    """Whether calls take as long as they happen to take; both (n,), names (or numbers) and durations.

    Durations that were measured hardly ever repeat to the microsecond. They look synthetic if of *every*
    operation with 10 finished calls or more, over half take one and the same time. One operation that
    does (a cache on a coarse clock) says nothing as long as others vary. Too few calls say nothing.
    """
    known = duration_ms.notna().to_numpy(dtype=bool)
    names = operations.to_numpy()[known]
    microseconds = (duration_ms.to_numpy(dtype=float)[known] * 1000).round()
    if not len(names):
        return True
    repeats = pd.DataFrame({"name": names, "us": microseconds}).groupby(["name", "us"]).size()
    by_name = repeats.groupby(level="name").agg(["sum", "max"])
    counted = by_name[by_name["sum"] >= FEWEST_CALLS]
    if counted.empty:
        return True
    return bool((counted["max"] <= IDENTICAL_SHARE * counted["sum"]).any())

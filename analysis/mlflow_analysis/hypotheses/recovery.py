"""Whether a failed call was mended later in its trace."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.selection import Coded
from mlflow_analysis.features.tables import Features

# After these an agent that calls the tool again does so with other arguments, and a success mends it.
_MENDED_BY_OTHER_ARGUMENTS = frozenset(
    {"invalid-tool-arguments", "not-found", "code-execution-error", "unparseable-model-output"}
)


def mended(features: Features, failed: pd.DataFrame) -> pd.Series:
    """Whether the same operation succeeded later in the trace (bool, by the index of ``failed``).

    ``failed`` are rows of ``features.failures``. With the same arguments; or with any, after a failure
    that better arguments mend, and for operations that are no tools: a model that is asked again is
    never asked quite the same.
    """
    all_failures = features.shared(_mended)
    return all_failures.reindex(failed.index)


def _mended(features: Features) -> pd.Series:
    """The same for all of ``features.failures``."""
    spans, failed = features.spans, features.failures
    with_failure = features.traces_with(failed)
    fine = ~spans["failed"].to_numpy(dtype=bool) & with_failure[features.trace_at]
    # the failures first, then what succeeded
    rows, count = np.append(failed.index, np.flatnonzero(fine)), len(failed)
    start_ms = spans["start_ms"].to_numpy(dtype=float)[rows]

    def numbered(of: npt.NDArray[np.int64], texts: Coded) -> npt.NDArray[np.int64]:
        """One number for each pair of a number and a text."""
        pairs = of * len(texts.values) + texts.codes[rows]
        return np.asarray(pd.factorize(pairs)[0], dtype=np.int64)

    def later(group: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        last = np.full(int(group.max(initial=-1)) + 1, -np.inf)
        np.maximum.at(last, group[count:], start_ms[count:])
        return np.asarray(last[group[:count]] > start_ms[:count])

    operation = spans.coded("tool").otherwise(spans.coded("name"))
    same_operation = numbered(features.trace_at[rows], operation)
    mends = failed["error_class"].isin(_MENDED_BY_OTHER_ARGUMENTS) | (failed["tool"] == "")
    made_good = later(numbered(same_operation, spans.texts("arguments_key")))
    made_good |= mends.to_numpy() & later(same_operation)
    return pd.Series(made_good, index=failed.index)

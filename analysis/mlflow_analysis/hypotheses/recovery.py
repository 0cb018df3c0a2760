"""Whether a failed call was mended later in its trace."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.failure_class import operation_names

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
    columns = ["trace", "tool", "name", "arguments_key", "start_ms"]
    failed = features.failures[[*columns, "error_class"]]
    with_failure = features.traces_with(failed)
    fine = ~features.spans["failed"].to_numpy(dtype=bool) & with_failure[features.trace_at]
    # the failures first, then what succeeded
    both = pd.concat([failed[columns], features.spans[fine][columns]])
    start_ms, count = both["start_ms"].to_numpy(dtype=float), len(failed)

    def numbered(of: npt.NDArray[np.int64], texts: pd.Series) -> npt.NDArray[np.int64]:
        """One number for each pair of a number and a text."""
        codes, distinct = pd.factorize(texts.to_numpy(dtype=object))
        return np.asarray(pd.factorize(of * len(distinct) + codes)[0], dtype=np.int64)

    def later(group: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        last = np.full(int(group.max(initial=-1)) + 1, -np.inf)
        np.maximum.at(last, group[count:], start_ms[count:])
        return np.asarray(last[group[:count]] > start_ms[:count])

    same_operation = numbered(both["trace"].to_numpy(np.int64), operation_names(both))
    mends = failed["error_class"].isin(_MENDED_BY_OTHER_ARGUMENTS) | (failed["tool"] == "")
    made_good = later(numbered(same_operation, both["arguments_key"]))
    made_good |= mends.to_numpy() & later(same_operation)
    return pd.Series(made_good, index=failed.index)

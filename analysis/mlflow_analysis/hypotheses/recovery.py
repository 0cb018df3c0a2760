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
    # the failures first, then what succeeded; equal numbers mean equal texts
    both = pd.concat([failed[columns], features.spans[fine][columns]])
    both = both.assign(operation=operation_names(both))
    start_ms, count = both["start_ms"].to_numpy(dtype=float), len(failed)

    def later(same: list[str]) -> npt.NDArray[np.bool_]:
        group = both.groupby(same, sort=False).ngroup().to_numpy()
        last = np.full(int(group.max(initial=-1)) + 1, -np.inf)
        np.maximum.at(last, group[count:], start_ms[count:])
        return np.asarray(last[group[:count]] > start_ms[:count])

    mends = failed["error_class"].isin(_MENDED_BY_OTHER_ARGUMENTS) | (failed["tool"] == "")
    made_good = later(["trace", "operation", "arguments_key"])
    made_good |= mends.to_numpy() & later(["trace", "operation"])
    return pd.Series(made_good, index=failed.index)

"""Whether a failed call was mended later in its trace."""

from __future__ import annotations

import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.failure_class import operation_names

# After these an agent that calls the tool again does so with other arguments, and a success mends it.
_MENDED_BY_OTHER_ARGUMENTS = frozenset(
    {"invalid-tool-arguments", "not-found", "code-execution-error", "unparseable-model-output"}
)


def mended(features: Features, failed: pd.DataFrame) -> pd.Series:
    """Whether the same operation succeeded later in the trace (bool, by key of ``failed``).

    With the same arguments; or with any, after a failure that better arguments mend, and for
    operations that are no tools: a model that is asked again is never asked quite the same.
    """
    spans = features.spans[features.spans["trace_id"].isin(failed["trace_id"].unique())]
    succeeded = spans[~spans["failed"].astype(bool)]
    succeeded = succeeded.assign(operation=operation_names(succeeded))
    failed = failed.assign(operation=operation_names(failed))

    def later(columns: list[str]) -> pd.Series:
        last = succeeded.groupby(columns)["start_ms"].max().rename("last_success_ms").reset_index()
        merged = failed.reset_index(names="span_key").merge(last, on=columns, how="left")
        last_success = merged.set_index("span_key")["last_success_ms"].reindex(failed.index)
        return last_success > failed["start_ms"]

    any_will_do = failed["error_class"].isin(_MENDED_BY_OTHER_ARGUMENTS) | (failed["tool"] == "")
    same = later(["trace_id", "operation", "arguments_key"])
    return same | (any_will_do & later(["trace_id", "operation"]))

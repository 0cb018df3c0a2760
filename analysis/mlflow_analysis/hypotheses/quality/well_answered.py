"""The requests that were answered without a failure: worked out once for all who look at answers."""

from __future__ import annotations

import pandas as pd

from mlflow_analysis.features.tables import Features

_COLUMNS = [
    "place", "request", "response", "request_words", "response_words", "session", "user", "topic", "root_span_id",
    "app_version", "prompt_version", "model",
]  # fmt: skip
"""What is looked at: a copy of all columns would take four times the room."""


def well_answered(features: Features) -> pd.DataFrame:
    """The ``traces`` that ended, did not fail, and have the text of a request and of an answer."""
    return features.shared(_well_answered)


def _well_answered(features: Features) -> pd.DataFrame:
    traces = features.traces
    chosen = (
        traces["complete"]
        & ~traces["failed"]
        & (traces["request"] != "")
        & (traces["response"] != "")
    )
    return traces.loc[chosen, _COLUMNS]

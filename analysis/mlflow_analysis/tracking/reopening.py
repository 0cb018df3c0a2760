"""Open the experiment of another process again: what a worker does before it reads its slice."""

from __future__ import annotations

from functools import lru_cache

from mlflow_analysis.source import SourceSpec, TraceSource
from mlflow_analysis.tracking.connection import reconnect


@lru_cache(maxsize=4)
def reopened(spec: SourceSpec) -> TraceSource:
    """The source of ``spec``, opened once in each process. Raises ``ConnectionProblem``."""
    return reconnect(spec.tracking_uri, dict(spec.variables)).experiment(spec.experiment_id)

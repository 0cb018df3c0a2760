"""How MLflow is told to behave: quiet, without telemetry, and giving up before a person does.

MLflow reads most of this when it is imported, so everything in ``tracking`` gets at MLflow through
``load_mlflow`` and imports no part of it at the top of a module. A variable that the user has set
is left alone.
"""

from __future__ import annotations

import os
from typing import Any

SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # At ERROR, MLflow prints SQL tracebacks over whatever is on the screen.
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
    # The defaults (7 retries, growing pauses) keep a person waiting for four minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    # Ten traces a query is what MLflow does by default; it makes reading three times slower.
    "MLFLOW_SEARCH_TRACES_MAX_BATCH_SIZE": "500",
    # Since 3.13 directories of files are refused unless this says otherwise. We only read them.
    "MLFLOW_ALLOW_FILE_STORE": "true",
}


def load_mlflow() -> Any:
    """The ``mlflow`` module, imported with ``SETTINGS`` in force. The first call takes seconds."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    import mlflow

    return mlflow

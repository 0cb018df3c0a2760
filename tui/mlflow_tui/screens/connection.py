"""Where the traces are."""

from __future__ import annotations

from mlflow_tui.actions import CONNECTION, bindings_for
from mlflow_tui.screens.base import StepScreen


class ConnectionScreen(StepScreen):
    """Choose or type an address, and see whether it works."""

    PLACE = CONNECTION
    BINDINGS = bindings_for(CONNECTION)

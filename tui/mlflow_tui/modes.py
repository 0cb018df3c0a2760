"""The five screens, each imported and made when it is first visited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.screen import Screen

from mlflow_tui.actions import BOARD, CONNECTION, EXPERIMENTS, REPORT, TRACES


def _connection() -> Screen[Any]:
    from mlflow_tui.screens.connection import ConnectionScreen

    return ConnectionScreen()


def _experiments() -> Screen[Any]:
    from mlflow_tui.screens.experiments import ExperimentsScreen

    return ExperimentsScreen()


def _traces() -> Screen[Any]:
    from mlflow_tui.screens.traces import TracesScreen

    return TracesScreen()


def _board() -> Screen[Any]:
    from mlflow_tui.screens.board import BoardScreen

    return BoardScreen()


def _report() -> Screen[Any]:
    from mlflow_tui.screens.report import ReportScreen

    return ReportScreen()


MODES: dict[str, str | Callable[[], Screen[Any]]] = {
    CONNECTION: _connection,
    EXPERIMENTS: _experiments,
    TRACES: _traces,
    BOARD: _board,
    REPORT: _report,
}
"""By place."""

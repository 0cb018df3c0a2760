"""A store of forty traces, and slices so small that they are several."""

from __future__ import annotations

from pathlib import Path

import pytest
from invoices import EXPERIMENT, RECORDS

import stores
from mlflow_analysis.reading import dispatch, executors
from mlflow_analysis.source import TraceSource
from mlflow_analysis.tracking.connection import connect


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("invoices") / "mlflow.db"
    stores.write(RECORDS, f"sqlite:///{path}", EXPERIMENT, path.parent / "artifacts")
    return path


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few traces are enough for several slices, and for processes."""
    monkeypatch.setattr(dispatch, "_SMALLEST", 4)
    monkeypatch.setattr(dispatch, "_LARGEST", 4)
    monkeypatch.setattr(executors, "FEWEST_FOR_PROCESSES", 1)


@pytest.fixture
def source(template: Path) -> TraceSource:
    return connect(f"sqlite:///{template}").experiment(EXPERIMENT)

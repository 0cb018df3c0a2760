"""The same over a real ``mlflow server``, PostgreSQL and MariaDB, each started here and gone afterwards."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks.figures import Figure
from benchmarks.large_store import EXPERIMENT, make_large_store
from benchmarks.ordinary_traces import ordinary_traces
from benchmarks.throughput import Reading, analyse, read_all
from mlflow_analysis.demo.store import write_records

TRACES = 2_000
_LEAST = {4: 2.0, 1: 0.0}
"""By processes of the ``mlflow server``: times as fast as ``mlflow.search_traces`` over the same server.

Four are what it starts unless told otherwise. One is busy for more than half of the time that ``search_traces``
takes, whoever asks, so twice as fast cannot be had of it; its figures are shown.
"""
_SERVERS = Path(__file__).parents[1] / "tests" / "tracking" / "databases.py"


def measure(traces: int = TRACES) -> list[Figure]:
    """Figures of each store; what is not installed is named."""
    start = _starters()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as directory:
        store = Path(directory) / "served.db"
        make_large_store(store, traces)
        for processes, least in _LEAST.items():
            figures += _over(
                f"mlflow server, processes: {processes}",
                partial(start.tracking_server, store, "--workers", str(processes)),
                traces,
                least,
            )
    for name, database in (("PostgreSQL", start.postgresql), ("MariaDB", start.mariadb)):
        figures += _over(name, database, traces, 0.0)
    return figures


def _starters() -> ModuleType:
    """What the tests start servers with."""
    spec = importlib.util.spec_from_file_location("databases", _SERVERS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _over(
    name: str, start: Callable[[], AbstractContextManager[str]], traces: int, least: float
) -> list[Figure]:
    try:
        with start() as address, tempfile.TemporaryDirectory() as directory:
            home = Path(directory)
            if not address.startswith("http"):
                write_records(address, EXPERIMENT, home.as_uri(), ordinary_traces(traces))
            return _figures(f"{name}, {traces:,} traces", address, home, least)
    except pytest.skip.Exception as missing:
        return [Figure(f"{name}: {missing}", "LEFT OUT")]


def _figures(title: str, address: str, home: Path, least: float) -> list[Figure]:
    mlflow = read_all("mlflow", address, home)
    ours = read_all("ours", address, home)
    whole = analyse(address, home, "--workers", "2", "--no-cache")
    assert ours.traces == whole.read
    ratio = mlflow.seconds / ours.seconds
    limit = f"≥ {least:g}" if least else ""
    return [
        Figure(title, ""),
        Figure("  mlflow.search_traces()", _told(mlflow)),
        Figure("  our reader", _told(ours)),
        Figure("  analyze, everything included", f"{whole.seconds:.2f} s"),
        Figure(
            "  our reader, times as fast as search_traces",
            f"{ratio:.2f}",
            limit,
            ratio >= least if least else None,
        ),
        Figure("  whole analyze against search_traces", f"{mlflow.seconds / whole.seconds:.2f}"),
    ]


def _told(reading: Reading) -> str:
    return f"{reading.seconds:.2f} s  {reading.peak_bytes / 1e6:,.0f} MB"

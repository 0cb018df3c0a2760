"""Slices read by real Dask clusters: the same result as without one, also when a worker dies."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import stores
from made_once import made_once
from mlflow_analysis.engine.options import AnalysisOptions
from mlflow_analysis.engine.run import analyze
from mlflow_analysis.events import AnalysisReady, Progress
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.reading import dispatch, executors
from mlflow_analysis.reading.cluster import Cluster
from mlflow_analysis.source import RecordedTraces, TraceSource
from mlflow_analysis.tracking.connection import connect
from mlflow_analysis.tracking.problems import ConnectionProblem
from trace_factory import model, tool, trace

distributed = pytest.importorskip("distributed")

RECORDS = [
    trace(
        model("answer"),
        tool("billing", outputs="429 Too Many Requests" if number % 4 == 0 else {"rows": number}),
        number=number,
    )
    for number in range(1, 41)
]
OPTIONS = AnalysisOptions(hypotheses=("rate-limited",), live=False)


def _write(folder: Path) -> None:
    stores.write(RECORDS, f"sqlite:///{folder / 'mlflow.db'}", "billing", folder / "artifacts")


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TraceSource:
    monkeypatch.setattr(dispatch, "_SMALLEST", 1)
    monkeypatch.setattr(dispatch, "_LARGEST", 1)
    path = tmp_path / "mlflow.db"
    shutil.copy(made_once("billing", _write) / "mlflow.db", path)
    return connect(f"sqlite:///{path}").experiment("billing")


def plain(source: TraceSource) -> Analysis:
    *_, last = analyze(source, OPTIONS)
    assert isinstance(last, AnalysisReady)
    return replace(last.analysis, timings={})


def test_a_local_cluster_reads_the_same(source: TraceSource) -> None:
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, dashboard_address=None, processes=True
    ) as cluster:
        engine = cluster.scheduler_address.replace("tcp://", "dask://")
        *_, last = analyze(source, replace(OPTIONS, engine=engine))
    assert isinstance(last, AnalysisReady)
    assert replace(last.analysis, timings={}) == plain(source)


@contextlib.contextmanager
def started(tmp_path: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    with (tmp_path / "dask.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + command[0], *command[1:]],
            stdout=log, stderr=log, cwd=tmp_path, start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_worker_that_is_killed_loses_nothing(source: TraceSource, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    host, port = address.split(":")
    worker = ("worker", f"tcp://{address}", "--nthreads", "1", "--no-dashboard", "--no-nanny")
    with (
        started(tmp_path, "scheduler", "--host", host, "--port", port, "--no-dashboard"),
        started(tmp_path, *worker) as first,
        started(tmp_path, *worker),
    ):
        with distributed.Client(f"tcp://{address}", timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("mlflow_analysis.engine.run.PROGRESS_EVERY", 0.0)
            read_when_killed = -1
            for event in analyze(source, replace(OPTIONS, engine=f"dask://{address}")):
                reading_on = isinstance(event, Progress) and event.stage == "reading spans"
                if reading_on and read_when_killed < 0 < event.done:
                    read_when_killed = event.done
                    first.kill()
    assert 0 < read_when_killed < len(RECORDS)
    assert first.returncode == -signal.SIGKILL
    assert isinstance(event, AnalysisReady)
    assert replace(event.analysis, timings={}) == plain(source)


def test_a_scheduler_that_does_not_answer_is_named(
    source: TraceSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlflow_analysis.reading.cluster._PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert source.spec is not None
    with pytest.raises(ConnectionProblem, match=f"127.0.0.1:{port} does not answer"):
        Cluster(source.spec, f"dask://127.0.0.1:{port}")


def test_an_engine_has_to_be_one(source: TraceSource) -> None:
    assert source.spec is not None
    with pytest.raises(ConnectionProblem, match="no engine"):
        Cluster(source.spec, "ray://here")


def test_without_dask_it_says_how_to_get_it(
    source: TraceSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert source.spec is not None
    with pytest.raises(ConnectionProblem) as problem:
        Cluster(source.spec, "dask://127.0.0.1:8786")
    assert problem.value.remedy == "pip install 'mlflow-tui[dask]'"


def test_traces_in_memory_are_read_here() -> None:
    place = executors.place_for(RecordedTraces(RECORDS), 40, engine="dask://127.0.0.1:1")
    assert isinstance(place, executors.ThisProcess)
    place.close()

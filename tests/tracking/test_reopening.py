"""A worker process: it opens a source again from its ``SourceSpec``, and is light."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import stores
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.tracking.connection import ConnectionProblem, connect
from mlflow_analysis.tracking.reopening import reopened
from mlflow_analysis.tracking.sql_reader import SqlTraces

WORKER = """
import pickle, sys
spec, outlines = pickle.load(sys.stdin.buffer)
from mlflow_analysis.tracking.reopening import reopened
outcomes = list(reopened(spec).read(outlines))
seen = pickle.dumps((outcomes, sorted({name.partition(".")[0] for name in sys.modules})))
sys.stdout.buffer.write(seen)
"""


def read_in_a_worker(store: Path) -> tuple[list[object], list[str]]:
    source = connect(str(store)).experiment(stores.EXPERIMENT)
    outlines = [outline for page in source.outlines() for outline in page]
    worker = subprocess.run(
        [sys.executable, "-c", WORKER],
        input=pickle.dumps((source.spec, outlines)),
        capture_output=True,
        check=True,
    )
    outcomes, modules = pickle.loads(worker.stdout)
    return outcomes, modules


def test_a_worker_reads_a_known_store_without_mlflow(small_store: Path) -> None:
    outcomes, modules = read_in_a_worker(small_store)

    assert "sqlalchemy" in modules
    assert not {"mlflow", "pandas", "alembic"} & set(modules)
    source = connect(str(small_store)).experiment(stores.EXPERIMENT)
    infos = [info for page in source.infos() for info in page]
    assert outcomes == list(source.traces(infos))
    assert all(isinstance(each, TraceRecord) for each in outcomes)
    assert len(outcomes) == len(stores.small_traces())


def test_connecting_listing_and_looking_need_no_mlflow_either(small_store: Path) -> None:
    script = """
import sys
from mlflow_analysis.tracking.connection import connect
connection = connect(sys.argv[1])
source = connection.experiment(sys.argv[2])
assert source.count() == connection.summarise(source.experiment_id).traces
assert connection.report().client_version
assert source.trace(next(source.outlines())[0].trace_id).spans
print("mlflow" in sys.modules)
for page in source.infos("trace.status = 'OK'"):
    assert page
print("mlflow" in sys.modules)
"""
    said = subprocess.run(
        [sys.executable, "-c", script, str(small_store), stores.EXPERIMENT],
        capture_output=True,
        check=True,
        text=True,
    )

    assert said.stdout.split() == ["False", "True"]


def test_a_source_is_opened_once(small_store: Path) -> None:
    spec = connect(str(small_store)).experiment(stores.EXPERIMENT).spec
    assert spec is not None

    assert reopened(spec) is reopened(spec)
    assert type(reopened(spec)) is SqlTraces


def test_a_store_that_is_gone_is_a_problem(small_store: Path) -> None:
    spec = connect(str(small_store)).experiment(stores.EXPERIMENT).spec
    assert spec is not None
    small_store.unlink()

    with pytest.raises(ConnectionProblem, match="There is no file"):
        reopened(spec)

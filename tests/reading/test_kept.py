"""What was read once is kept: the next run reads what is new or has changed, and says the same."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from invoices import CLAIMS, EXPERIMENT, RECORDS, analysis_of

import stores
from mlflow_analysis.engine import run
from mlflow_analysis.engine.options import AnalysisOptions, Known
from mlflow_analysis.engine.run import analyze
from mlflow_analysis.events import AnalysisReady, Progress, ReadingPlanned
from mlflow_analysis.features.cache import FeatureCache, cache_directory
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.source import TraceSource
from mlflow_analysis.tracking import file_stamp
from mlflow_analysis.tracking.connection import connect
from mlflow_analysis.tracking.environment import load_mlflow
from mlflow_analysis.tracking.sql_reader import SqlTraces
from trace_factory import feedback, model, trace

pytestmark = pytest.mark.usefixtures("small_slices")


@pytest.fixture
def own_store(tmp_path: Path, template: Path) -> str:
    path = tmp_path / "mlflow.db"
    path.write_bytes(template.read_bytes())
    os.utime(path, (0, 0))
    return f"sqlite:///{path}"


def cache_of(source: TraceSource) -> FeatureCache:
    return FeatureCache(source.tracking_uri, source.experiment_id)


def planned(uri: str, **options: Any) -> tuple[ReadingPlanned, Analysis]:
    source = connect(uri).experiment(EXPERIMENT)
    events = list(
        analyze(source, AnalysisOptions(cache=cache_of(source), hypotheses=CLAIMS, **options))
    )
    (plan,) = (each for each in events if isinstance(each, ReadingPlanned))
    assert isinstance(events[-1], AnalysisReady)
    return plan, replace(events[-1].analysis, timings={})


def test_the_second_run_reads_nothing_and_says_the_same(own_store: str) -> None:
    plain = analysis_of(connect(own_store).experiment(EXPERIMENT))
    assert not cache_directory().exists()
    assert planned(own_store) == (ReadingPlanned(40, 0, 1), plain)
    assert planned(own_store) == (ReadingPlanned(40, 40, 1), plain)


def tag(client: Any, trace_id: str, _: str) -> None:
    client.set_trace_tag(trace_id, "region", "eu")


def assess(client: Any, trace_id: str, _: str) -> None:
    stores.log_assessment(client, trace_id, feedback("helpful", False))


def add_span(client: Any, trace_id: str, experiment_id: str) -> None:
    record = RECORDS[7]
    late = replace(
        record.spans[-1], span_id="feedfacefeedface", name="late", outputs="429 too many"
    )
    stores.log_span(client, experiment_id, trace_id, late)


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if all that was written to a store had been written long ago."""
    monkeypatch.setattr(file_stamp, "SETTLED_S", 0.0)


@pytest.mark.usefixtures("settled")
def test_a_store_is_not_listed_again_unless_it_was_written_to(
    own_store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[bool] = []
    outlines = SqlTraces.outlines

    def noted(traces: SqlTraces, *arguments: Any, marked: bool, **options: Any) -> Any:
        listed.append(marked)
        return outlines(traces, *arguments, marked=marked, **options)

    monkeypatch.setattr(SqlTraces, "outlines", noted)
    first = planned(own_store)[1]
    assert len(listed) == 1
    assert planned(own_store)[1] == first
    assert len(listed) == 1
    planned(own_store, max_traces=10)
    assert len(listed) == 2
    client = load_mlflow().MlflowClient(tracking_uri=own_store)
    tag(client, RECORDS[7].info.trace_id, "")
    assert planned(own_store)[0].cached == 39
    assert len(listed) == 3
    shutil.rmtree(cache_directory())
    monkeypatch.setattr(file_stamp, "SETTLED_S", 3_600.0)  # too new for its times to be trusted
    assert [planned(own_store)[0].cached for _ in range(2)] == [0, 40]
    assert listed == [False, True, True, False, True]  # marks tell what differs from what is kept


def test_whoever_goes_on_from_here_is_given_marks(own_store: str) -> None:
    known: list[Known] = []
    planned(own_store, read=known.append)
    assert len({each.mark for each in known[0].outlines}) == 40


@pytest.mark.usefixtures("settled")
def test_a_list_during_which_the_store_was_written_to_is_not_kept(
    own_store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlines = SqlTraces.outlines

    def overtaken(traces: SqlTraces, *arguments: Any, **options: Any) -> Any:
        yield from outlines(traces, *arguments, **options)
        client = load_mlflow().MlflowClient(tracking_uri=own_store)
        tag(client, RECORDS[7].info.trace_id, "")

    planned(own_store, max_traces=10)  # so that what is read of others is told by the list
    with monkeypatch.context() as during:
        during.setattr(SqlTraces, "outlines", overtaken)
        planned(own_store)
    plain = analysis_of(connect(own_store).experiment(EXPERIMENT))
    assert planned(own_store) == (ReadingPlanned(40, 39, 1), plain)


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("change", [tag, assess, add_span])
def test_a_changed_trace_is_read_again(
    own_store: str, change: Callable[[Any, str, str], None]
) -> None:
    planned(own_store)
    client = load_mlflow().MlflowClient(tracking_uri=own_store)
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    change(client, RECORDS[7].info.trace_id, experiment)
    plain = analysis_of(connect(own_store).experiment(EXPERIMENT))
    assert planned(own_store) == (ReadingPlanned(40, 39, 1), plain)
    assert planned(own_store) == (ReadingPlanned(40, 40, 1), plain)


@pytest.mark.usefixtures("settled")
def test_new_traces_are_read_and_old_ones_are_not(own_store: str, tmp_path: Path) -> None:
    planned(own_store)
    more = [trace(model(), number=number) for number in range(101, 104)]
    stores.write(more, own_store, EXPERIMENT, tmp_path / "artifacts")
    plain = analysis_of(connect(own_store).experiment(EXPERIMENT))
    assert planned(own_store) == (ReadingPlanned(43, 40, 1), plain)


@pytest.mark.usefixtures("settled")
def test_a_deleted_trace_is_in_no_table(own_store: str) -> None:
    planned(own_store)
    client = load_mlflow().MlflowClient(tracking_uri=own_store)
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    client.delete_traces(experiment, trace_ids=[RECORDS[7].info.trace_id])
    plain = analysis_of(connect(own_store).experiment(EXPERIMENT))
    assert plain.traces_total == 39
    assert planned(own_store) == (ReadingPlanned(39, 39, 1), plain)


def test_what_was_read_before_the_user_stopped_is_not_read_again(
    own_store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PROGRESS_EVERY", 0.0)  # told after every slice
    source = connect(own_store).experiment(EXPERIMENT)
    stopped = threading.Event()
    for event in analyze(
        source,
        AnalysisOptions(cache=cache_of(source), hypotheses=CLAIMS),
        cancelled=stopped.is_set,
    ):
        if isinstance(event, Progress) and event.stage == "reading spans" and event.done:
            stopped.set()
    assert isinstance(event, AnalysisReady)
    before = event.analysis.traces_read
    assert 0 < before < 40
    plan, analysis = planned(own_store)
    assert plan.cached == before
    assert analysis == analysis_of(source)

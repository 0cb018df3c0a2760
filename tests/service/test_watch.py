"""Watch mode: MLflow writes to a real store while the session watches it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import databases
import pytest
from engine_process import Engine

import stores
from mlflow_analysis import protocol
from mlflow_analysis.contract.kept import kept_analyses
from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.protocol import RowQuery, TableGrew, WatchState
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.service.session import Session
from mlflow_analysis.service.watch import Place, Watch
from mlflow_analysis.tracking.connection import ConnectionProblem
from mlflow_analysis.tracking.environment import load_mlflow
from trace_factory import model, tool, trace


def a_timeout(number: int) -> TraceRecord:
    return trace(
        tool("charge card", status="ERROR", exception=("TimeoutError", "timed out"), ms=30_000),
        model("apologise"),
        request="Refund me, now",
        state="ERROR",
        number=number,
    )


class Watching:
    """A session that has the store's experiment open, and a watch of it that looks when told to."""

    def __init__(self, uri: str, filter_string: str = "") -> None:
        self.uri = uri
        self.told: list[Any] = []
        self.session = Session()
        self.ask(protocol.CheckConnection(uri))
        self.ask(protocol.OpenExperiment(stores.EXPERIMENT, filter_string))
        self.told.clear()
        self.watch = Watch(self.session.analysing, 0.0, self.told.append)

    def ask(self, request: Any) -> Any:
        return self.session.answer(request, self.told.append)

    def look(self) -> list[Any]:
        """What is told of one look."""
        self.told.clear()
        place = self.session.analysing.place()
        assert isinstance(place, Place)
        self.watch.look(place)
        return list(self.told)

    def write(self, *records: TraceRecord) -> None:
        stores.write(records, self.uri, stores.EXPERIMENT, Path("unused"))

    def rows(self, query: RowQuery | None = None) -> protocol.Rows:
        rows = self.ask(protocol.FetchRows(query or RowQuery(), 0, 99))
        assert isinstance(rows, protocol.Rows)
        return rows


@pytest.fixture
def uri(store: str, tmp_path: Path) -> str:
    path = tmp_path / "watched.db"
    shutil.copy(store.removeprefix("sqlite:///"), path)
    return f"sqlite:///{path}"


def ready(told: list[Any]) -> AnalysisReady:
    (found,) = [each for each in told if isinstance(each, AnalysisReady)]
    return found


def states(told: list[Any]) -> list[WatchState]:
    return [each for each in told if isinstance(each, WatchState)]


def test_nothing_is_told_while_nothing_changes(uri: str) -> None:
    watching = Watching(uri)
    watching.ask(protocol.StartAnalysis())
    assert watching.look() == []
    assert watching.look() == []


def test_new_traces_come_into_the_table_and_move_the_findings(uri: str, tmp_path: Path) -> None:
    watching = Watching(uri)
    watching.ask(protocol.StartAnalysis(keep_in=str(tmp_path / "analyses")))
    watching.told.clear()
    watching.write(a_timeout(40), a_timeout(41))

    told = watching.look()

    assert [each.new for each in states(told)][-1] == 2
    assert TableGrew(16, 16, complete=True) in told
    analysis = ready(told).analysis
    assert (analysis.traces_total, analysis.traces_read) == (16, 16)
    timeout = next(each for each in analysis.findings if each.hypothesis == "timeout")
    assert timeout.affected == 5
    affected = watching.rows(RowQuery(finding=timeout.fingerprint))
    assert affected.total == 5
    (kept,) = kept_analyses(tmp_path / "analyses")
    assert '"read": 16' in kept.path.read_text() or '"read":16' in kept.path.read_text()
    assert watching.look() == []


@pytest.mark.parametrize("cache", [True, False])
def test_what_goes_on_comes_to_the_same_as_a_fresh_analysis(uri: str, cache: bool) -> None:
    watching = Watching(uri)
    watching.ask(protocol.StartAnalysis(cache=cache))
    watching.write(a_timeout(40))
    continued = ready(watching.look()).analysis

    watching.told.clear()
    watching.ask(protocol.StartAnalysis(cache=False))

    fresh = ready(watching.told).analysis
    assert replace(continued, timings={}) == replace(fresh, timings={})


def test_without_an_analysis_the_table_grows_alone(uri: str) -> None:
    watching = Watching(uri)
    assert watching.look() == []
    watching.write(a_timeout(40))

    told = watching.look()

    assert [type(each) for each in told] == [TableGrew, WatchState]
    assert watching.rows().total == 15


def test_a_running_trace_that_ends_is_shown_as_it_is_then(uri: str) -> None:
    watching = Watching(uri)
    watching.ask(protocol.StartAnalysis())
    (running,) = [row for row in watching.rows().rows if row.state == "IN_PROGRESS"]
    record = stores.small_traces()[-1]
    ended = replace(record.info, state="OK", response_preview="Done", duration_ms=900.0)
    client = load_mlflow().MlflowClient(tracking_uri=uri)

    place = watching.session.analysing.place()
    assert place is not None
    client._tracing_client.start_trace(
        stores.info_entity(replace(record, info=ended), place.source.experiment_id)
    )
    told = watching.look()

    assert states(told)[-1].new == 0
    assert states(told)[-1].last_news_ms is not None
    assert ready(told).analysis.traces_total == 14
    (row,) = [row for row in watching.rows().rows if row.trace_id == running.trace_id]
    assert (row.state, row.response) == ("OK", "Done")
    assert watching.rows().total == 14


def test_a_deleted_trace_leaves_table_and_findings(uri: str) -> None:
    watching = Watching(uri)
    watching.ask(protocol.StartAnalysis())
    victim = watching.rows(RowQuery(failures_only=True)).rows[0].trace_id
    place = watching.session.analysing.place()
    assert place is not None

    load_mlflow().MlflowClient(tracking_uri=uri).delete_traces(
        place.source.experiment_id, trace_ids=[victim]
    )
    told = watching.look()

    assert victim not in {row.trace_id for row in watching.rows().rows}
    findings = ready(told).analysis.findings
    assert not any(victim in each.trace_ids for each in findings)


def test_a_claim_asked_for_since_is_in_what_goes_on(uri: str) -> None:
    from mlflow_analysis.brief.focus import parse

    watching = Watching(uri)
    watching.ask(protocol.StartAnalysis())
    watching.ask(protocol.AskFocuses((parse("refund"),)))
    watching.write(a_timeout(40))

    findings = ready(watching.look()).analysis.findings

    (own,) = [each for each in findings if each.category.value == "user"]
    assert own.affected == 4


def test_an_analysis_that_was_stopped_goes_on_with_what_it_had_not_read(uri: str) -> None:
    watching = Watching(uri)

    def stop_at_once(body: Any) -> None:
        watching.told.append(body)
        watching.session.answer(protocol.Stop(), watching.told.append)

    watching.session.answer(protocol.StartAnalysis(), stop_at_once)
    assert ready(watching.told).interrupted

    told = watching.look()

    assert not ready(told).interrupted
    assert ready(told).analysis.traces_read == 14


def test_a_filter_holds_for_what_is_watched(uri: str) -> None:
    watching = Watching(uri, "trace.status = 'ERROR'")
    watching.ask(protocol.StartAnalysis())
    watching.write(a_timeout(40), trace(model("answer"), number=41))

    told = watching.look()

    assert watching.rows().total == 4
    assert ready(told).analysis.traces_total == 4


def test_a_store_that_is_gone_costs_nothing_and_is_found_again(uri: str, tmp_path: Path) -> None:
    watching = Watching(uri)
    watching.ask(protocol.StartAnalysis())
    path = Path(uri.removeprefix("sqlite:///"))
    path.rename(tmp_path / "elsewhere.db")

    with pytest.raises(ConnectionProblem, match="There is no file"):
        watching.look()

    assert watching.rows().total == 14
    (tmp_path / "elsewhere.db").rename(path)
    watching.write(a_timeout(40))
    assert ready(watching.look()).analysis.traces_read == 15


@pytest.fixture
def watched_engine(uri: str, tmp_path: Path) -> Iterator[Engine]:
    """An engine process that has the store's experiment open and analysed."""
    engine = Engine(tmp_path / "log", tmp_path)
    engine.ask(protocol.CheckConnection(uri))
    engine.ask(protocol.OpenExperiment(stores.EXPERIMENT))
    yield engine
    engine.close()


def test_the_process_tells_a_lost_store_once_and_that_it_is_back(
    watched_engine: Engine, uri: str, tmp_path: Path
) -> None:
    engine = watched_engine
    path, elsewhere = Path(uri.removeprefix("sqlite:///")), tmp_path / "elsewhere.db"
    told: list[WatchState] = []

    def on_push(body: Any) -> None:
        if not isinstance(body, WatchState):
            return
        told.append(body)
        if len(told) == 1:
            path.rename(elsewhere)
        elif body.problem:
            elsewhere.rename(path)
        elif not body.new and len(told) == 3:
            stores.write([a_timeout(40)], uri, stores.EXPERIMENT, tmp_path)
        elif body.new:
            engine.send(protocol.StopWatching())

    assert engine.ask(protocol.StartWatching(every_s=0.01), on_push) == protocol.Done()

    assert [bool(each.problem) for each in told] == [False, True, False, False, False]
    assert "There is no file" in told[1].problem
    assert [each.new for each in told] == [0, 0, 0, 1, 1]
    assert [each.watching for each in told] == [True] * 4 + [False]


def test_over_a_server_new_traces_arrive_while_the_process_watches(
    store: str, tmp_path: Path
) -> None:
    path = tmp_path / "served.db"
    shutil.copy(store.removeprefix("sqlite:///"), path)
    with databases.tracking_server(path) as uri:
        engine = Engine(tmp_path / "log", tmp_path)
        engine.ask(protocol.CheckConnection(uri))
        engine.ask(protocol.OpenExperiment(stores.EXPERIMENT))
        engine.ask(protocol.StartAnalysis())
        found: list[AnalysisReady] = []

        def on_push(body: Any) -> None:
            if isinstance(body, WatchState) and body.watching and not body.new:
                stores.write([a_timeout(40)], uri, stores.EXPERIMENT, tmp_path)
            if isinstance(body, AnalysisReady):
                found.append(body)
                engine.send(protocol.StopWatching())

        engine.ask(protocol.StartWatching(every_s=0.01), on_push)
        assert found[0].analysis.traces_total == 15
        assert engine.ask(protocol.FetchRows(RowQuery(), 0, 1)).total == 15
        engine.close()


def test_another_experiment_ends_the_watch(watched_engine: Engine) -> None:
    engine = watched_engine

    def on_push(body: Any) -> None:
        if isinstance(body, WatchState) and body.watching:
            engine.send(protocol.OpenExperiment("0"))

    assert engine.ask(protocol.StartWatching(every_s=0.01), on_push) == protocol.Done()


def test_what_goes_on_gives_its_tables_back_and_can_be_asked_afterwards(uri: str) -> None:
    from mlflow_analysis.brief.focus import parse

    watching = Watching(uri)
    watching.ask(protocol.StartAnalysis())
    first = watching.session.analysing.last_of(watching.session.opened.here)
    assert first is not None and first._weighing is not None
    watching.write(a_timeout(40))
    watching.look()
    assert first._weighing is None

    watching.told.clear()
    watching.ask(protocol.AskFocuses((parse("refund"),)))

    assert any(each.category.value == "user" for each in ready(watching.told).analysis.findings)

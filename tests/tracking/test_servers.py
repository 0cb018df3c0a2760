"""Databases and a tracking server, real ones: the records are the same from all of them."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from mlflow.utils import rest_utils

import stores
from mlflow_analysis.records import SkippedTrace, TraceRecord
from mlflow_analysis.tracking import server_reader
from mlflow_analysis.tracking.connection import ConnectionProblem, FilterNotUnderstood, connect
from mlflow_analysis.tracking.pace import Pace
from mlflow_analysis.tracking.reader import StoreTraces
from mlflow_analysis.tracking.sql_reader import SqlTraces
from tracking import databases

pytestmark = pytest.mark.server


def records_of(source: StoreTraces) -> dict[str, TraceRecord]:
    """All records by trace id, without what names the store: experiment id and file locations."""
    found = {}
    for page in source.infos():
        for outcome in source.traces(page):
            assert isinstance(outcome, TraceRecord), outcome
            tags = {
                name: value
                for name, value in outcome.info.tags.items()
                if name not in {"mlflow.artifactLocation", "mlflow.trace.spansLocation"}
            }
            info = replace(outcome.info, experiment_id="", tags=tags)
            found[info.trace_id] = replace(outcome, info=info)
    return found


@pytest.fixture(params=["postgresql", "mariadb", "server"])
def other(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def test_records_are_the_same_from_every_store(other: str, sqlite_template: Path) -> None:
    expected = records_of(connect(str(sqlite_template)).experiment(stores.EXPERIMENT))

    read = records_of(connect(other).experiment(stores.EXPERIMENT))

    assert read == expected
    assert len(read) == len(stores.small_traces())


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_tables_and_client_give_the_same_records(kind: str, request: pytest.FixtureRequest) -> None:
    direct = connect(request.getfixturevalue(kind)).experiment(stores.EXPERIMENT)
    client = StoreTraces(
        direct._client, direct._address, direct.experiment_id, direct.experiment_name
    )

    assert type(direct) is SqlTraces
    assert [*direct.infos()] == [*client.infos()]
    assert records_of(direct) == records_of(client)


def test_the_report_names_the_store_and_hides_the_password(other: str) -> None:
    report = connect(other).report()

    assert report.experiments == 2
    assert report.store in {"PostgreSQL", "MySQL", "MLflow server"}
    assert "ss w0rd" not in repr(report).replace("%20", " ")
    assert bool(report.server_version) == (report.store == "MLflow server")


def test_counts_filters_and_single_traces_work_on_every_store(other: str) -> None:
    source = connect(other).experiment(stores.EXPERIMENT)

    assert source.count() == len(stores.small_traces())
    failed = [info for page in source.infos("trace.status = 'ERROR'") for info in page]
    assert {info.state for info in failed} == {"ERROR"}
    assert source.trace(failed[0].trace_id).info == failed[0]
    with pytest.raises(FilterNotUnderstood):
        list(source.infos("no filter"))


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_database_cannot_be_written_through_our_connection(
    kind: str, request: pytest.FixtureRequest
) -> None:
    connection = connect(request.getfixturevalue(kind))

    with pytest.raises(Exception, match=r"(?i)read.only"):
        connection._client.create_experiment("not this way")


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_what_a_database_refuses_is_told(kind: str, request: pytest.FixtureRequest) -> None:
    uri = request.getfixturevalue(kind)
    parts = urlsplit(uri)
    wrong_password = parts._replace(netloc=parts.netloc.replace("p%40ss%20w0rd", "wr0ng-word"))
    with pytest.raises(ConnectionProblem, match="refused the user or password") as caught:
        connect(urlunsplit(wrong_password))
    assert "wr0ng-word" not in caught.value.details

    with pytest.raises(ConnectionProblem) as caught:
        connect(urlunsplit(parts._replace(path="/nothing_here")))
    assert caught.value.remedy


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_an_older_schema_is_refused_not_migrated(kind: str, request: pytest.FixtureRequest) -> None:
    import sqlalchemy

    uri = request.getfixturevalue(kind)
    engine = sqlalchemy.create_engine(uri)

    def set_revision(revision: str) -> str:
        with engine.begin() as connection:
            before = connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version"))
            found = str(before.scalar())
            statement = "UPDATE alembic_version SET version_num = :revision"
            connection.execute(sqlalchemy.text(statement), {"revision": revision})
            return found

    current = set_revision("1bd49d398cd23")
    try:
        with pytest.raises(ConnectionProblem, match="older MLflow"):
            connect(uri)
    finally:
        left = set_revision(current)
        engine.dispose()
    assert left == "1bd49d398cd23"


def test_a_damaged_span_behind_a_server_costs_its_own_trace_only(
    served_store: Path, server: str
) -> None:
    trace_id = stores.small_traces()[2].info.trace_id
    with sqlite3.connect(served_store) as database:
        rows = database.execute(
            "SELECT span_id, content FROM spans WHERE trace_id = ?", (trace_id,)
        ).fetchall()
        database.execute("UPDATE spans SET content = '{broken' WHERE trace_id = ?", (trace_id,))
    try:
        source = connect(server).experiment(stores.EXPERIMENT)
        outcomes = [each for page in source.infos() for each in source.traces(page)]
    finally:
        with database:
            for span_id, content in rows:
                database.execute(
                    "UPDATE spans SET content = ? WHERE trace_id = ? AND span_id = ?",
                    (content, trace_id, span_id),
                )
        database.close()

    skipped = [each.trace_id for each in outcomes if isinstance(each, SkippedTrace)]
    assert skipped == [trace_id]
    assert len(outcomes) == len(stores.small_traces())


@pytest.mark.parametrize(("width", "connection"), [(1, "keep-alive"), (4, "close")])
def test_questions_asked_at_once_find_an_idle_process_each(
    server: str, width: int, connection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that is kept stays with one of a server's processes, several by chance with the same."""
    source = connect(server).experiment(stores.EXPERIMENT)
    asked: list[str] = []

    def http_request(*arguments: Any, **details: Any) -> Any:
        answer = ask(*arguments, **details)
        asked.append(answer.request.headers["Connection"])
        return answer

    ask = rest_utils.http_request
    monkeypatch.setattr(rest_utils, "http_request", http_request)
    monkeypatch.setattr(Pace, "width", width)
    monkeypatch.setattr(server_reader, "SERVER_BATCH", 2)

    assert len(records_of(source)) == len(stores.small_traces())
    assert len(asked) > 4
    assert set(asked) == {connection}


def test_a_server_lost_meanwhile_is_told(server: str) -> None:
    with databases.relay(urlsplit(server).port or 0) as port:
        source = connect(f"http://127.0.0.1:{port}").experiment(stores.EXPERIMENT)
        infos = [info for page in source.infos() for info in page]

    with pytest.raises(ConnectionProblem, match="Nothing answers"):
        list(source.traces(infos))

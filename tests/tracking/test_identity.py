"""Every reader of a store gives the same records, field by field, whatever the traces are like."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from mlflow_analysis.records import SkippedTrace, SpanRecord, TraceInfo, TraceRecord
from mlflow_analysis.source import TraceOutcome
from mlflow_analysis.tracking import server_reader
from mlflow_analysis.tracking.connection import connect
from mlflow_analysis.tracking.environment import load_mlflow
from mlflow_analysis.tracking.reader import StoreTraces
from mlflow_analysis.tracking.server_reader import ServerTraces
from mlflow_analysis.tracking.sql_reader import SqlTraces
from tracking import databases, shapes

SKIPPED = {
    "lost file": "The file with its spans is missing.",
    "none": "No spans are stored for it.",
    "too few": "Not all of its 3 spans are stored.",
    "damaged": "One of its spans is damaged and cannot be decoded",
    "running": "It is still running and its spans are not stored yet.",
}


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("shapes") / "mlflow.db"
    return _filled(f"sqlite:///{path}", path.parent)


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with databases.postgresql() as uri:
        yield _filled(uri, tmp_path_factory.mktemp("postgresql"))


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with databases.mariadb() as uri:
        yield _filled(uri, tmp_path_factory.mktemp("mariadb"))


@pytest.fixture(scope="module")
def server(sqlite: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("served") / "mlflow.db"
    shutil.copy(sqlite.removeprefix("sqlite:///"), path)
    with databases.tracking_server(path) as uri:
        yield uri


def _filled(uri: str, artifacts: Path) -> str:
    shapes.write_shapes(uri, artifacts, shapes.executing(uri))
    return uri


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.server),
        pytest.param("mariadb", marks=pytest.mark.server),
        pytest.param("server", marks=pytest.mark.server),
    ]
)
def store(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def quick(store: str) -> StoreTraces:
    """The reader that is made for this kind of store."""
    source = connect(store).experiment(shapes.EXPERIMENT)
    assert type(source) is (ServerTraces if store.startswith("http") else SqlTraces)
    return source


@pytest.fixture
def public(quick: StoreTraces) -> StoreTraces:
    """The reader through MLflow's client, of the same store."""
    return StoreTraces(quick._client, quick._address, quick.experiment_id, quick.experiment_name)


def read_all(source: StoreTraces) -> dict[str, TraceOutcome]:
    outlines = [outline for page in source.outlines() for outline in page]
    outcomes = list(source.read(outlines))
    assert len(outcomes) == len(outlines)
    return {outline.trace_id: each for outline, each in zip(outlines, outcomes, strict=True)}


def infos_of(source: StoreTraces) -> list[TraceInfo]:
    return [info for page in source.infos() for info in page]


def in_full(value: Any) -> Any:
    """Every field, and the kind of every value: 1, 1.0 and True are equal, but not the same."""
    if isinstance(value, SpanRecord):
        return {field.name: in_full(getattr(value, field.name)) for field in fields(SpanRecord)}
    if isinstance(value, (TraceRecord, TraceInfo)):
        return {field.name: in_full(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [in_full(each) for each in value]
    if hasattr(value, "items"):
        return [(key, in_full(each)) for key, each in value.items()]
    return repr(value)


def test_infos_are_those_of_mlflows_client(quick: StoreTraces, public: StoreTraces) -> None:
    assert [in_full(info) for info in infos_of(quick)] == [
        in_full(info) for info in infos_of(public)
    ]


def test_records_are_those_of_mlflows_client(quick: StoreTraces, public: StoreTraces) -> None:
    expected = read_all(public)

    read = read_all(quick)

    assert read.keys() == expected.keys()
    for trace_id, outcome in expected.items():
        assert in_full(read[trace_id]) == in_full(outcome)
        assert isinstance(read[trace_id], TraceRecord) is isinstance(outcome, TraceRecord)


def test_reading_by_outline_and_by_info_gives_the_same(quick: StoreTraces) -> None:
    by_info = list(quick.traces(infos_of(quick)))

    assert list(read_all(quick).values()) == by_info


def test_spans_are_read_one_by_one_only_where_one_is_damaged(
    quick: StoreTraces, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not isinstance(quick, SqlTraces):
        pytest.skip("a server gives no texts of spans")
    by_one: list[str] = []
    read_each = quick._read_each
    monkeypatch.setattr(
        quick, "_read_each", lambda info: (by_one.append(info.trace_id), read_each(info))[1]
    )

    read_all(quick)

    assert by_one == [shapes.trace_id_of("damaged")]


def test_a_trace_alone_is_read_as_among_others(quick: StoreTraces) -> None:
    """A file holds the spans of one of them: then there is nothing to ask the tables for."""
    among_others = read_all(quick)

    for info in infos_of(quick):
        assert list(quick.traces([info])) == [among_others[info.trace_id]]


def test_what_cannot_be_read_is_told_with_the_reason(
    quick: StoreTraces, public: StoreTraces
) -> None:
    for source in (quick, public):
        outcomes = read_all(source)
        skipped = {key: each for key, each in outcomes.items() if isinstance(each, SkippedTrace)}
        assert skipped.keys() == {shapes.trace_id_of(shape) for shape in SKIPPED}
        for shape, reason in SKIPPED.items():
            assert skipped[shapes.trace_id_of(shape)].reason.startswith(reason)


def test_the_shapes_are_what_they_should_be(quick: StoreTraces) -> None:
    """Agreement about nothing would be agreement too."""
    outcomes = read_all(quick)
    records = {key: each for key, each in outcomes.items() if isinstance(each, TraceRecord)}

    assert len(records[shapes.trace_id_of("file")].spans) == 3
    assert records[shapes.trace_id_of("nameless")].info.name == "agent"
    kinds = [span.kind for span in records[shapes.trace_id_of("foreign")].spans]
    assert kinds == ["AGENT", "RERANKER"]
    (judgement,) = records[shapes.trace_id_of("replaced")].info.assessments
    assert judgement.value is True
    judged = [each for each in records.values() if len(each.info.assessments) == 10]
    assert {(each.name, each.kind) for each in judged[0].info.assessments} >= {
        ("is-1", "issue"),
        ("expected_facts", "expectation"),
        ("parts", "feedback"),
    }
    assert judged[0].spans[2].attributes["name with ␛[31m in it"] == "red"
    assert "\x1b" not in "".join(map(repr, outcomes.values()))


def test_a_trace_deleted_meanwhile_is_told(quick: StoreTraces, public: StoreTraces) -> None:
    for source in (quick, public):
        outlines = [outline for page in source.outlines() for outline in page][:3]
        gone = [type(outlines[0])("tr-gone", 0, None, "OK", None, ""), *outlines]

        outcomes = list(source.read(gone))

        assert outcomes[0] == SkippedTrace("tr-gone", "It is no longer there.")
        assert len(outcomes) == 4


def test_marks_that_were_not_asked_for_come_with_what_is_read(quick: StoreTraces) -> None:
    marked = [outline for page in quick.outlines() for outline in page]

    listed = [outline for page in quick.outlines(marked=False) for outline in page]
    outcomes = list(quick.read(listed))

    assert any(isinstance(each, SkippedTrace) for each in outcomes)
    assert marked == [
        outline._replace(mark=outline.mark or outcome.mark)
        for outline, outcome in zip(listed, outcomes, strict=True)
    ]


def test_marks_stay_until_something_changes(quick: StoreTraces, store: str) -> None:
    def marks() -> dict[str, str]:
        return {each.trace_id: each.mark for page in quick.outlines() for each in page}

    trace_id = shapes.trace_id_of("nameless")
    client = load_mlflow().MlflowClient(tracking_uri=store)
    before = marks()
    assert marks() == before

    client.set_trace_tag(trace_id, "reviewed", "yes")
    tagged = marks()
    client.delete_trace_tag(trace_id, "reviewed")

    assert {key for key, mark in tagged.items() if mark != before[key]} == {trace_id}
    assert marks() == before


@pytest.mark.server
def test_a_server_that_does_not_know_a_question_is_read_through_mlflows_client(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = read_all(connect(server).experiment(shapes.EXPERIMENT))
    for name in ("_BATCH_GET", "_SEARCH"):
        monkeypatch.setattr(server_reader, name, f"/api/3.0/mlflow/traces/of-later/{name}")
    source = connect(server).experiment(shapes.EXPERIMENT)

    assert read_all(source) == expected
    assert source._unknown == {server_reader._BATCH_GET, server_reader._SEARCH}


@pytest.mark.server
def test_an_answer_of_another_form_is_left_to_mlflows_client(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = connect(server).experiment(shapes.EXPERIMENT)
    expected = read_all(source)
    asked: list[str] = []

    def answer(endpoint: str, *_: Any, **__: Any) -> Any:
        asked.append(endpoint)
        return {"traces": [{"trace_id": "tr-of-another-form"}]}

    monkeypatch.setattr(source, "_answer", answer)

    assert read_all(source) == expected
    assert set(asked) == {server_reader._BATCH_GET, server_reader._SEARCH}

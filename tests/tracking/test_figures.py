"""Figures of many experiments: right, the same from every kind of store, and few questions to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import stores
from many_experiments import HOUR_MS, LAST_MS, write_many_experiments
from mlflow_analysis.protocol import ExperimentFigures
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.tracking.connection import Connection, connect
from mlflow_analysis.tracking.environment import load_mlflow
from mlflow_analysis.tracking.figures import HOURS, figures_of_newest
from mlflow_analysis.tracking.sql_client import engine_of
from trace_factory import model, trace
from tracking import databases

DURATIONS_MS = (100, 300, 200, 400, 1_000)


def planted() -> list[TraceRecord]:
    """Five traces, of which two failed and one is older than the course."""
    return [
        trace(
            model(),
            state="ERROR" if number in (1, 4) else "OK",
            start_ms=LAST_MS - (number if number < 4 else 30) * HOUR_MS,
            ms=duration,
            number=number,
        )
        for number, duration in enumerate(DURATIONS_MS)
    ]


def expected(experiment_id: str) -> ExperimentFigures:
    course = [0] * HOURS
    course[-4:] = [1, 1, 1, 1]
    return ExperimentFigures(
        experiment_id,
        traces=5,
        exact=True,
        examined=5,
        failed=2,
        last_ms=LAST_MS,
        p50_ms=300,
        p95_ms=1_000,
        per_hour=tuple(course),
    )


def ids_of(connection: Connection) -> dict[str, str]:
    return {each.name: each.experiment_id for each in connection.experiments()}


def fill(uri: str, artifacts: Path) -> str:
    stores.write(planted(), uri, "planted", artifacts)
    stores.write([], uri, "empty", artifacts)
    return uri


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("figures")
    return fill(f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("figures")
    return fill((folder / "mlruns").as_uri(), folder / "artifacts")


@pytest.fixture(scope="module")
def server(sqlite: str) -> Iterator[str]:
    with databases.tracking_server(Path(sqlite.removeprefix("sqlite:///"))) as uri:
        yield uri


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with databases.postgresql() as uri:
        yield fill(uri, tmp_path_factory.mktemp("postgresql"))


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with databases.mariadb() as uri:
        yield fill(uri, tmp_path_factory.mktemp("mariadb"))


@pytest.mark.parametrize(
    "kind",
    [
        "sqlite",
        "files",
        pytest.param("server", marks=pytest.mark.server),
        pytest.param("postgresql", marks=pytest.mark.server),
        pytest.param("mariadb", marks=pytest.mark.server),
    ],
)
def test_figures_are_the_same_from_every_store(kind: str, request: pytest.FixtureRequest) -> None:
    connection = connect(request.getfixturevalue(kind))
    ids = ids_of(connection)

    empty, found = connection.figures([ids["empty"], ids["planted"]])

    assert found == expected(ids["planted"])
    assert empty == ExperimentFigures(ids["empty"], 0, True, 0, 0, None, None, None, ())


def test_what_a_page_cannot_hold_is_told_as_the_least_there_is(
    sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect(sqlite)
    source = connection.experiment("planted")
    monkeypatch.setattr("mlflow_analysis.tracking.reader.FIRST_PAGE", 2)
    monkeypatch.setattr(type(source), "count", lambda self: None)  # a server before 3.9

    found = figures_of_newest(source)

    assert (found.traces, found.exact, found.examined) == (2, False, 2)
    assert (found.failed, found.last_ms, found.p50_ms, found.p95_ms) == (1, LAST_MS, 100, 300)


def test_two_questions_answer_for_hundreds_of_experiments(
    tmp_path: Path, questions: Callable[[Connection], list[str]]
) -> None:
    connection = connect(write_many_experiments(tmp_path / "mlflow.db", 400))
    asked = questions(connection)

    figures = connection.figures([str(number) for number in range(1, 401)])

    assert len(asked) == 2
    assert [each.experiment_id for each in figures] == [str(number) for number in range(1, 401)]
    assert [each.failed for each in figures[:6]] == [1, 2, 3, 4, 0, 1]
    assert {each.traces for each in figures} == {0, 12}
    assert figures[6].last_ms == LAST_MS - 7 * 60_000
    assert figures[6].per_hour == (0,) * 12 + (1,) * 12
    assert (figures[6].p50_ms, figures[6].p95_ms) == (600, 1_200)


@pytest.fixture
def questions() -> Callable[[Connection], list[str]]:
    """Every statement that a store gets from now on."""

    def listen(connection: Connection) -> list[str]:
        from sqlalchemy import event

        asked: list[str] = []

        def heard(*arguments: Any) -> None:
            asked.append(str(arguments[2]))

        event.listen(engine_of(connection._address.mlflow_uri), "before_cursor_execute", heard)
        return asked

    return listen


def test_a_deleted_experiment_is_not_listed(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    for name in ("kept", "gone"):
        stores.write([], uri, name, tmp_path / "artifacts")
    client = load_mlflow().MlflowClient(tracking_uri=uri)
    client.delete_experiment(client.get_experiment_by_name("gone").experiment_id)
    assert set(ids_of(connect(uri))) == {"Default", "kept"}

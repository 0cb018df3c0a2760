"""Connecting: a clear problem for everything that can be wrong, and nothing changed by looking."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import stores
from mlflow_analysis.tracking.connection import ConnectionProblem, ExperimentNotFound, connect
from mlflow_analysis.tracking.environment import load_mlflow

Fingerprint = Callable[[Path], dict[str, str]]


def test_looking_changes_no_byte_and_makes_no_file(
    small_store: Path, fingerprint: Fingerprint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "empty"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    before = fingerprint(tmp_path)

    connection = connect(f"sqlite:///{small_store}")
    source = connection.experiment(stores.EXPERIMENT)
    for page in source.infos():
        assert list(source.traces(page))
    connection.summarise(source.experiment_id)

    assert fingerprint(tmp_path) == before


def test_looking_at_files_changes_nothing_either(
    file_store: Path, fingerprint: Fingerprint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = fingerprint(file_store.parent)

    source = connect(str(file_store)).experiment(stores.EXPERIMENT)
    assert [list(source.traces(page)) for page in source.infos()]

    assert fingerprint(file_store.parent) == before
    assert not list(tmp_path.iterdir())


def test_the_report_says_what_was_found(small_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{small_store}")

    report = connect().report()

    assert (report.store, report.experiments) == ("SQLite", 2)
    assert report.tracking_uri == f"sqlite:///{small_store}"
    assert "MLFLOW_TRACKING_URI" in report.notes[0]
    assert report.round_trip_ms > 0


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "mlflow.db"

    with pytest.raises(ConnectionProblem, match="There is no file") as caught:
        connect(str(path))

    assert caught.value.remedy
    assert not path.parent.exists()


@pytest.mark.parametrize(("content", "says"), [(b"", "is empty"), (b"hello", "not a SQLite")])
def test_a_file_that_is_no_database_is_told(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(content)

    with pytest.raises(ConnectionProblem, match=says):
        connect(str(path))

    assert path.read_bytes() == content


def test_another_programs_database_gets_no_tables(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE notes (text)")

    with pytest.raises(ConnectionProblem, match="no MLflow tables"):
        connect(str(path))


@pytest.mark.parametrize(
    ("revision", "says", "remedy"),
    [
        ("867495a8f9d4", "older MLflow", "mlflow db upgrade"),  # of 2.14: older than all
        ("fffffffffff1", "newer MLflow", "pip install --upgrade mlflow"),
    ],
)
def test_a_schema_of_another_mlflow_is_refused_not_migrated(
    small_store: Path, fingerprint: Fingerprint, revision: str, says: str, remedy: str
) -> None:
    with sqlite3.connect(small_store) as database:
        database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    database.close()
    before = fingerprint(small_store.parent)

    with pytest.raises(ConnectionProblem, match=says) as caught:
        connect(str(small_store))

    assert remedy in caught.value.remedy
    assert fingerprint(small_store.parent) == before


def test_a_store_without_default_experiment_is_told_as_mlflow_would_make_one(
    small_store: Path,
) -> None:
    with sqlite3.connect(small_store) as database:
        database.execute("DELETE FROM experiments WHERE experiment_id = 0")
    database.close()

    with pytest.raises(ConnectionProblem, match="default experiment"):
        connect(str(small_store))


def test_a_locked_file_is_told(small_store: Path) -> None:
    writer = sqlite3.connect(small_store, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(ConnectionProblem, match="locked"):
            connect(str(small_store), timeout_seconds=0.2)
    finally:
        writer.close()


def test_a_file_with_a_write_ahead_log_is_read_and_its_helper_files_announced(
    small_store: Path,
) -> None:
    with sqlite3.connect(small_store) as database:
        database.execute("PRAGMA journal_mode = wal")
    database.close()
    before = small_store.read_bytes()

    report = connect(str(small_store)).report()

    assert report.experiments == 2
    assert "write-ahead log" in report.notes[0]
    assert small_store.read_bytes() == before


def test_a_directory_that_is_no_store_stays_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ConnectionProblem, match="no MLflow experiments"):
        connect(str(tmp_path))
    with pytest.raises(ConnectionProblem, match="There is no directory"):
        connect(str(tmp_path / "missing"))

    assert not list(tmp_path.iterdir())


def test_a_file_store_without_trash_is_told_as_mlflow_would_make_it(
    file_store: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "mlruns"
    shutil.copytree(file_store, copy)
    (copy / ".trash").rmdir()

    with pytest.raises(ConnectionProblem, match=r"\.trash"):
        connect(str(copy))

    assert not (copy / ".trash").exists()


def test_an_experiment_is_found_by_name_and_by_id_and_the_nearest_name_suggested(
    small_store: Path,
) -> None:
    connection = connect(str(small_store))
    by_name = connection.experiment(stores.EXPERIMENT)

    assert connection.experiment(by_name.experiment_id).experiment_name == stores.EXPERIMENT
    with pytest.raises(ExperimentNotFound) as caught:
        connection.experiment("Suport Agent")
    assert stores.EXPERIMENT in caught.value.remedy
    with pytest.raises(ExperimentNotFound) as caught:
        connection.experiment("zzz")
    assert "Default" in caught.value.remedy


def test_experiments_come_most_recently_changed_first(small_store: Path) -> None:
    with sqlite3.connect(small_store) as database:
        database.execute("UPDATE experiments SET last_update_time = 1 WHERE name != 'Default'")
        database.execute("UPDATE experiments SET last_update_time = 2 WHERE name = 'Default'")
    database.close()

    names = [each.name for each in connect(str(small_store)).experiments()]

    assert names == ["Default", stores.EXPERIMENT]


# ---- servers ----------------------------------------------------------------------------------


@pytest.fixture
def answering() -> Iterator[Callable[[int, str], str]]:
    """Starts a server that answers everything alike; returns its address."""
    servers: list[ThreadingHTTPServer] = []

    def start(status: int, body: str) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def do_GET(self) -> None:
                self.do_POST()

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, "who?", "sign-in"),
        (403, "no", "does not let you read"),
        (404, "<html>", "not as an MLflow server"),
        (200, "<html>hello me:hunter2</html>", "not as an MLflow server"),
        (503, "busy", "error of its own"),
    ],
)
def test_a_server_that_is_none_or_refuses_is_told_without_the_password(
    answering: Callable[[int, str], str], status: int, body: str, says: str
) -> None:
    with pytest.raises(ConnectionProblem, match=says) as caught:
        connect(f"http://me:hunter2@{answering(status, body)}", timeout_seconds=5)

    problem = caught.value
    assert problem.remedy
    assert "hunter2" not in problem.sentence + problem.remedy + problem.details


def test_a_port_where_nothing_listens_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
        for uri in (f"http://{where}", f"postgresql://me:pw@{where}/x", f"mysql://me:pw@{where}/x"):
            with pytest.raises(ConnectionProblem, match=f"Nothing answers at {where}"):
                connect(uri)


def test_a_server_that_accepts_and_says_nothing_is_told() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(ConnectionProblem, match=r"did not answer within 0\.2 s"),
    ):
        connect(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_seconds=0.2)


def test_tls_against_a_plain_server_is_told(answering: Callable[[int, str], str]) -> None:
    with pytest.raises(ConnectionProblem, match="TLS"):
        connect(f"https://{answering(200, '{}')}", timeout_seconds=5)


def test_a_host_without_name_is_told() -> None:
    with pytest.raises(ConnectionProblem, match=r"No host is known by the name nowhere\.invalid"):
        connect("http://nowhere.invalid:5000")


@pytest.mark.parametrize("store", ["small_store", "server"])
def test_an_experiment_is_found_by_name_or_id_without_listing_all(
    store: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect(str(request.getfixturevalue(store)))

    def not_all() -> None:
        raise AssertionError("All were listed.")

    monkeypatch.setattr(connection, "experiments", not_all)

    found = connection.experiment(stores.EXPERIMENT)

    assert found.experiment_name == stores.EXPERIMENT
    assert connection.experiment(found.experiment_id).experiment_name == stores.EXPERIMENT


@pytest.mark.parametrize("store", ["small_store", "file_store"])
def test_a_deleted_experiment_is_not_found_by_name_or_id(
    store: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    uri = str(request.getfixturevalue(store))
    if store == "file_store":
        uri = str(shutil.copytree(uri, tmp_path / "files"))
    connection = connect(uri)
    experiment_id = connection.experiment(stores.EXPERIMENT).experiment_id
    address = f"sqlite:///{uri}" if store == "small_store" else uri
    load_mlflow().MlflowClient(tracking_uri=address).delete_experiment(experiment_id)

    for wanted in (stores.EXPERIMENT, experiment_id):
        with pytest.raises(ExperimentNotFound):
            connection.experiment(wanted)

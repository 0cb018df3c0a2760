"""Every place that traces live in: checked, browsed and analysed, and afterwards as it was before."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

import stores
from mlflow_analysis import protocol
from mlflow_analysis.connecting.sign_in import ConnectionRequest, SignIn, SignInMethod
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.service.session import Session
from mlflow_analysis.tracking import server_reader
from mlflow_analysis.tracking.connection import connect
from mlflow_analysis.tracking.reader import StoreTraces
from mlflow_tui.cli import program
from tracking import databases, network
from tracking.databricks_double import TOKEN, Workspace

pytestmark = pytest.mark.server


@dataclass(frozen=True)
class Source:
    """A place to read from: as asked by the app, and as the command line would."""

    request: ConnectionRequest
    store: str
    """What the report is to call it."""
    content: Callable[[], object] = lambda: None
    """All that reading must not change."""
    variables: dict[str, str] = field(default_factory=dict)
    """With these, the command line needs the address alone."""


def browse(request: ConnectionRequest) -> protocol.ConnectionReport:
    """Connect, open the experiment, look at rows and a trace and a conversation, as the app does."""
    session, told = Session(), []
    fields = {name: getattr(request, name) for name in ("tracking_uri", "env_file", "sign_in")}
    report = session.answer(protocol.CheckConnection(**fields), told.append)
    assert isinstance(report, protocol.ConnectionReport)
    ended = [each.name for each in told if isinstance(each, protocol.CheckStage) and each.found]
    assert ended == ["address", "reach", "sign in", "version", "experiments", "trace"]
    listed = session.answer(protocol.ListExperiments(), told.append)
    assert isinstance(listed, protocol.ExperimentList)
    (experiment,) = (each for each in listed.experiments if each.name == stores.EXPERIMENT)
    session.answer(protocol.SummariseExperiment(experiment.experiment_id), told.append)
    opened = session.answer(protocol.OpenExperiment(experiment.experiment_id), told.append)
    assert isinstance(opened, protocol.TableGrew)
    assert opened.traces == len(stores.small_traces())
    rows = session.answer(protocol.FetchRows(protocol.RowQuery(), 0, 50), told.append)
    assert isinstance(rows, protocol.Rows)
    for row in rows.rows[:2]:
        view = session.answer(protocol.FetchTrace(row.trace_id), told.append)
        assert isinstance(view, protocol.TraceView)
        assert view.spans
    return report


def analyze(source: Source, patch: pytest.MonkeyPatch) -> dict[str, object]:
    """What ``analyze`` writes as JSON."""
    for name, value in source.variables.items():
        patch.setenv(name, value)
    address = source.request.tracking_uri
    result = CliRunner().invoke(
        program,
        [
            *("analyze", "--tracking-uri", address, "--experiment", stores.EXPERIMENT),
            *("--quiet", "--json", "-", "--hypothesis", "api-failure"),
        ],
    )
    assert result.exit_code == 0, result.output
    assert not result.stderr
    analysis: dict[str, object] = json.loads(result.stdout)
    return analysis


# ---- the places ---------------------------------------------------------------------------------


@pytest.fixture
def sqlite(small_store: Path, fingerprint: Callable[[Path], dict[str, str]]) -> Source:
    return Source(
        ConnectionRequest(f"sqlite:///{small_store}"),
        "SQLite",
        lambda: fingerprint(small_store.parent),
    )


@pytest.fixture
def files(file_store: Path, fingerprint: Callable[[Path], dict[str, str]]) -> Source:
    return Source(ConnectionRequest(str(file_store)), "files", lambda: fingerprint(file_store))


def _as_reader(uri: str) -> str:
    parts = urlsplit(uri)
    return parts._replace(netloc=f"reader:r%40ad@{parts.hostname}:{parts.port}").geturl()


@pytest.fixture
def read_only_postgresql(postgresql: str) -> Iterator[Source]:
    """As a user with the grants that docs/connections.md names."""
    databases.execute(
        postgresql,
        "CREATE ROLE reader LOGIN PASSWORD 'r@ad'",
        "GRANT CONNECT ON DATABASE flow TO reader",
        "GRANT USAGE ON SCHEMA public TO reader",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
    )
    dump = databases.program("pg_dump", "lib/postgresql/*/bin/pg_dump")
    address = postgresql.replace("+psycopg2", "")
    try:
        yield Source(
            ConnectionRequest(_as_reader(postgresql)), "PostgreSQL", lambda: _dumped(dump, address)
        )
    finally:
        databases.execute(postgresql, "DROP OWNED BY reader", "DROP ROLE reader")


@pytest.fixture
def read_only_mariadb(mariadb: str) -> Source:
    """As a user with the grants that docs/connections.md names."""
    dump = databases.program("mariadb-dump", "mysqldump")
    parts = urlsplit(mariadb)
    owner = [
        f"--host={parts.hostname}",
        f"--port={parts.port}",
        "--user=flow",
        "--password=p@ss w0rd",
    ]
    return Source(
        ConnectionRequest(_as_reader(mariadb)),
        "MySQL",
        lambda: _dumped(dump, "--no-defaults", *owner, "--skip-dump-date", "flow"),
    )


def _dumped(*command: str) -> bytes:
    dump = subprocess.run(command, check=True, capture_output=True).stdout
    # newer versions guard the file by a key that differs each time
    return b"\n".join(line for line in dump.splitlines() if b"restrict " not in line)


@pytest.fixture
def plain_server(server: str, served_store: Path) -> Source:
    return Source(ConnectionRequest(server), "MLflow server", served_store.read_bytes)


@pytest.fixture
def server_with_password(server_with_sign_in: str, monkeypatch: pytest.MonkeyPatch) -> Source:
    monkeypatch.setenv("THE_PASSWORD", databases.ADMIN_PASSWORD)
    # what the profile does not speak of must not be sent
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "of-another-server")
    sign_in = SignIn(SignInMethod.PASSWORD, user="admin", secret_variable="THE_PASSWORD")
    return Source(
        ConnectionRequest(server_with_sign_in, sign_in=sign_in),
        "MLflow server",
        variables={
            "MLFLOW_TRACKING_USERNAME": "admin",
            "MLFLOW_TRACKING_PASSWORD": databases.ADMIN_PASSWORD,
        },
    )


@pytest.fixture
def server_with_token(server: str) -> Iterator[Source]:
    with network.gateway(server, token="let-me-in") as guarded:
        yield Source(
            ConnectionRequest(guarded, sign_in=SignIn(SignInMethod.TOKEN, secret="let-me-in")),
            "MLflow server",
            variables={"MLFLOW_TRACKING_TOKEN": "let-me-in"},
        )


@pytest.fixture
def server_with_env_file(server_with_sign_in: str, tmp_path: Path) -> Source:
    file = tmp_path / ".env"
    file.write_text(
        f"MLFLOW_TRACKING_URI={server_with_sign_in}\n"
        f"export MLFLOW_TRACKING_USERNAME=admin\n"
        f'MLFLOW_TRACKING_PASSWORD="{databases.ADMIN_PASSWORD}"\n'
    )
    return Source(
        ConnectionRequest(env_file=str(file)),
        "MLflow server",
        variables={
            "MLFLOW_TRACKING_URI": server_with_sign_in,
            "MLFLOW_TRACKING_USERNAME": "admin",
            "MLFLOW_TRACKING_PASSWORD": databases.ADMIN_PASSWORD,
        },
    )


@contextlib.contextmanager
def _behind_tls(server: str, place: Path, *, closed: bool) -> Iterator[tuple[str, str, str]]:
    """Address, certificate, and a file with certificate and key."""
    certificate, key = network.certificate(place)
    both = place / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    tls = network.server_side(certificate, key, asks=certificate if closed else None)
    with databases.relay(urlsplit(server).port or 0, tls) as port:
        yield f"https://127.0.0.1:{port}", str(certificate), str(both)


@pytest.fixture
def tls_with_certificates(server: str, tmp_path: Path) -> Iterator[Source]:
    with _behind_tls(server, tmp_path, closed=True) as (address, trusted, own):
        yield Source(
            ConnectionRequest(
                address, sign_in=SignIn(server_certificate=trusted, client_certificate=own)
            ),
            "MLflow server",
            variables={
                "MLFLOW_TRACKING_SERVER_CERT_PATH": trusted,
                "MLFLOW_TRACKING_CLIENT_CERT_PATH": own,
            },
        )


@pytest.fixture
def tls_unverified(server: str, tmp_path: Path) -> Iterator[Source]:
    with _behind_tls(server, tmp_path, closed=False) as (address, _trusted, _own):
        yield Source(
            ConnectionRequest(address, sign_in=SignIn(insecure_tls=True)),
            "MLflow server",
            variables={"MLFLOW_TRACKING_INSECURE_TLS": "true"},
        )


@pytest.fixture
def databricks_with_token(workspace: Workspace) -> Source:
    sign_in = SignIn(SignInMethod.TOKEN, secret=TOKEN, databricks_host=workspace.url)
    return Source(
        ConnectionRequest("databricks", sign_in=sign_in),
        "Databricks",
        variables={"DATABRICKS_HOST": workspace.url, "DATABRICKS_TOKEN": TOKEN},
    )


@pytest.fixture
def databricks_with_profile(
    workspace: Workspace, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Source:
    file = home / "databrickscfg"
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(file))
    file.write_text(
        f"[other]\nhost = https://elsewhere.invalid\ntoken = x\n\n"
        f"[production]\nhost = {workspace.url}\ntoken = {TOKEN}\n"
    )
    # The SDK would take these for the profile's own.
    monkeypatch.setenv("DATABRICKS_HOST", "https://elsewhere.invalid")
    monkeypatch.setenv("DATABRICKS_TOKEN", "of-elsewhere")
    sign_in = SignIn(SignInMethod.DATABRICKS_PROFILE, databricks_profile="production")
    return Source(ConnectionRequest("databricks://production", sign_in=sign_in), "Databricks")


PLACES = [
    "sqlite",
    "files",
    "read_only_postgresql",
    "read_only_mariadb",
    "plain_server",
    "server_with_password",
    "server_with_token",
    "server_with_env_file",
    "tls_with_certificates",
    "tls_unverified",
    "databricks_with_token",
    "databricks_with_profile",
]


@pytest.mark.parametrize("place", PLACES)
def test_a_place_is_browsed_and_analysed_and_stays_as_it_was(
    place: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source: Source = request.getfixturevalue(place)
    elsewhere = tmp_path / "working directory"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    content, environment = source.content(), dict(os.environ)

    report = browse(source.request)

    assert (report.store, report.experiments >= 1) == (source.store, True)
    assert dict(os.environ) == environment
    analysis = analyze(source, monkeypatch)
    assert analysis["traces"]["read"] == len(stores.small_traces())  # type: ignore[index]
    assert source.content() == content
    assert not list(elsewhere.iterdir())


# ---- the quick way into a server ----------------------------------------------------------------


SIGNED_IN = ["server_with_password", "server_with_token", "tls_with_certificates"]


def read_with_fallbacks(source: Source, patch: pytest.MonkeyPatch) -> tuple[int, list[str]]:
    """Read everything: the number of traces, and what MLflow's client was asked in the end."""
    asked: list[str] = []

    def noted(name: str, original: Callable[..., object]) -> Callable[..., object]:
        def asks(*arguments: object) -> object:
            asked.append(name)
            return original(*arguments)

        return asks

    for name in ("_search", "_together"):
        patch.setattr(StoreTraces, name, noted(name, getattr(StoreTraces, name)))
    opened = connect(source.request).experiment(stores.EXPERIMENT)
    outlines = [each for page in opened.outlines() for each in page]
    read = [each for each in opened.read(outlines) if isinstance(each, TraceRecord)]
    return len(read), asked


@pytest.mark.skipif(not stores.SPANS_IN_STORE, reason="servers before MLflow 3.6 have no spans")
@pytest.mark.parametrize("place", ["plain_server", *SIGNED_IN, "tls_unverified"])
def test_a_server_is_read_by_its_json_however_one_signs_in(
    place: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    source: Source = request.getfixturevalue(place)
    assert read_with_fallbacks(source, monkeypatch) == (len(stores.small_traces()), [])


@pytest.mark.parametrize("place", SIGNED_IN)
def test_without_its_credentials_only_mlflows_client_gets_in(
    place: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the test above would notice, although nothing is missing from what was read."""
    source: Source = request.getfixturevalue(place)
    monkeypatch.setattr(server_reader, "host_credentials", lambda address: {"host": address.url})
    read, asked = read_with_fallbacks(source, monkeypatch)
    assert (read, set(asked)) == (len(stores.small_traces()), {"_search", "_together"})

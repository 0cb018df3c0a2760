"""Connect to a store: understand its address, check it, and list what is in it.

    connection = connect("sqlite:///mlflow.db")
    source = connection.experiment("support agent")

Nothing is created, migrated or changed by connecting and reading; what MLflow would do of that kind
is looked for first and refused with a ``ConnectionProblem``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib import metadata

from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.protocol import CheckStage
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.source import never
from mlflow_analysis.tracking import checks, stages
from mlflow_analysis.tracking.address import SQL_KINDS, Address, StoreKind, without_secrets
from mlflow_analysis.tracking.client import open_client
from mlflow_analysis.tracking.credentials import resolve
from mlflow_analysis.tracking.database import Look, finish_interrupted_write, look
from mlflow_analysis.tracking.databricks import load_sdk
from mlflow_analysis.tracking.databricks_reader import DatabricksTraces
from mlflow_analysis.tracking.environment import Variables, load_mlflow
from mlflow_analysis.tracking.http_problems import took_too_long
from mlflow_analysis.tracking.opened import Connection, Found, opening_problem
from mlflow_analysis.tracking.problems import (
    CheckCancelled,
    ConnectionProblem,
    ExperimentNotFound,
    FilterNotUnderstood,
    TraceNotReadable,
)
from mlflow_analysis.tracking.reader import StoreTraces
from mlflow_analysis.tracking.schema import MADE_BY, check_schema
from mlflow_analysis.tracking.server import check_sign_in, server_version
from mlflow_analysis.tracking.server_reader import ServerTraces
from mlflow_analysis.tracking.sql_client import SqlClient
from mlflow_analysis.tracking.sql_reader import SqlTraces
from mlflow_analysis.tracking.stages import Stages
from mlflow_analysis.tracking.versions import compared

__all__ = [
    "CheckCancelled",
    "Connection",
    "ConnectionProblem",
    "ExperimentNotFound",
    "FilterNotUnderstood",
    "TraceNotReadable",
    "connect",
    "glance",
    "without_secrets",
]

READING_SECONDS = 30.0
"""The stages that read through MLflow, which tries again by itself, are given up after so long."""
_READERS: Mapping[StoreKind, type[StoreTraces]] = {
    StoreKind.SERVER: ServerTraces,
    StoreKind.DATABRICKS: DatabricksTraces,
}
_LOOKED_INTO = 5
"""So many experiments, most recently changed first, are looked into for a trace."""


def glance(request: ConnectionRequest | str = "", *, timeout_seconds: float = 5.0) -> None:
    """Whether there is anything at all there, told at once, without loading MLflow.

    Raises ``ConnectionProblem``. Passing says little: ``connect`` looks closely.
    """
    checks.reach(resolve(_request(request), timeout_seconds), timeout_seconds)


def connect(
    request: ConnectionRequest | str = "",
    *,
    timeout_seconds: float = 5.0,
    on_stage: Callable[[CheckStage], None] = stages.nobody,
    cancelled: Callable[[], bool] = never,
    to_write: bool = False,
) -> Connection:
    """Connect as ``request`` says (a string is an address), or as the environment does.

    The stages of the check are told to ``on_stage`` as they begin and end. Reaching the store may take
    ``timeout_seconds``, signing in and learning the version twice that each, listing experiments and
    reading a trace ``READING_SECONDS`` each; then it is given up, as it is when ``cancelled``. Loading
    MLflow is not counted. ``to_write`` says that the user wants something written: what a killed writer
    left half done in a SQLite file is then rolled back, as SQLite does it. Raises ``ConnectionProblem``.
    """
    run = Stages(on_stage, cancelled)
    address = run.run(
        stages.ADDRESS,
        lambda: resolve(_request(request), timeout_seconds),
        lambda found: found.shown,
        timeout_seconds,
    )
    if to_write:
        finish_interrupted_write(address)
    return _Check(address, run, timeout_seconds).connection(thorough=True)


def reconnect(tracking_uri: str, variables: Mapping[str, str | None]) -> Connection:
    """Connect to what another process has checked before. Raises ``ConnectionProblem``."""
    address = resolve(ConnectionRequest(tracking_uri), variables=variables)
    return _Check(address, Stages(), 5.0).connection(thorough=False)


def _request(request: ConnectionRequest | str) -> ConnectionRequest:
    return ConnectionRequest(request) if isinstance(request, str) else request


class _Check:
    """One address, checked stage by stage."""

    def __init__(self, address: Address, run: Stages, timeout_seconds: float) -> None:
        self._address = address
        self._run = run
        self._timeout = timeout_seconds
        self._variables = Variables(address.variables)
        self._look: Look | None = None
        self._direct: SqlClient | None = None
        """Where the tables are known, MLflow is not needed."""
        self._mlflow_version = metadata.version("mlflow")
        self._server_version = ""
        self._round_trip_ms = 0.0

    def connection(self, *, thorough: bool) -> Connection:
        """The store, opened; ``thorough`` looks at a trace too. Raises ``ConnectionProblem``."""
        run, address, timeout = self._run, self._address, self._timeout
        twice = 2 * timeout + 1
        run.run(
            stages.REACH,
            lambda: checks.reach(address, timeout),
            str,
            timeout + 0.5,
            checks.not_in_time(address, timeout),
        )
        if address.kind not in SQL_KINDS:
            load_mlflow()
        if address.kind is StoreKind.DATABRICKS:
            load_sdk()
        run.run(stages.SIGN_IN, self._sign_in, str, twice, took_too_long(address, twice))
        if self._direct is None:
            load_mlflow()
        run.run(stages.VERSION, self._version, str, twice)
        connection = run.run(
            stages.EXPERIMENTS,
            self._open,
            lambda opened: f"{opened.found.experiments} active",
            READING_SECONDS,
        )
        if thorough:
            run.run(stages.TRACE, lambda: _look_at_a_trace(connection), str, READING_SECONDS)
        connection.found = replace(connection.found, stages=tuple(run.ended))
        return connection

    def _sign_in(self) -> str:
        started = time.perf_counter()
        if self._address.kind in SQL_KINDS:
            self._look = look(self._address, self._timeout)
            self._direct = SqlClient.of(self._address, self._look)
            said = f"{self._look.program}, read-only"
        elif self._address.kind is StoreKind.FILES:
            said = "not needed"
        else:
            said = check_sign_in(self._address, self._variables, self._timeout)
        self._round_trip_ms = (time.perf_counter() - started) * 1000
        return said

    def _version(self) -> str:
        if self._look is not None:
            if self._direct is not None:
                return f"schema of MLflow {MADE_BY[self._look.revision]}, read directly"
            return check_schema(self._look)
        if self._address.kind is not StoreKind.SERVER:
            return f"MLflow {self._mlflow_version} here"
        self._server_version = server_version(self._address, self._timeout)
        return compared(self._mlflow_version, self._server_version)

    def _open(self) -> Connection:
        address = self._address
        try:
            client = self._direct or open_client(address, self._variables)
        except Exception as error:
            raise opening_problem(error, address) from error
        found = Found(
            self._mlflow_version,
            self._server_version,
            self._round_trip_ms,
            0,
            tuple(self._notes()),
        )
        reader = SqlTraces if self._direct else _READERS.get(address.kind, StoreTraces)
        connection = Connection(client, address, reader, found)
        connection.found = replace(found, experiments=len(connection.experiments()))
        return connection

    def _notes(self) -> Iterator[str]:
        address = self._address
        if address.origin:
            yield address.origin
        if address.kind is StoreKind.SQLITE and checks.keeps_write_ahead_log(address):
            # SQLite cannot read such a file without them, unless nobody ever writes to it again.
            yield "The file has a write-ahead log: SQLite keeps two helper files beside it."
        if address.kind in SQL_KINDS and self._direct is None:
            yield "The tables have a form unknown here: traces are read through MLflow, more slowly."
        if address.kind is StoreKind.FILES:
            yield (
                "MLflow reads directories ever more slowly as they grow, and by itself no longer from "
                "3.13 on; mlflow-tui allows it for reading (MLFLOW_ALLOW_FILE_STORE)."
            )


def _look_at_a_trace(connection: Connection) -> str:
    """Read the newest trace with its spans: what works for one is expected to work for all."""
    looked = connection.experiments()[:_LOOKED_INTO]
    for experiment in looked:
        source = connection.source(experiment)
        newest = next(source.infos(), [])[:1]
        for outcome in source.traces(newest):
            if isinstance(outcome, TraceRecord):
                return f"the newest of {experiment.name} has {len(outcome.spans)} spans"
            return f"the newest of {experiment.name} cannot be shown: {outcome.reason}"
    return f"none in the {len(looked)} experiments changed last" if looked else "no experiments"

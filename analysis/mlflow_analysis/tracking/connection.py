"""Connect to a tracking store: understand its address, check it, and list what is in it.

    connection = connect("sqlite:///mlflow.db")
    source = connection.experiment("support agent")

Nothing is created, migrated or changed by connecting and reading; what MLflow would do of that kind
is looked for first and refused with a ``ConnectionProblem``.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from mlflow_analysis.protocol import ConnectionReport, ExperimentFigures, ExperimentSummary
from mlflow_analysis.records import Experiment
from mlflow_analysis.tracking import checks
from mlflow_analysis.tracking.address import (
    SQL_KINDS,
    Address,
    StoreKind,
    describe,
    parse,
    without_secrets,
)
from mlflow_analysis.tracking.checks import check, database_problem, details_of
from mlflow_analysis.tracking.convert import experiment_record
from mlflow_analysis.tracking.environment import load_mlflow
from mlflow_analysis.tracking.figures import figures_of_newest, figures_of_tables
from mlflow_analysis.tracking.problems import (
    ConnectionProblem,
    ExperimentNotFound,
    FilterNotUnderstood,
    TraceNotReadable,
)
from mlflow_analysis.tracking.reader import StoreTraces
from mlflow_analysis.tracking.server import check_server
from mlflow_analysis.tracking.sql_reader import SqlTraces, schema_is_known
from mlflow_analysis.tracking.survey import Survey, summary, survey
from mlflow_analysis.untrusted import single_line

__all__ = [
    "Connection",
    "ConnectionProblem",
    "ExperimentNotFound",
    "FilterNotUnderstood",
    "TraceNotReadable",
    "connect",
    "describe",
    "glance",
    "without_secrets",
]


def glance(tracking_uri: str = "", *, timeout_seconds: float = 5.0) -> None:
    """Whether there is anything at ``tracking_uri``, told at once, without loading MLflow.

    Raises ``ConnectionProblem``. Passing says little: ``connect`` looks closely.
    """
    checks.glance(parse(tracking_uri, timeout_seconds=timeout_seconds), timeout_seconds)


def connect(tracking_uri: str = "", *, timeout_seconds: float = 5.0) -> Connection:
    """Connect to ``tracking_uri``; "" is the one in the environment (``MLFLOW_TRACKING_URI``).

    ``timeout_seconds`` bounds each step of the check, not later reading. Raises
    ``ConnectionProblem``.
    """
    address = parse(tracking_uri, timeout_seconds=timeout_seconds)
    started = time.perf_counter()
    check(address, timeout_seconds)
    mlflow = load_mlflow()
    version = ""
    if address.kind is StoreKind.SERVER:
        started = time.perf_counter()
        version = check_server(address, timeout_seconds)
    try:
        client = mlflow.MlflowClient(tracking_uri=address.mlflow_uri)
        if address.kind is not StoreKind.SERVER:
            started = time.perf_counter()
            client.search_experiments(max_results=1)
    except Exception as error:
        raise _opening_problem(error, address) from error
    round_trip_ms = (time.perf_counter() - started) * 1000
    notes: tuple[str, ...] = ()
    if address.from_environment:
        notes += ("The address comes from MLFLOW_TRACKING_URI.",)
    if address.kind is StoreKind.SQLITE and checks.check_sqlite_file(address):
        # SQLite cannot read such a file without them, unless nobody ever writes to it again.
        notes += ("The file has a write-ahead log: SQLite keeps two helper files beside it.",)
    direct = address.kind in SQL_KINDS and schema_is_known(client)
    if address.kind in SQL_KINDS and not direct:
        notes += (
            "The tables have a form unknown here: traces are read through MLflow, more slowly.",
        )
    reader = SqlTraces if direct else StoreTraces
    return Connection(client, address, mlflow.__version__, version, round_trip_ms, notes, reader)


class Connection:
    """A store that was checked and can be read."""

    def __init__(
        self,
        client: Any,
        address: Address,
        client_version: str,
        server_version: str,
        round_trip_ms: float,
        notes: tuple[str, ...],
        reader: type[StoreTraces] = StoreTraces,
    ) -> None:
        self._client = client
        self._address = address
        self._client_version = client_version
        self._server_version = server_version
        self._round_trip_ms = round_trip_ms
        self._notes = notes
        self._reader = reader
        self._listed: dict[str, str] = {}
        """Names of the experiments by id, as listed last: of thousands, listing takes a second."""

    @property
    def tracking_uri(self) -> str:
        """The store's address without credentials."""
        return self._address.shown

    def report(self) -> ConnectionReport:
        """What was found, for the user. Counts the experiments anew."""
        return ConnectionReport(
            tracking_uri=self._address.shown,
            store=self._address.kind.value,
            client_version=self._client_version,
            server_version=self._server_version,
            experiments=len(self.experiments()),
            round_trip_ms=self._round_trip_ms,
            notes=self._notes,
        )

    def experiments(self) -> list[Experiment]:
        """The active experiments, most recently changed first, ties by id."""
        found: list[Experiment] = []
        token: str | None = None
        try:
            while True:
                page = self._client.search_experiments(max_results=1000, page_token=token)
                found += [experiment_record(each) for each in page]
                token = page.token
                if not token:
                    break
        except Exception as error:
            raise _opening_problem(error, self._address) from error
        self._listed = {each.experiment_id: each.name for each in found}
        return sorted(found, key=lambda each: (-(each.last_update_ms or 0), each.experiment_id))

    def experiment(self, name_or_id: str) -> StoreTraces:
        """The traces of the experiment of that id, or else that name.

        Raises ``ExperimentNotFound``.
        """
        experiments = self.experiments()
        wanted = single_line(name_or_id)
        for matches in (
            [each for each in experiments if each.experiment_id == wanted],
            [each for each in experiments if each.name == wanted],
        ):
            if matches:
                chosen = matches[0]
                return self._reader(self._client, self._address, chosen.experiment_id, chosen.name)
        raise ExperimentNotFound(
            f"{self._address.shown} has no experiment {wanted!r}.",
            _suggestion(wanted, [each.name for each in experiments]),
        )

    def figures(self, experiment_ids: Sequence[str]) -> list[ExperimentFigures]:
        """A line of figures for each of these experiments, in their order."""
        try:
            if self._address.kind in SQL_KINDS:
                return figures_of_tables(self._client._tracking_client.store.engine, experiment_ids)
            return [
                figures_of_newest(self._reader(self._client, self._address, each, ""))
                for each in experiment_ids
            ]
        except ConnectionProblem:
            raise
        except Exception as error:
            raise _opening_problem(error, self._address) from error

    def survey(self, experiment_id: str, *, spans_of: int = 60) -> Survey:
        """A look into an experiment: its newest infos, and ``spans_of`` traces spread over them."""
        if experiment_id not in self._listed:
            return survey(self.experiment(experiment_id), spans_of=spans_of)
        source = self._reader(
            self._client, self._address, experiment_id, self._listed[experiment_id]
        )
        return survey(source, spans_of=spans_of)

    def summarise(self, experiment_id: str) -> ExperimentSummary:
        """What an experiment holds. Which hypotheses can be tested is not known down here."""
        return summary(self.survey(experiment_id))


def _suggestion(wanted: str, names: list[str]) -> str:
    from rapidfuzz import fuzz, process, utils

    if not names:
        return "It has no experiments at all."
    match = process.extractOne(
        wanted, names, scorer=fuzz.WRatio, processor=utils.default_process, score_cutoff=70
    )
    if match is not None:
        return f"Did you mean {match[0]!r}?"
    return (
        "There are: "
        + ", ".join(repr(name) for name in names[:5])
        + ("." if len(names) <= 5 else f" and {len(names) - 5} more.")
    )


def _opening_problem(error: Exception, address: Address) -> ConnectionProblem:
    cause: BaseException | None = error
    while cause is not None:
        if hasattr(cause, "orig"):
            return database_problem(cause, address)
        cause = cause.__cause__ or cause.__context__
    if getattr(error, "error_code", "") in {"UNAUTHENTICATED", "PERMISSION_DENIED"}:
        return ConnectionProblem(
            "The store does not let you read.", "Check the credentials.", details_of(error, address)
        )
    return ConnectionProblem(
        f"{address.shown} could not be read.",
        "See the details for what MLflow said.",
        details_of(error, address),
    )

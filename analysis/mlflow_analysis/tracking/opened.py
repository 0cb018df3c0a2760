"""A store that was checked and can be read."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlflow_analysis.protocol import (
    CheckStage,
    ConnectionReport,
    ExperimentFigures,
    ExperimentSummary,
)
from mlflow_analysis.records import Experiment
from mlflow_analysis.tracking.address import SQL_KINDS, Address, writable
from mlflow_analysis.tracking.annotating import Annotator
from mlflow_analysis.tracking.checks import details_of
from mlflow_analysis.tracking.client import open_client
from mlflow_analysis.tracking.convert import experiment_record
from mlflow_analysis.tracking.database import database_problem, finish_interrupted_write
from mlflow_analysis.tracking.environment import Variables
from mlflow_analysis.tracking.figures import figures_of_newest, figures_of_tables
from mlflow_analysis.tracking.filed import Filed
from mlflow_analysis.tracking.filter_syntax import check_filter
from mlflow_analysis.tracking.problems import ConnectionProblem, ExperimentNotFound
from mlflow_analysis.tracking.reader import StoreTraces
from mlflow_analysis.tracking.sql_client import SqlClient, engine_of
from mlflow_analysis.tracking.survey import Survey, summary, survey
from mlflow_analysis.tracking.versions import missing, refuses_as_known
from mlflow_analysis.tracking.withdrawal import Withdrawal
from mlflow_analysis.tracking.writer import Writer
from mlflow_analysis.untrusted import single_line

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """What the check of a store found out."""

    client_version: str
    server_version: str
    """"" where there is no server, or it does not say."""
    round_trip_ms: float
    experiments: int
    """Active ones."""
    notes: tuple[str, ...]
    stages: tuple[CheckStage, ...] = ()


class Connection:
    """A store that was checked and can be read."""

    def __init__(
        self, client: Any, address: Address, reader: type[StoreTraces], found: Found
    ) -> None:
        self._client = client
        self._address = address
        self._reader = reader
        self.found = found
        self._listed: dict[str, Experiment] = {}
        """By id, as listed last: listing thousands takes a second."""

    @property
    def tracking_uri(self) -> str:
        """The store's address without credentials."""
        return self._address.shown

    def report(self) -> ConnectionReport:
        """What the check found, for the user."""
        return ConnectionReport(
            tracking_uri=self._address.shown,
            store=self._address.kind.value,
            client_version=self.found.client_version,
            server_version=self.found.server_version,
            experiments=self.found.experiments,
            round_trip_ms=self.found.round_trip_ms,
            notes=self.found.notes,
            stages=self.found.stages,
            missing=missing(self._address, self.found.client_version, self.found.server_version),
        )

    def check_filter(self, filter_string: str) -> None:
        """Raises ``FilterNotUnderstood``, with the place, for what MLflow or this store would refuse."""
        found = self.found
        known = refuses_as_known(self._address, found.client_version, found.server_version)
        check_filter(filter_string, self._address.kind if known else None)

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
            raise opening_problem(error, self._address) from error
        self._listed = {each.experiment_id: each for each in found}
        return sorted(found, key=lambda each: (-(each.last_update_ms or 0), each.experiment_id))

    def experiment(self, name_or_id: str) -> StoreTraces:
        """The traces of the experiment of that id, or else that name.

        Raises ``ExperimentNotFound``.
        """
        wanted = single_line(name_or_id)
        found = self._looked_up(wanted)
        if found is not None:
            return self.source(found)
        experiments = self.experiments()
        for each in experiments:  # a name as it is shown may stand for one that cannot be shown
            if wanted in (each.experiment_id, each.name):
                return self.source(each)
        raise ExperimentNotFound(
            f"{self._address.shown} has no experiment {wanted!r}.",
            _suggestion(wanted, [each.name for each in experiments]),
        )

    def _looked_up(self, wanted: str) -> Experiment | None:
        """The active experiment of that id, or else that name, asked for alone: listing thousands takes a second.

        ``None`` if that does not find it; listing them then tells why.
        """
        asked = [self._client.get_experiment_by_name]
        if wanted.isascii() and wanted.isdigit():  # a server takes minutes to refuse any other id
            asked.insert(0, self._client.get_experiment)
        for ask in asked:
            try:
                found = ask(wanted)
            except Exception as error:  # noqa: BLE001 - none of that id, or listing meets it, too
                logger.debug("An experiment was not found at once: %s", type(error).__name__)
                continue
            if found is not None and found.lifecycle_stage == "active":
                return experiment_record(found)
        return None

    def source(self, experiment: Experiment) -> StoreTraces:
        """The traces of an experiment of this store."""
        return self._reader(self._client, self._address, experiment.experiment_id, experiment.name)

    def figures(self, experiment_ids: Sequence[str]) -> list[ExperimentFigures]:
        """A line of figures for each of these experiments, in their order."""
        try:
            if self._address.kind in SQL_KINDS:
                return figures_of_tables(engine_of(self._address.mlflow_uri), experiment_ids)
            return [figures_of_newest(self.source(Experiment(each, ""))) for each in experiment_ids]
        except Exception as error:
            raise opening_problem(error, self._address) from error

    def writer(self, experiment_id: str) -> Writer:
        """Writes to an experiment. Raises ``ConnectionProblem``."""
        return Writer(self._filed(experiment_id))

    def annotator(self) -> Annotator:
        """Writes on single traces. Raises ``ConnectionProblem``."""
        address = self._address_to_write()
        finish_interrupted_write(address)
        try:
            return Annotator(open_client(address, Variables(address.variables)), address)
        except Exception as error:
            raise opening_problem(error, address) from error

    def withdrawal(self, experiment_id: str) -> Withdrawal:
        """Takes back what was written to an experiment. Raises ``ConnectionProblem``."""
        return Withdrawal(self._filed(experiment_id))

    def _filed(self, experiment_id: str) -> Filed:
        """Through a client of its own: that of reading may be read-only."""
        address = self._address_to_write()
        try:
            client = open_client(address, Variables(address.variables))
            client.get_experiment(experiment_id)
        except Exception as error:
            raise opening_problem(error, address) from error
        return Filed(client, address, experiment_id)

    def _address_to_write(self) -> Address:
        """Where to write. Raises ``ConnectionProblem`` for tables that MLflow would migrate first."""
        if isinstance(self._client, SqlClient):
            self._client.check()
        return replace(self._address, mlflow_uri=writable(self._address))

    def survey(self, experiment_id: str, *, spans_of: int = 60) -> Survey:
        """A look into an experiment: its newest infos, and ``spans_of`` traces spread over them."""
        listed = self._listed.get(experiment_id)
        source = self.source(listed) if listed else self.experiment(experiment_id)
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


def opening_problem(error: Exception, address: Address) -> ConnectionProblem:
    """What it means that MLflow's client failed where the check had passed."""
    if isinstance(error, ConnectionProblem):
        return error
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

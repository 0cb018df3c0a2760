"""What the user writes to the store: the review, as MLflow issues; and its withdrawal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mlflow_analysis.filing.issues import issues_page
from mlflow_analysis.filing.write_back import ONLY_REPORT, AlreadyWriting, alone, filing_for
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.protocol import Outcome, Plan, Pushed, StepsDone
from mlflow_analysis.review import Review
from mlflow_analysis.tracking.connection import Connection, ConnectionProblem
from mlflow_analysis.tracking.filed import Told, WritingStopped

TAKEN_BACK_BY = "U takes all of it back; so does: mlflow-tui undo-writes"


class Writing:
    """One writing at a time; each is planned anew and asked for by the user. Raises ``ConnectionProblem``."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Stop what is being written or planned."""
        self._stopped.set()

    def plan(self, connection: Connection, analysis: Analysis, review_path: str) -> Plan:
        """What filing the review takes."""
        filing = filing_for(analysis, Review(Path(review_path)))
        plan = connection.writer(analysis.experiment_id).plan(filing)
        only = () if filing.issues or filing.rejected else (ONLY_REPORT,)
        return Plan(_place(connection, analysis.experiment_id), (*only, *plan.lines()), plan.steps)

    def file(
        self,
        connection: Connection,
        analysis: Analysis,
        review_path: str,
        send: Callable[[Pushed], None],
    ) -> Outcome:
        """File the review. What was written before it was stopped stands, and is not written again."""
        filing = filing_for(analysis, Review(Path(review_path)))
        with self._alone(review_path):
            try:
                written = connection.writer(analysis.experiment_id).write(
                    filing, _teller(send), self._stopped.is_set
                )
            except WritingStopped:
                return Outcome(
                    ("Stopped. What was written stands; M goes on from there.", TAKEN_BACK_BY)
                )
        uri = connection.report().tracking_uri
        page = issues_page(uri, analysis.experiment_id, written.run_id)
        return Outcome(
            (
                f"Written to {_place(connection, analysis.experiment_id)}: {written}.",
                *page,
                TAKEN_BACK_BY,
            )
        )

    def plan_undo(self, connection: Connection, experiment_id: str) -> Plan:
        """What there is to take back."""
        self._stopped.clear()
        try:
            recall = connection.withdrawal(experiment_id).plan(self._stopped.is_set)
        except WritingStopped as stopped:
            raise ConnectionProblem("Stopped; nothing was taken back.") from stopped
        return Plan(_place(connection, experiment_id), recall.lines(), recall.steps)

    def undo(
        self,
        connection: Connection,
        experiment_id: str,
        review_path: str,
        send: Callable[[Pushed], None],
    ) -> Outcome:
        """Take back all that was ever written to the experiment."""
        with self._alone(review_path):
            try:
                withdrawn = connection.withdrawal(experiment_id).carry_out(
                    _teller(send), self._stopped.is_set
                )
            except WritingStopped:
                return Outcome(("Stopped. A part is taken back; U takes back the rest.",))
        return Outcome((f"Taken back from {_place(connection, experiment_id)}: {withdrawn}.",))

    @contextmanager
    def _alone(self, review_path: str) -> Iterator[None]:
        self._stopped.clear()
        try:
            with alone(Path(review_path)):
                yield
        except AlreadyWriting as other:
            raise ConnectionProblem(other.sentence, other.remedy) from other


def _place(connection: Connection, experiment_id: str) -> str:
    source = connection.experiment(experiment_id)
    return f"{connection.report().tracking_uri}, experiment {source.experiment_name}"


def _teller(send: Callable[[Pushed], None]) -> Told:
    return lambda done, writes: send(StepsDone(done, writes))

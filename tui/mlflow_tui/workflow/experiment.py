"""Opening a store and an experiment: its traces are read, what was decided and said of it is found again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual import work

from mlflow_analysis import protocol
from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_tui.actions import TRACES
from mlflow_tui.client import EngineProblem
from mlflow_tui.workflow.engine import EngineApp

if TYPE_CHECKING:
    from mlflow_analysis.brief.charter import Charter
    from mlflow_analysis.protocol import ConnectionReport
    from mlflow_analysis.records import Experiment
    from mlflow_analysis.review import Review
    from mlflow_tui.board.state import BoardState


class ExperimentApp(EngineApp):
    """Has a store and an experiment open."""

    def connected(self, asked: ConnectionRequest, report: ConnectionReport) -> None:
        """A store answered: it is the open one. Another one than before has other experiments."""
        from mlflow_tui.board.state import BoardState

        state = self.state
        before = state.connection.tracking_uri if state.connection else ""
        state.asked, state.connection = asked, report
        if before != report.tracking_uri:
            state.experiments, state.experiment = (), None
            state.figures, state.summaries = {}, {}
            state.table, state.review, state.board = None, None, BoardState()
        self.state_changed()

    def choose_experiment(self, experiment: Experiment, filter_string: str = "") -> None:
        """Make ``experiment`` the open one: its traces and its review are read, the board is empty."""
        from mlflow_analysis.review import review_path

        state = self.state
        uri = state.connection.tracking_uri if state.connection else ""
        state.experiment = experiment
        state.filter_string = filter_string
        state.table = None
        state.table_problem = None
        state.query = protocol.RowQuery()
        state.trace_id = ""
        state.analysis_problem = None
        state.review = self._open_review(
            review_path(self.settings.review_directory, uri, experiment.experiment_id)
        )
        state.charter = self._read_charter()
        state.board = self._empty_board()
        self._table_opened.clear()
        self.state_changed()
        self.read_table(filter_string)

    def _open_review(self, path: Path) -> Review | None:
        """What was decided before; ``None`` if it cannot be read: then nothing can be decided either."""
        from mlflow_analysis.review import Review

        try:
            return Review(path)
        except OSError as error:
            sentence = f"The review cannot be opened: {error.strerror or error}"
            self.state.review_problem = sentence
            self.notify(sentence, severity="error", timeout=20)
            return None

    def _empty_board(self) -> BoardState:
        from mlflow_tui.board.state import BoardState

        review = self.state.review
        if review is None:
            return BoardState()
        return BoardState(review.standing, review.course_since, review.author)

    @work(exclusive=True, group="table", exit_on_error=False)
    async def read_table(self, filter_string: str) -> None:
        """Read the open experiment's traces. If that fails, what was there before stays."""
        state = self.state
        assert state.experiment is not None
        try:
            table = await self.client.ask(
                protocol.OpenExperiment(state.experiment.experiment_id, filter_string)
            )
        except EngineProblem as failure:
            state.table_problem = failure.problem
        else:
            state.table_problem = None
            state.table = table
            state.filter_string = filter_string
        self._table_opened.set()
        self.state_changed()

    async def show_evidence(
        self, trace_id: str, span_id: str, excerpt: str, finding: str = ""
    ) -> None:
        """Open an example of a finding in Traces, at its span; esc comes back to the board."""
        from mlflow_tui.screens.traces import TracesScreen

        await self.switch_mode(TRACES)
        screen = self.screen
        if isinstance(screen, TracesScreen):
            screen.show_evidence(trace_id, span_id, excerpt, protocol.RowQuery(finding=finding))

    # ---- what the user says of the application ------------------------------------------

    def _charter_path(self) -> Path | None:
        from mlflow_analysis.brief.charter import charter_path

        state = self.state
        if state.experiment is None:
            return None
        uri = state.connection.tracking_uri if state.connection else ""
        return charter_path(self.settings.review_directory, uri, state.experiment.experiment_id)

    def _read_charter(self) -> Charter:
        from mlflow_analysis.brief.charter import Charter, CharterNotUnderstood, read_charter

        path = self._charter_path()
        try:
            return read_charter(path) if path is not None else Charter()
        except CharterNotUnderstood as problem:
            sentence = f"{problem.sentence} Until you say it anew, nothing of it is used."
        except OSError as error:
            sentence = f"{path} cannot be read: {error.strerror or error}."
        self.notify(sentence, severity="error", timeout=20)
        return Charter()

    def keep_charter(self, charter: Charter) -> None:
        """What the user said holds from now on, in later sessions too."""
        from mlflow_analysis.brief.charter import write_charter

        self.state.charter = charter
        path = self._charter_path()
        if path is None:
            return
        try:
            write_charter(path, charter)
        except OSError as error:
            self.notify(
                f"What you said could not be saved: {error.strerror or error}. It holds until you leave.",
                severity="error",
            )

"""Trying a connection: the check, how far it is, what came of it, and where to go then."""

from __future__ import annotations

import time

from textual import work
from textual.timer import Timer
from textual.worker import Worker, get_current_worker

from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.protocol import (
    CancelCheck,
    CheckConnection,
    CheckStage,
    ConnectionReport,
    ListExperiments,
    Problem,
    Pushed,
)
from mlflow_analysis.records import Experiment
from mlflow_tui.actions import BOARD, EXPERIMENTS, TRACES
from mlflow_tui.client import EngineProblem
from mlflow_tui.connection_form import lasting
from mlflow_tui.demo_store import make_demo_store
from mlflow_tui.screens.keeping import KeepingScreen


class CheckingScreen(KeepingScreen):
    """What a screen knows of the connection that it tried last. ``show`` draws that anew."""

    def __init__(self) -> None:
        super().__init__()
        self._tried: ConnectionRequest | None = None
        """What the verdict on the screen is about. It may hold a secret, so it is never drawn."""
        self._tried_demo = False
        self._profile = ""
        """The profile that was tried; "" for anything else."""
        self._report: ConnectionReport | None = None
        self._problem: Problem | None = None
        self._stages: dict[str, CheckStage] = {}
        self._details = False
        self._looking = False
        """Whether the user looks through the list, and so at what is under its cursor."""
        self._check: Worker[None] | None = None
        self._since = 0.0
        self._clock: Timer | None = None
        self._jumping = False
        """Whether to go on without being asked: the command line, or a profile, said where to."""

    def show(self) -> None:
        """Draw what is known of the check."""
        raise NotImplementedError

    def action_recheck(self) -> None:
        """Try once more."""
        if self._tried is not None:
            self._try(self._tried, profile=self._profile, demo=self._tried_demo)

    def _try(self, connection: ConnectionRequest, *, profile: str = "", demo: bool = False) -> None:
        self._tried, self._profile, self._tried_demo = connection, profile, demo
        self._report = self._problem = None
        self._stages = {}
        self._details = self._looking = False
        self._since = time.monotonic()
        if self._clock is None:
            self._clock = self.set_interval(1.0, self.show)
        self._check = self._run_check(connection, demo)
        self.show()

    @work(exclusive=True, group="check", exit_on_error=False)
    async def _run_check(self, connection: ConnectionRequest, demo: bool) -> None:
        app = self.tui
        worker = get_current_worker()
        experiment, to_board = app.start_experiment, app.start_demo or demo
        try:
            if demo:
                uri, experiment = await make_demo_store()
                connection, self._jumping = ConnectionRequest(uri), True
            report = await self.client.ask(
                CheckConnection(connection.tracking_uri, connection.env_file, connection.sign_in)
            )
            self._adopt(connection, report)
            if not to_board:
                self.remember()
            if self._jumping:
                self._jumping = False
                await self._jump(experiment, to_board)
        except EngineProblem as failure:
            self._problem = failure.problem
        except OSError as error:
            self._problem = Problem(
                "The sample store could not be made.",
                "See whether there is room in your cache directory.",
                str(error),
            )
        finally:
            if self._check is worker:  # else another check has taken its place
                self._ended()

    def _ended(self) -> None:
        self._check = None
        if self._clock is not None:
            self._clock.stop()
            self._clock = None
        self.show()

    def _adopt(self, connection: ConnectionRequest, report: ConnectionReport) -> None:
        """The store is the open one from now on."""
        self._report = report
        self.tui.connected(connection, report)

    def remember(self) -> None:
        """What was tried last is what was used last."""
        if self._tried is None:
            return
        try:
            if self._profile:
                self.tui.settings.remember_profile(self._profile)
            else:
                self.tui.settings.remember(lasting(self._tried).tracking_uri)
        except OSError as error:
            self.tell(f"The address is not kept for next time: {error}.", problem=True)

    async def _jump(self, wanted: str | None, demo: bool) -> None:
        """Go on to where the command line (or the demo) says."""
        if wanted is None:
            self.app.switch_mode(EXPERIMENTS)
            return
        found = (await self.client.ask(ListExperiments())).experiments
        self.state.experiments = found
        chosen = named(found, wanted)
        if chosen is None:
            self.tell(f"This store has no experiment called {wanted}. Choose one.", problem=True)
            self.app.switch_mode(EXPERIMENTS)
            return
        self.tui.choose_experiment(chosen, self.tui.start_filter)
        self.state.query = self.tui.start_query
        self.app.switch_mode(BOARD if demo else TRACES)

    def engine_pushed(self, bodies: tuple[Pushed, ...]) -> None:
        """The check tells how far it is."""
        stages = [body for body in bodies if isinstance(body, CheckStage)]
        if stages and self._check is not None:
            self._stages |= {stage.name: stage for stage in stages}
            self.show()

    def give_up(self) -> None:
        """End the check that is running."""
        if self._check is not None:
            self._check.cancel()
        self._tried, self._jumping = None, False
        self._ended()
        self._tell_engine()

    @work(group="give up", exit_on_error=False)
    async def _tell_engine(self) -> None:
        """The engine need not wait for an answer that nobody wants any more."""
        try:
            await self.client.ask(CancelCheck())
        except EngineProblem as failure:
            self.tell_problem(failure.problem)

    def action_details(self) -> None:
        """Show or hide the full error."""
        self._details = not self._details
        self.show()


def named(experiments: tuple[Experiment, ...], wanted: str) -> Experiment | None:
    """The experiment of that name, or else of that id."""
    for experiment in experiments:
        if experiment.name == wanted:
            return experiment
    return next((each for each in experiments if each.experiment_id == wanted), None)

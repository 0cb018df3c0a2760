"""Watch mode: the engine looks for new and changed traces, and what it finds arrives as in an analysis.

An engine that dies meanwhile is started again, and the watch goes on; where it dies again at once, it ends.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from textual import work

from mlflow_analysis import protocol
from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_tui.client import EngineProblem
from mlflow_tui.workflow.analysis import AnalysisApp

if TYPE_CHECKING:
    from mlflow_analysis.protocol import ConnectionReport, Problem, Pushed
    from mlflow_analysis.records import Experiment


class WatchApp(AnalysisApp):
    """Watches the open experiment, from when the user says so until another is opened."""

    _catching_up = False
    """Whether a new engine analyses what the one before had analysed, and the board shows."""

    def toggle_watching(self) -> None:
        """Begin to watch the open experiment, or end it."""
        if self.state.watch is None:
            self.state.watch = protocol.WatchState(watching=True)
            self._watch()
        else:
            self._stop_watching()
        self.state_changed()

    def connected(self, asked: ConnectionRequest, report: ConnectionReport) -> None:
        """Another store than before is not the one that was watched."""
        before = self.state.connection
        if before is not None and before.tracking_uri != report.tracking_uri:
            self._stop_watching()
        super().connected(asked, report)

    def choose_experiment(self, experiment: Experiment, filter_string: str = "") -> None:
        """Another experiment than before is not the one that was watched."""
        self._stop_watching()
        super().choose_experiment(experiment, filter_string)

    @work(exclusive=True, group="watch", exit_on_error=False)
    async def _watch(self) -> None:
        await self._table_opened.wait()  # before that, the engine has another experiment open
        goes_on, is_new_engine = True, False
        while goes_on:
            try:
                if is_new_engine:
                    await self._catch_up()
                await self.client.ask(protocol.StartWatching(self.reading.watch_every_s))
                goes_on = False
            except EngineProblem as failure:
                goes_on = is_new_engine = self._goes_on_after(failure.problem)
        self.state.watch = None
        self.state_changed()

    def _goes_on_after(self, problem: Problem) -> bool:
        """Whether the watch goes on though its engine answered no more; the user is told."""
        crashes = self.crashes_with(problem)
        if crashes != 1:
            why = (
                f"The engine stopped {crashes} times within a minute; what went wrong is in "
                f"{self.settings.log_directory / 'engine.log'}. w begins again."
                if crashes
                else problem.sentence
            )
            self.notify(f"Watching ended. {why}", severity="error", timeout=15)
            return False
        self.notify("The engine is started again, and the watch goes on.", timeout=15)
        if self.state.watch is not None:
            stopped = "The engine stopped and is started again."
            self.state.watch = replace(self.state.watch, problem=stopped, reading=0)
        self.state_changed()
        return True

    async def _catch_up(self) -> None:
        """Have a new engine analyse what the one before had analysed, so that it goes on from there."""
        analysis = self.state.board.analysis
        if analysis is None:
            return
        self._catching_up = True
        try:
            await self.client.ask(self.analysis_wanted(analysis.seed))
        finally:
            self._catching_up = False

    def _engine_pushed(self, bodies: tuple[Pushed, ...]) -> None:
        """Of a run that catches up its end alone is news: the board shows the findings already."""
        if self._catching_up:
            from mlflow_analysis.events import AnalysisReady, Event

            bodies = tuple(
                each
                for each in bodies
                if isinstance(each, AnalysisReady) or not isinstance(each, get_args(Event))
            )
        super()._engine_pushed(bodies)

    def _stop_watching(self) -> None:
        if self.state.watch is not None:
            self.state.watch = None
            self._end_watch()

    @work(exclusive=True, group="watch", exit_on_error=False)
    async def _end_watch(self) -> None:
        """Takes the place of ``_watch``, which then waits for its answer no longer."""
        try:
            await self.client.ask(protocol.StopWatching())
        except EngineProblem as failure:
            self.notify(failure.problem.sentence, severity="error")

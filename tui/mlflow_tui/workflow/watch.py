"""Watch mode: the engine looks for new and changed traces, and what it finds arrives as in an analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from mlflow_analysis import protocol
from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_tui.client import EngineProblem
from mlflow_tui.workflow.analysis import AnalysisApp

if TYPE_CHECKING:
    from mlflow_analysis.protocol import ConnectionReport
    from mlflow_analysis.records import Experiment


class WatchApp(AnalysisApp):
    """Watches the open experiment, from when the user says so until another is opened."""

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
        try:
            await self.client.ask(protocol.StartWatching(self.reading.watch_every_s))
        except EngineProblem as failure:
            problem = failure.problem
            self.notify(f"Watching ended. {problem.sentence}", severity="error", timeout=15)
        self.state.watch = None
        self.state_changed()

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

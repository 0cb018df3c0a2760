"""Running an analysis of the open experiment, and asking for claims of the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import work

from mlflow_analysis import protocol
from mlflow_tui.client import EngineProblem
from mlflow_tui.reading_options import ReadingOptions
from mlflow_tui.workflow.experiment import ExperimentApp

if TYPE_CHECKING:
    from mlflow_analysis.brief.focus import Focus
    from mlflow_analysis.protocol import StartAnalysis


class AnalysisApp(ExperimentApp):
    """Analyses what is open."""

    reading: ReadingOptions = ReadingOptions()

    def start_analysis(self, focus: str = "", seed: int = 0) -> None:
        """Analyse the open experiment afresh; its events arrive at every screen.

        What the user said of it before holds: purpose, tools, scope, claims of their own.
        """
        state = self.state
        purpose = state.charter.purpose
        state.board = self._empty_board()
        if purpose is not None and purpose.description:
            state.board.settle_purpose(purpose)
        state.board.set_focus(focus)
        state.analysis_problem = None
        state.analysing = True
        self.state_changed()
        self._analyse(self.analysis_wanted(seed))

    def analysis_wanted(self, seed: int) -> StartAnalysis:
        """The request for an analysis with what the user said of the experiment, and how it is to be read."""
        from mlflow_analysis.review import (
            ANALYSES,  # here and in the rooms beside: not before first paint
        )

        charter, reading = self.state.charter, self.reading
        return protocol.StartAnalysis(
            charter.purpose,
            charter.focuses,
            seed,
            judge=self.state.judge,
            keep_in=str(self.settings.review_directory.parent / ANALYSES),
            workers=reading.workers,
            engine=reading.engine,
            cache=reading.cache,
        )

    @work(exclusive=True, group="analysis", exit_on_error=False)
    async def _analyse(self, request: StartAnalysis) -> None:
        await self._table_opened.wait()  # before that, the engine has another experiment open
        try:
            done = await self.client.ask(request)
            if done.note:
                self.notify(done.note, severity="warning", timeout=15)
        except EngineProblem as failure:
            self.state.analysis_problem = failure.problem
        finally:
            self.state.analysing = False
            self.state_changed()

    def ask_claims(self, claims: Sequence[Focus]) -> None:
        """Test exactly these claims of the user's own, now and in later analyses."""
        kept = tuple({claim.key: claim for claim in claims}.values())
        self.keep_charter(replace(self.state.charter, focuses=kept))
        self.state.board.ask_claims(kept)
        self.state_changed()
        if self.state.analysing or self.state.board.analysis is not None:
            self._ask_claims(kept)

    @work(group="claims", exit_on_error=False)
    async def _ask_claims(self, claims: tuple[Focus, ...]) -> None:
        try:
            done = await self.client.ask(protocol.AskFocuses(claims, self.state.judge))
            if done.note:
                self.notify(done.note, severity="warning", timeout=15)
        except EngineProblem as failure:
            self.notify(f"{failure.problem.sentence} {failure.problem.remedy}", severity="error")

    @work(group="stop", exit_on_error=False)
    async def stop_analysis(self) -> None:
        """Stop reading; the engine concludes from what was read."""
        try:
            await self.client.ask(protocol.Stop())
        except EngineProblem as failure:
            self.notify(failure.problem.sentence, severity="error")

"""The reviewed findings go to MLflow from the report screen, and back again."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from textual import work

from mlflow_analysis.protocol import (
    FileReview,
    PlanFiling,
    PlanUndoWrites,
    Pushed,
    StopWriting,
    UndoWrites,
    WritesDone,
    Wrote,
)
from mlflow_tui.client import EngineProblem
from mlflow_tui.screens.base import StepScreen
from mlflow_tui.screens.writing_dialogs import ListDialog, ProgressDialog

Answered = TypeVar("Answered")


class WritingBack(StepScreen):
    """A screen that files the review: always the list first, then the question, then the writing."""

    _progress: ProgressDialog | None = None

    def writes_pushed(self, bodies: tuple[Pushed, ...]) -> None:
        """Show how far the writing is."""
        for body in bodies:
            if isinstance(body, WritesDone) and self._progress is not None:
                self._progress.progress(body.done, body.writes)

    @work(exclusive=True, group="dialog")
    async def action_file_issues(self) -> None:
        """The accepted findings as MLflow issues, the report as a run's files."""
        analysis, path = self.state.board.reviewed_analysis(), self._review_path()
        if analysis is None or path is None:
            return
        plan = await self._while(
            "Looking at what is there …", self.client.ask(PlanFiling(analysis, path))
        )
        if plan is None or not await self._agreed(f"Write to {plan.place}?", plan.lines, "write"):
            return
        written = await self._while(
            "Writing to MLflow:", self.client.ask(FileReview(analysis, path))
        )
        await self._told("Filed in MLflow", written)

    @work(exclusive=True, group="dialog")
    async def action_undo_writes(self) -> None:
        """Take back all that was ever written to the experiment."""
        path = self._review_path()
        if path is None:
            return
        plan = await self._while(
            "Looking for what was written …", self.client.ask(PlanUndoWrites())
        )
        if plan is None:
            return
        if not plan.writes:
            self.tell(f"mlflow-tui wrote nothing to {plan.place}.")
            return
        if not await self._agreed(f"Take back from {plan.place}?", plan.lines, "take back"):
            return
        undone = await self._while("Taking back:", self.client.ask(UndoWrites(path)))
        await self._told("Taken back", undone)

    def _review_path(self) -> str | None:
        review = self.state.review
        return str(review.path) if review is not None and review.path is not None else None

    async def _agreed(self, question: str, lines: tuple[str, ...], yes: str) -> bool:
        return await self.app.push_screen_wait(ListDialog(question, lines, yes=yes)) is True

    async def _told(self, title: str, wrote: Wrote | None) -> None:
        if wrote is not None:
            await self.app.push_screen_wait(ListDialog(title, wrote.lines))

    async def _while(self, doing: str, asked: Awaitable[Answered]) -> Answered | None:
        """The answer, with a dialog until it comes; ``None`` if there is none, after saying why."""
        dialog = self._progress = ProgressDialog(doing, self._stop_writing)
        await self.app.push_screen(dialog)
        try:
            return await asked
        except EngineProblem as failure:
            self.tell_problem(failure.problem)
            return None
        finally:
            self._progress = None
            dialog.dismiss()

    def _stop_writing(self) -> None:
        self._ask_to_stop()

    @work(group="stop-writing", exit_on_error=False)
    async def _ask_to_stop(self) -> None:
        try:
            await self.client.ask(StopWriting())
        except EngineProblem as failure:
            self.tell_problem(failure.problem)

"""The reviewed findings go to MLflow from the report screen, and back again."""

from __future__ import annotations

from textual import work

from mlflow_analysis.protocol import FileReview, PlanFiling, PlanUndoWrites, StopWriting, UndoWrites
from mlflow_tui.screens.agreed import AgreeingScreen


class WritingBack(AgreeingScreen):
    """A screen that files the review: always the list first, then the question, then the writing."""

    @work(exclusive=True, group="dialog")
    async def action_file_issues(self) -> None:
        """The accepted findings as MLflow issues, the report as a run's files."""
        analysis, path = self.state.board.reviewed_analysis(), self._review_path()
        if analysis is None or path is None:
            return
        asked = self.client.ask(PlanFiling(analysis, path))
        plan = await self.waited("Looking at what is there …", asked, StopWriting())
        if plan is None or not await self.agreed(f"Write to {plan.place}?", plan.lines, "write"):
            return
        asked_to_write = self.client.ask(FileReview(analysis, path))
        outcome = await self.waited("Writing to MLflow:", asked_to_write, StopWriting())
        await self.show_outcome("Filed in MLflow", outcome)

    @work(exclusive=True, group="dialog")
    async def action_undo_writes(self) -> None:
        """Take back all that was ever written to the experiment."""
        path = self._review_path()
        if path is None:
            return
        asked = self.client.ask(PlanUndoWrites())
        plan = await self.waited("Looking for what was written …", asked, StopWriting())
        if plan is None:
            return
        if not plan.steps:
            self.tell(f"mlflow-tui wrote nothing to {plan.place}.")
            return
        if not await self.agreed(f"Take back from {plan.place}?", plan.lines, "take back"):
            return
        undone = await self.waited("Taking back:", self.client.ask(UndoWrites(path)), StopWriting())
        await self.show_outcome("Taken back", undone)

    def _review_path(self) -> str | None:
        review = self.state.review
        return str(review.path) if review is not None and review.path is not None else None

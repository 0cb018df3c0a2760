"""What the engine does only after the user has read a list and agreed: the list, the progress, the outcome."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TypeVar

from textual import work

from mlflow_analysis.protocol import Outcome, Pushed, StepsDone, StopJudge, StopWriting
from mlflow_tui.client import EngineProblem
from mlflow_tui.screens.base import StepScreen
from mlflow_tui.screens.plan_dialogs import ListDialog, ProgressDialog

Answered = TypeVar("Answered")


class AgreeingScreen(StepScreen):
    """A screen that asks the engine for something that costs or writes."""

    _progress: ProgressDialog | None = None

    def steps_pushed(self, bodies: tuple[Pushed, ...]) -> None:
        """Show how far it is."""
        for body in bodies:
            if isinstance(body, StepsDone) and self._progress is not None:
                self._progress.progress(body.done, body.steps)

    async def agreed(self, question: str, lines: Sequence[str], yes: str) -> bool:
        """Whether the user has read ``lines`` and says yes."""
        return await self.app.push_screen_wait(ListDialog(question, lines, yes=yes)) is True

    async def show_outcome(self, title: str, outcome: Outcome | None) -> None:
        """What was done, until it is closed."""
        if outcome is not None:
            await self.app.push_screen_wait(ListDialog(title, outcome.lines))

    async def waited(
        self,
        doing: str,
        asked: Awaitable[Answered],
        stop: StopWriting | StopJudge | None = None,
    ) -> Answered | None:
        """The answer, with a dialog until it comes; ``None`` if there is none, after saying why."""
        dialog = self._progress = ProgressDialog(
            doing, lambda: self._ask_to(stop) if stop else None
        )
        await self.app.push_screen(dialog)
        try:
            return await asked
        except EngineProblem as failure:
            self.tell_problem(failure.problem)
            return None
        finally:
            self._progress = None
            dialog.dismiss()

    @work(group="stop-agreed", exit_on_error=False)
    async def _ask_to(self, stop: StopWriting | StopJudge) -> None:
        try:
            await self.client.ask(stop)
        except EngineProblem as failure:
            self.tell_problem(failure.problem)

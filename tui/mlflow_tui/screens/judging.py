"""The judge is asked about the finding under the cursor, after it was said what that may cost."""

from __future__ import annotations

from textual import work

from mlflow_analysis.protocol import AskJudge, PlanJudging, StopJudge
from mlflow_tui.screens.agreed import AgreeingScreen

NO_JUDGE = (
    "No language model is named, so none is asked. Start with --judge MODEL_URI, for example "
    "openai:/gpt-4.1-mini, or set MLFLOW_TUI_JUDGE."
)


class JudgingScreen(AgreeingScreen):
    """A screen with findings. The verdict stays the statistics', whatever the judge says."""

    @work(exclusive=True, group="dialog")
    async def ask_judge(self, fingerprint: str) -> None:
        """A second opinion on a sample of the finding's traces, and the cause in the judge's words."""
        choice = self.state.judge
        if choice is None:
            self.tell(NO_JUDGE)
            return
        asked = self.client.ask(PlanJudging(fingerprint, choice))
        plan = await self.waited("Looking at what it would cost …", asked)
        if plan is None or not await self.agreed(f"Ask {plan.place}?", plan.lines, "ask"):
            return
        opinion = self.client.ask(AskJudge(fingerprint, choice))
        outcome = await self.waited("Asking the judge:", opinion, StopJudge())
        await self.show_outcome("The judge's view, no verdict rests on it", outcome)

"""Claims of the user's own on the board: asked, changed, taken back."""

from __future__ import annotations

from mlflow_analysis.brief.focus import Focus
from mlflow_analysis.findings.kinds import Category
from mlflow_analysis.protocol import CheckFilter, Problem
from mlflow_tui.client import EngineProblem
from mlflow_tui.screens.claim import ClaimDialog
from mlflow_tui.screens.reviewing import ReviewingScreen


class ClaimingScreen(ReviewingScreen):
    """What the user asks beside what the catalogue does."""

    def action_add_claim(self) -> None:
        """Ask for a claim and test it."""
        self._ask_for_claim(None)

    def action_change_claim(self) -> None:
        """Put another in its place."""
        claim = self._own_claim()
        if claim is not None:
            self._ask_for_claim(claim)

    def action_remove_claim(self) -> None:
        """Take it back; what was decided of it stays in the review."""
        claim = self._own_claim()
        if claim is not None:
            self.tui.ask_claims([each for each in self.state.charter.focuses if each != claim])
            self.tell(f"Taken back: {claim.text}. + asks it again.")

    def _own_claim(self) -> Focus | None:
        """The claim of the user's own under the cursor."""
        card = self.card
        if card is None or card.category is not Category.USER:
            return None
        claims = self.state.charter.focuses
        return next((each for each in claims if card.hypothesis == f"own-{each.key}"), None)

    def _ask_for_claim(self, before: Focus | None) -> None:
        # Not awaited in a worker: what is typed ahead must go to the dialog.
        self.app.push_screen(
            ClaimDialog(self._problem_of, before), lambda claim: self._take_claim(before, claim)
        )

    def _take_claim(self, before: Focus | None, claim: Focus | None) -> None:
        if claim is None:
            return
        claims = [claim if each == before else each for each in self.state.charter.focuses]
        if claim not in claims:
            claims.append(claim)
        self.tui.ask_claims(claims)
        self._draw()
        key = self._board.successor(f"hypothesis:own-{claim.key}")
        if key is not None:
            self._list.go_to(key)

    async def _problem_of(self, filter_string: str) -> Problem | None:
        """What the store objects to in a filter."""
        try:
            await self.client.ask(CheckFilter(filter_string))
        except EngineProblem as failure:
            return failure.problem
        return None

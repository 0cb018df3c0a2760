"""What the reviewer does to cards: accept, reject, note, undo, mark, and walk through them."""

from __future__ import annotations

from collections.abc import Sequence

from textual import work

from mlflow_analysis.findings import Finding
from mlflow_analysis.review import Decision
from mlflow_tui.board_state import BoardState, Card, Filter
from mlflow_tui.decisions import Decisions
from mlflow_tui.screens.judging import JudgingScreen
from mlflow_tui.screens.reject import RejectDialog
from mlflow_tui.screens.text_dialog import TextDialog
from mlflow_tui.widgets.board_list import BoardList
from mlflow_tui.widgets.finding_card import claim


class DecidingScreen(JudgingScreen):
    """The reviewer's half of the board. The other half shows the cards and draws when told to."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = Filter.ALL
        self._reviewing = False
        self._passed_over: set[str] = set()
        """Cards left for later in this review."""
        self._decisions: Decisions | None = None

    def _draw(self) -> None:
        """Show the cards as they are now."""
        raise NotImplementedError

    @property
    def _board(self) -> BoardState:
        return self.state.board

    @property
    def _list(self) -> BoardList:
        return self.query_one(BoardList)

    @property
    def card(self) -> Card | None:
        """The card under the cursor."""
        cursor = self._list.cursor
        return self._board.card(cursor) if cursor is not None else None

    def _open_review(self) -> None:
        """Take the open experiment's review, with what others decided meanwhile."""
        review = self.state.review
        if review is None:
            return
        if self._decisions is None or self._decisions.review is not review:
            self._decisions = Decisions(review)
            self._shown, self._reviewing = Filter.ALL, False
        review.reload()
        self._board.refresh_rulings()

    async def _follow_up(self, findings: Sequence[Finding]) -> None:
        """Keep which decided findings the finished analysis speaks against."""
        if self._decisions is None:
            return
        try:
            await self._decisions.follow(findings)
        except OSError as error:
            problem = error.strerror or error
            self.tell(
                f"What has become of earlier findings could not be saved: {problem}.", problem=True
            )

    def _can_decide(self, action: str) -> bool:
        """Whether that one of the actions below has something to do now."""
        decisions = self._decisions
        if action in ("accept", "reject", "mark"):
            return bool(self._chosen_cards())
        if action == "comment":
            return self.card is not None and self.card.finding is not None
        if action == "undo":
            return decisions is not None and decisions.can_undo
        if action == "redo":
            return decisions is not None and decisions.can_redo
        if action == "review":
            return not self._reviewing and bool(self._board.count(Filter.TO_DECIDE))
        return self._reviewing  # skip

    # ---- deciding -------------------------------------------------------------------------

    def _chosen_cards(self) -> list[Card]:
        """The marked cards, or else the one under the cursor; only those with a verdict."""
        marked = [self._board.card(key) for key in self._list.keys if key in self._board.marks]
        cards = marked or [self.card]
        return [card for card in cards if card is not None and card.finding is not None]

    def action_mark(self) -> None:
        """Mark or unmark, and go on to the next card."""
        card = self.card
        if card is not None and card.finding is not None:
            self._board.set_marks(self._board.marks ^ {card.key})
            self._draw()
            self._list.move("down")

    async def action_accept(self) -> None:
        """Into the report."""
        await self._decide(self._chosen_cards(), Decision.ACCEPTED)

    @work(exclusive=True, group="dialog")
    async def action_reject(self) -> None:
        """Out of the report, with a reason."""
        cards = self._chosen_cards()
        if not cards:
            return
        subject = claim(cards[0]) if len(cards) == 1 else f"{len(cards)} findings"
        rejection = await self.app.push_screen_wait(RejectDialog(subject))
        if rejection is not None:
            await self._decide(cards, Decision.REJECTED, rejection.reason, rejection.note)

    @work(exclusive=True, group="dialog")
    async def action_comment(self) -> None:
        """A note; the decision stays what it is."""
        card = self.card
        if card is None or card.finding is None:
            return
        ruling = card.ruling
        note = await self.app.push_screen_wait(
            TextDialog(f"Note on: {claim(card)}", ruling.note, hint="It stands in the report.")
        )
        if note is not None:
            await self._decide([card], ruling.decision, ruling.reason, note, moves_on=False)

    async def _decide(
        self,
        cards: Sequence[Card],
        decision: Decision,
        reason: str = "",
        note: str | None = None,
        *,
        moves_on: bool = True,
    ) -> None:
        found: list[Finding] = [card.finding for card in cards if card.finding is not None]
        if not found or self._decisions is None:
            return
        kept = cards[0].ruling.note if len(cards) == 1 and decision is Decision.ACCEPTED else ""
        try:
            await self._decisions.decide(found, decision, reason, kept if note is None else note)
        except OSError as error:
            self.tell(f"The decision could not be saved: {error.strerror or error}.", problem=True)
        self._board.set_marks(())
        self._board.refresh_rulings()
        if self._reviewing and moves_on:
            self._go_on()
        self._draw()

    async def action_undo(self) -> None:
        """Take back the last decision and go to what it was about."""
        if self._decisions is not None:
            await self._step_back(await self._decisions.undo())

    async def action_redo(self) -> None:
        """Put back what was undone."""
        if self._decisions is not None:
            await self._step_back(await self._decisions.redo())

    async def _step_back(self, fingerprints: list[str]) -> None:
        self._board.refresh_rulings()
        self._draw()
        if fingerprints:
            self._list.go_to(fingerprints[-1])

    # ---- review mode ----------------------------------------------------------------------

    def action_review(self) -> None:
        """Walk through the confirmed and undecided ones, the weightiest first."""
        if not self._board.count(Filter.TO_DECIDE):
            self.tell("Nothing is left to decide.")
            return
        self._reviewing = True
        self._shown = Filter.ALL
        self._passed_over.clear()
        self._draw()
        self._go_on()
        self._draw()

    def action_skip(self) -> None:
        """Leave this one for later."""
        card = self.card
        if card is not None:
            self._passed_over.add(card.key)
        self._go_on()
        self._draw()

    def _go_on(self) -> None:
        left = [card for card in self._board.in_rank_order() if card.key not in self._passed_over]
        if left:
            self._list.go_to(left[0].key)
            return
        self._reviewing = False
        later = self._board.count(Filter.TO_DECIDE)
        if later:
            self.tell(f"Review ended; {later} left for later.")
        else:
            self.tell("All confirmed findings are decided. 5 shows the report.")

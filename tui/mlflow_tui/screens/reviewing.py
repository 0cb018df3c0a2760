"""Walking through the cards: review mode, filters, and finding a text."""

from __future__ import annotations

from mlflow_analysis.review import Decision
from mlflow_tui.board.filter import Filter, Shown, speaks_of
from mlflow_tui.screens.deciding import DecidingScreen
from mlflow_tui.screens.filter_dialog import FilterDialog
from mlflow_tui.screens.text_dialog import TextDialog


class ReviewingScreen(DecidingScreen):
    """Which cards are shown, and where the cursor goes by itself."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = Shown()
        self._sought = ""
        """What was looked for last."""
        self._reviewing: tuple[str, ...] = ()
        """Keys of what was to decide when the review began, by rank; empty without a review."""
        self._place = 0
        """Which of them the review has come to."""

    def _review_opened(self) -> None:
        self._shown, self._sought, self._reviewing = Shown(), "", ()

    def _can_walk(self, action: str) -> bool:
        """Whether that one of the actions below has something to do now."""
        if action == "review":
            return not self._reviewing and bool(self._board.count(Filter.TO_DECIDE))
        if action == "skip":
            return bool(self._reviewing or self._sought)
        if action == "previous_match":
            return bool(self._sought) and not self._reviewing
        return bool(self._board.count()) and not self._reviewing

    # ---- review mode ----------------------------------------------------------------------

    def action_review(self) -> None:
        """Walk through the confirmed and undecided ones, the weightiest first."""
        self._reviewing = tuple(card.key for card in self._board.in_rank_order())
        if not self._reviewing:
            self.tell("Nothing is left to decide.")
            return
        self._shown, self._place = Shown(), -1
        self._board.set_marks(())
        self._draw()
        self._decided()
        self._draw()

    def action_skip(self) -> None:
        """Leave this one for later; without a review, go to the next match of a search."""
        if self._reviewing:
            self._decided()
            self._draw()
        else:
            self._go_to_match(1)

    def _decided(self) -> None:
        """In a review, go on to the next that is still to decide."""
        if not self._reviewing:
            return
        for place in range(self._place + 1, len(self._reviewing)):
            card = self._board.card(self._reviewing[place])
            if card is not None and card.to_decide:
                self._place = place
                self._list.go_to(card.key)
                return
        self._end_review()

    def _end_review(self) -> None:
        """Leave the review and say what came of it."""
        cards = [card for key in self._reviewing if (card := self._board.card(key)) is not None]
        told = [
            f"{number} {word}"
            for word, number in (
                ("accepted", sum(card.decision is Decision.ACCEPTED for card in cards)),
                ("rejected", sum(card.decision is Decision.REJECTED for card in cards)),
                ("merged", sum(bool(card.home) for card in cards)),
                ("left for later", sum(card.to_decide for card in cards)),
            )
            if number
        ]
        self._reviewing = ()
        self.tell(f"Review ended: {', '.join(told) or 'nothing decided'}. 5 shows the report.")

    @property
    def _review_place(self) -> tuple[int, int] | None:
        """Number of the card that the review has come to, from 1, and of how many."""
        return (self._place + 1, len(self._reviewing)) if self._reviewing else None

    # ---- filters --------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Choose what is shown."""

        def show(shown: Shown | None) -> None:
            if shown is not None:
                self._shown = shown
                self._draw()

        self.app.push_screen(FilterDialog(self._shown, self._board.count_shown, self._sought), show)

    # ---- finding a text -------------------------------------------------------------------

    def action_find(self) -> None:
        """Go to the next card that speaks of a text."""

        def seek(text: str | None) -> None:
            if text is None:
                return
            self._sought = text
            if text:
                self._go_to_match(1, stay=True)
            self._draw()

        hint = (
            "All words must be in the claim, its causes, its note or its assignee. n and N go on."
        )
        self.app.push_screen(TextDialog("Find", self._sought, hint=hint, verb="find"), seek)

    def action_previous_match(self) -> None:
        """The previous one."""
        self._go_to_match(-1)

    def _matches(self) -> list[str]:
        if not self._sought:
            return []
        cards = (self._board.card(key) for key in self._list.keys)
        return [card.key for card in cards if card is not None and speaks_of(card, self._sought)]

    def _go_to_match(self, step: int, *, stay: bool = False) -> None:
        keys, found = self._list.keys, self._matches()
        if not found:
            self.tell(f"No card shown speaks of “{self._sought}”.")
            return
        at = keys.index(self._list.cursor) if self._list.cursor in keys else 0
        places = [keys.index(key) for key in found]
        if step > 0:
            ahead = [place for place in places if place > at or (stay and place == at)]
            target = ahead[0] if ahead else places[0]
        else:
            behind = [place for place in places if place < at]
            target = behind[-1] if behind else places[-1]
        self._list.go_to(keys[target])
        self._draw()

    @property
    def _match_place(self) -> str:
        """``“refund” 2 of 5``, while the cursor is on a card that speaks of what was looked for."""
        found = self._matches()
        if self._list.cursor not in found:
            return ""
        return f"“{self._sought[:20]}” {found.index(self._list.cursor) + 1} of {len(found)}"

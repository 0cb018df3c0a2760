"""The pane that shows everything known of the card under the cursor."""

from __future__ import annotations

from typing import ClassVar

from textual import events

from mlflow_analysis.findings.examples import Example
from mlflow_analysis.findings.statistics import TimePoint
from mlflow_tui.board.cards import Card
from mlflow_tui.widgets.charts_page import charts_page
from mlflow_tui.widgets.finding_detail import detail_page
from mlflow_tui.widgets.glyphs import UNICODE, Glyphs
from mlflow_tui.widgets.palette import ROLES, palette_of
from mlflow_tui.widgets.strip_view import StripView


class DetailView(StripView):
    """Draws a card's page at its own width and knows which example is pointed at."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {*ROLES}

    def __init__(self, glyphs: Glyphs = UNICODE, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.glyphs = glyphs
        self._card: Card | None = None
        self._example = 0
        self._examples: tuple[tuple[int, int], ...] = ()
        self._width = 0
        self.charts = False
        """Whether the charts of the card are shown in the place of what is known of it."""
        self.timeline: tuple[TimePoint, ...] = ()
        """Of the whole window, for the charts."""
        self.few_bytes = False
        """Whether no chart is drawn unless asked for: the line is slow."""

    def show_charts(self, shown: bool) -> None:
        """Show the charts, or again what is known of the card."""
        if shown != self.charts:
            self.charts = shown
            self._draw(keep_place=False)

    @property
    def example(self) -> Example | None:
        """The example that is pointed at."""
        found = self._card.finding if self._card is not None else None
        if found is None or not found.examples:
            return None
        return found.examples[self._example]

    def show_card(self, card: Card | None) -> None:
        """Show another card from its top, or the same one anew without moving."""
        if card == self._card and self._width == self.scrollable_size.width:
            return
        same = card is not None and self._card is not None and card.key == self._card.key
        if not same:
            self._example = 0
        self._card = card
        self._draw(keep_place=same)

    def point_at_example(self, step: int) -> bool:
        """Point at the next (``step`` 1) or previous (-1) example; false if there is none.

        The one that is pointed at already comes first while it is out of sight: nobody saw it yet.
        """
        if self._examples and not self.shows(self._examples[self._example][0]):
            self.bring_into_view(*self._examples[self._example])
            return True
        if not 0 <= self._example + step < len(self._examples):
            return False
        self._example += step
        self._draw(keep_place=True)
        self.bring_into_view(*self._examples[self._example])
        return True

    def notify_style_update(self) -> None:
        """Colours changed."""
        super().notify_style_update()
        if self.is_mounted and self._width:
            self._draw(keep_place=True)

    def on_resize(self, event: events.Resize) -> None:
        """Text wraps elsewhere at another width."""
        if self.scrollable_size.width != self._width:
            self._draw(keep_place=True)

    def _draw(self, *, keep_place: bool) -> None:
        self._width = self.scrollable_size.width
        if self._card is None or self._width == 0:
            self.show([])
            return
        if self.charts:
            self._examples = ()
            page = charts_page(
                self._card, self.timeline, self._width - 1, self.glyphs, palette_of(self)
            )
            self.show(page, keep_place=keep_place)
            return
        # One column of air at the right, beside the scroll bar.
        detail = detail_page(
            self._card,
            self._width - 1,
            self.glyphs,
            palette_of(self),
            self._example,
            with_chart=not self.few_bytes,
        )
        self._examples = detail.examples
        self.show(detail.lines, keep_place=keep_place)

"""The list of cards: virtual, two lines a card, and steady while cards move under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from mlflow_analysis.findings.kinds import Category
from mlflow_tui.board.cards import Card, Group
from mlflow_tui.widgets.finding_card import LINES, card_lines, clip
from mlflow_tui.widgets.glyphs import UNICODE, Glyphs
from mlflow_tui.widgets.palette import ROLES, Palette, palette_of
from mlflow_tui.widgets.strip_view import text_strip

GROUP_NAMES = {
    Category.OPERATIONAL: "Operational",
    Category.PERFORMANCE: "Performance",
    Category.QUALITY: "Quality",
    Category.STRENGTH: "Strengths",
    Category.USER: "Yours",
}

_STEP = 2 * LINES
"""Lines beyond the edge that are a step and no jump: a card, with the heading of its family."""
_Row = tuple[Card | Group | None, int]
"""What a line belongs to (``None``: empty) and which of its lines it is."""


class BoardList(ScrollView, can_focus=True, inherit_bindings=False):
    """Cards by family. The cursor belongs to a card, not to a line."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *ROLES,
        "board-list--cursor",
        "board-list--cursor-blurred",
    }

    class Moved(Message):
        """The cursor is on another card (or, with ``None``, on none)."""

        def __init__(self, key: str | None) -> None:
            super().__init__()
            self.key = key

    class Chosen(Message):
        """A card was clicked on while the cursor was on it."""

    def __init__(self, glyphs: Glyphs = UNICODE, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.glyphs = glyphs
        self.empty_text = ""
        self.cursor: str | None = None
        """Key of the card that the cursor is on."""
        self._moved_by_hand = False
        self._rows: list[_Row] = []
        self._tops: dict[str, int] = {}
        """First line of each card, in the order shown."""
        self._drawn: dict[tuple[str, bool], tuple[Card, tuple[Text, Text]]] = {}
        self._drawn_width = 0
        self._palette: Palette | None = None

    # ---- what is shown --------------------------------------------------------------------

    def show(self, groups: Sequence[Group], successor: Callable[[str], str | None]) -> None:
        """Show these cards; ``successor`` tells which card took the place of one that is gone.

        The cursor stays on its card and the card stays on its line of the screen. Before the
        first key press the cursor waits at the top instead.
        """
        before = self._visible_rows()
        old_tops, old_scroll, old_cursor = self._tops, self.scroll_offset.y, self.cursor
        self._lay_out(groups)
        self._place_cursor(old_tops, successor)
        self._resize_page()
        self._keep_place(old_tops, old_scroll, old_cursor)
        if self.scroll_offset.y == old_scroll:
            after = self._visible_rows()
            for y, (old, new) in enumerate(zip(before, after, strict=True)):
                if old != new:
                    self.refresh_line(old_scroll + y)
        if self.cursor != old_cursor:
            self._repaint_card(old_cursor)
            self._repaint_card(self.cursor)
            self.post_message(self.Moved(self.cursor))

    @property
    def keys(self) -> list[str]:
        """Keys of the shown cards, from the top."""
        return list(self._tops)

    def _lay_out(self, groups: Sequence[Group]) -> None:
        self._rows, self._tops = [], {}
        for group in groups:
            if not group.cards:
                continue
            if self._rows:
                self._rows.append((None, 0))
            self._rows.append((group, 0))
            for card in group.cards:
                self._tops[card.key] = len(self._rows)
                self._rows.extend((card, line) for line in range(LINES))

    def _place_cursor(
        self, old_tops: dict[str, int], successor: Callable[[str], str | None]
    ) -> None:
        keys = list(self._tops)
        if not keys:
            self.cursor = None
        elif self.cursor is None or not self._moved_by_hand:
            self.cursor = keys[0]
        elif self.cursor not in self._tops:
            heir = successor(self.cursor)
            if heir not in self._tops:
                # Filtered away: what stands in its place now.
                place = list(old_tops).index(self.cursor) if self.cursor in old_tops else 0
                heir = keys[min(place, len(keys) - 1)]
            self.cursor = heir

    def _keep_place(
        self, old_tops: dict[str, int], old_scroll: int, old_cursor: str | None
    ) -> None:
        """Scroll so that the cursor's card, or else the topmost seen, stays where it was."""
        height = self.size.height
        anchor: tuple[str, int] | None = None
        if old_cursor in old_tops and self.cursor is not None:
            at = old_tops[old_cursor] - old_scroll
            if 0 <= at < height:
                anchor = (self.cursor, at)
        if anchor is None:
            for key, top in old_tops.items():
                if top >= old_scroll and key in self._tops:
                    anchor = (key, top - old_scroll)
                    break
        if not self._moved_by_hand or anchor is None:
            self.scroll_to(y=0, animate=False)
            return
        key, at = anchor
        self.scroll_to(y=min(max(0, self._tops[key] - at), self.max_scroll_y), animate=False)

    def _resize_page(self) -> None:
        # Setting virtual_size plainly lays out and repaints the whole widget.
        self.set_reactive(
            ScrollView.virtual_size, Size(self.scrollable_size.width, len(self._rows))
        )
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.window_virtual_size = len(self._rows)
            self.vertical_scrollbar.window_size = self.size.height

    def _visible_rows(self) -> list[_Row | None]:
        top, height = self.scroll_offset.y, self.size.height
        seen: list[_Row | None] = list(self._rows[top : top + height])
        return seen + [None] * (height - len(seen))

    # ---- moving ---------------------------------------------------------------------------

    def move(self, where: str) -> None:
        """Move the cursor: ``down``, ``up``, ``first``, ``last``, ``page_down``, ``page_up``."""
        keys = list(self._tops)
        if not keys:
            return
        place = keys.index(self.cursor) if self.cursor in self._tops else 0
        page = max(1, self.size.height // LINES - 2)
        target = {
            "down": place + 1,
            "up": place - 1,
            "first": 0,
            "last": len(keys) - 1,
            "page_down": place + page,
            "page_up": place - page,
        }[where]
        self.go_to(keys[min(max(target, 0), len(keys) - 1)])

    def go_to(self, key: str) -> None:
        """Put the cursor on a shown card and scroll as little as needed to see it."""
        if key not in self._tops:
            return
        self._moved_by_hand = True
        old, self.cursor = self.cursor, key
        top = self._tops[key]
        # The first card of a family brings its heading along.
        first = top - 1 if isinstance(self._rows[top - 1][0], Group) else top
        first = 0 if first == 1 else first
        scroll, height = self.scroll_offset.y, self.size.height
        below, above = top + LINES - (scroll + height), scroll - first
        # Every scroll draws all lines anew. A step over the edge scrolls so far that a held key does so rarely.
        if below > 0:
            ahead = height // 2 if below <= _STEP else 0
            scroll = min(top + LINES - height + ahead, first, self.max_scroll_y)
        elif above > 0:
            scroll = max(0, first - (height // 2 if above <= _STEP else 0))
        if scroll != self.scroll_offset.y:
            self.scroll_to(y=scroll, animate=False)
        if old != key:
            self._repaint_card(old)
            self._repaint_card(key)
            self.post_message(self.Moved(key))

    def _repaint_card(self, key: str | None) -> None:
        if key is not None and key in self._tops:
            self.refresh_lines(self._tops[key], LINES)

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; a click on the cursor's card opens it."""
        index = event.get_content_offset(self)
        if index is None or not 0 <= index.y + self.scroll_offset.y < len(self._rows):
            return
        owner = self._rows[index.y + self.scroll_offset.y][0]
        if not isinstance(owner, Card):
            return
        if owner.key == self.cursor:
            self.post_message(self.Chosen())
        self.go_to(owner.key)

    # ---- drawing --------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        """Colours changed: draw every card anew."""
        super().notify_style_update()
        self._palette = None
        self._drawn.clear()

    def on_resize(self) -> None:
        """Lines have another width, and the cursor's card must stay in sight."""
        self._resize_page()
        if self.cursor in self._tops and self._moved_by_hand:
            self.go_to(self.cursor)

    def on_focus(self) -> None:
        """The cursor's colour tells who has the keys."""
        self._repaint_card(self.cursor)

    def on_blur(self) -> None:
        """The cursor's colour tells who has the keys."""
        self._repaint_card(self.cursor)

    def render_line(self, y: int) -> Strip:
        """Line ``y`` of what is seen."""
        width, index = self.scrollable_size.width, y + self.scroll_offset.y
        if self._palette is None:
            self._palette = palette_of(self)
        if not self._rows and y == 1 and self.empty_text:
            line = Text("  " + clip(self.empty_text, width - 2, self.glyphs), self._palette.muted)
            return text_strip(line).adjust_cell_length(width).apply_style(self.rich_style)
        if index >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        owner, line_number = self._rows[index]
        if isinstance(owner, Card):
            return self._card_strip(owner, line_number, width, self._palette)
        if owner is None:
            return Strip.blank(width, self.rich_style)
        heading = text_strip(self._heading(owner, width, self._palette))
        return heading.adjust_cell_length(width).apply_style(self.rich_style)

    def _card_strip(self, card: Card, line_number: int, width: int, palette: Palette) -> Strip:
        if width != self._drawn_width:
            self._drawn.clear()
            self._drawn_width = width
        selected = card.key == self.cursor
        drawn = self._drawn.get((card.key, selected))
        if drawn is None or drawn[0] != card:
            lines = card_lines(card, width, self.glyphs, palette)
            if selected:
                for line in lines:
                    line.plain = self.glyphs.cursor + line.plain[1:]
                    line.stylize(palette.accent, 0, 1)
            drawn = self._drawn[card.key, selected] = (card, lines)
        style = self.rich_style
        if selected:
            name = "cursor" if self.has_focus else "cursor-blurred"
            style = self.get_component_rich_style(f"board-list--{name}")
        strip = text_strip(drawn[1][line_number]).adjust_cell_length(width, style)
        return strip.apply_style(style)

    def _heading(self, group: Group, width: int, palette: Palette) -> Text:
        name = GROUP_NAMES[group.category].upper()
        tally = f"{group.confirmed} confirmed"
        if group.concluded < group.total:
            tally += f" {self.glyphs.middle_dot} {group.concluded} of {group.total} judged"
        else:
            tally += f" of {group.total}"
        line = Text.assemble((f"  {name} ", palette.heading), no_wrap=True, end="")
        rule = max(0, width - line.cell_len - len(tally) - 2)
        line.append(self.glyphs.rule * rule, palette.muted)
        line.append(f" {tally} ", palette.muted)
        return line

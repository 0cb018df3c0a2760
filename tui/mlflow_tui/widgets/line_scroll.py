"""Lists of any length that draw only what is seen: the base of the table, the waterfall, the payload.

A cursor move repaints two lines. Nothing here knows what the lines are about.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from mlflow_tui.widgets.palette import ROLES, Palette, palette_of

CURSOR_SIGN = "▌"
SCROLLED_SHARE = 2
"""A step over the edge scrolls by this part of the screen: half of it."""


class LineScroll(ScrollView, can_focus=True, inherit_bindings=False):
    """A column of lines with a cursor. Subclasses draw line ``index`` in ``draw``."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *ROLES,
        "line-scroll--cursor",
        "line-scroll--cursor-blurred",
    }

    class Moved(Message):
        """The cursor is on line ``index``."""

        def __init__(self, sender: LineScroll, index: int) -> None:
            super().__init__()
            self.sender = sender
            self.index = index

        @property
        def control(self) -> LineScroll:
            """The list whose cursor moved."""
            return self.sender

    class Chosen(Message):
        """A line was clicked while the cursor was on it."""

        def __init__(self, sender: LineScroll, index: int) -> None:
            super().__init__()
            self.sender = sender
            self.index = index

        @property
        def control(self) -> LineScroll:
            """The list of the line."""
            return self.sender

    has_cursor = True
    """Whether a line is marked; without, the keys scroll."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._count = 0
        self.cursor = 0
        self._palette: Palette | None = None

    # ---- for subclasses -----------------------------------------------------------------

    def draw(self, index: int, width: int, palette: Palette) -> list[Segment]:
        """Line ``index``, at most ``width`` columns; its background is the list's."""
        raise NotImplementedError

    # ---- what owners do -----------------------------------------------------------------

    @property
    def line_count(self) -> int:
        """How many lines there are."""
        return self._count

    @property
    def columns(self) -> int:
        """How wide a line is: all but the scrollbar."""
        return self.scrollable_content_region.width

    def set_line_count(self, count: int, *, redraw: bool = True) -> None:
        """Say that there are ``count`` lines now; the cursor stays if its line is still there.

        Without ``redraw`` only lines that came or went are drawn: the others say what they said.
        """
        before, cursor_before = self._count, self.cursor
        self._count = count
        # Setting virtual_size plainly lays out and repaints the whole screen.
        self.set_reactive(ScrollView.virtual_size, Size(self.size.width, count))
        if self.is_mounted and self.show_vertical_scrollbar:
            self.vertical_scrollbar.window_virtual_size = count
            self.vertical_scrollbar.window_size = self.size.height
        self.cursor = max(0, min(self.cursor, count - 1))
        if self.scroll_offset.y > self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False)
        if redraw:
            self.refresh()
            return
        for index in self.lines_seen:
            if (index < before) != (index < count) or (
                cursor_before != self.cursor and index in (cursor_before, self.cursor)
            ):
                self.refresh_line(index)

    @property
    def lines_seen(self) -> range:
        """Numbers of the lines that there is room for on the screen, whether there are so many or not."""
        top = self.scroll_offset.y
        return range(top, top + self.size.height)

    def move_to(self, index: int, *, tell: bool = True) -> None:
        """Put the cursor on line ``index`` (the nearest there is) and bring it into view."""
        index = max(0, min(index, self._count - 1))
        old, self.cursor = self.cursor, index
        self._bring_into_view(index)
        if old != index:
            self.refresh_line(old)
            self.refresh_line(index)
        if tell and (old != index):
            self.post_message(self.Moved(self, index))

    def move(self, where: str) -> None:
        """``down``, ``up``, ``first``, ``last``, ``page_down``, ``page_up``."""
        page = max(1, self.size.height - 1)
        place = self.cursor if self.has_cursor else self.scroll_offset.y
        target = {
            "down": place + 1,
            "up": place - 1,
            "first": 0,
            "last": self._count - 1,
            "page_down": place + page,
            "page_up": place - page,
        }[where]
        if self.has_cursor:
            self.move_to(target)
        else:
            self.scroll_to(y=max(0, min(target, self.max_scroll_y)), animate=False)

    def _bring_into_view(self, index: int) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height)
        # Every scroll draws all lines anew. A step over the edge scrolls so far that a held key does so
        # rarely: on a slow link it would be late else.
        ahead = height // SCROLLED_SHARE
        if index < top:
            beyond = ahead if index == top - 1 else 0
            self.scroll_to(y=max(0, index - beyond), animate=False)
        elif index >= top + height:
            beyond = ahead if index == top + height else 0
            self.scroll_to(y=min(index + beyond, self._count - 1) - height + 1, animate=False)

    # ---- drawing ------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Line ``y`` of what is seen."""
        width = self.columns
        index = y + self.scroll_offset.y
        base = self.rich_style
        if index >= self._count:
            return Strip.blank(width, base)
        palette = self.palette
        on_cursor = self.has_cursor and index == self.cursor
        segments = self.draw(index, width, palette)
        if on_cursor and segments and segments[0].text.startswith(" "):
            # The cursor is told by a sign too, for terminals without colour.
            first = segments[0]
            segments = [
                Segment(CURSOR_SIGN, palette.accent if self.has_focus else palette.muted),
                Segment(first.text[1:], first.style),
                *segments[1:],
            ]
        strip = Strip(segments).adjust_cell_length(width)
        if on_cursor:
            strip = strip.apply_style(self._cursor_style())
        return strip.apply_style(base)

    @property
    def palette(self) -> Palette:
        """The text styles of the theme in use."""
        if self._palette is None:
            self._palette = palette_of(self)
        return self._palette

    def _cursor_style(self) -> Style:
        name = "line-scroll--cursor" if self.has_focus else "line-scroll--cursor-blurred"
        return self.get_component_rich_style(name, partial=True)

    def notify_style_update(self) -> None:
        """Another theme: other styles."""
        self._palette = None
        super().notify_style_update()

    def on_resize(self) -> None:
        """What was in view may no longer be."""
        if self.has_cursor:
            self._bring_into_view(self.cursor)

    def on_focus(self) -> None:
        """The cursor line is drawn otherwise with focus."""
        self.refresh_line(self.cursor)

    def on_blur(self) -> None:
        """As ``on_focus``."""
        self.refresh_line(self.cursor)

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; a click on the cursor's line chooses it."""
        index = self.scroll_offset.y + event.y
        if not self.has_cursor or index >= self._count:
            return
        if index == self.cursor:
            self.post_message(self.Chosen(self, index))
        else:
            self.move_to(index)


def clip(text: str, width: int, *, right: bool = False) -> str:
    """``text`` on exactly ``width`` columns, cut with an ellipsis or padded."""
    if width <= 0:
        return ""
    if len(text) > 4 * width:
        text = text[: 4 * width]  # measuring a megabyte to show a line would take long
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…"
    padding = " " * (width - length)
    return padding + text if right else text + padding


def spaced(parts: Sequence[Segment], gap: str = "  ") -> list[Segment]:
    """``parts`` with a gap between them."""
    joined: list[Segment] = []
    for part in parts:
        if joined:
            joined.append(Segment(gap))
        joined.append(part)
    return joined

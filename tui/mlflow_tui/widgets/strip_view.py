"""A scrolling page of lines that are drawn already: no layout, no parsing, any length."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

_CONSOLE = Console(file=StringIO(), width=200, color_system="truecolor", legacy_windows=False)
"""Only to resolve styles: nothing is printed on it."""

_FOUND = Style(reverse=True)


class StripView(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows ``Text`` lines or ``Strip``s on the widget's own background."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._lines: list[Text | Strip] = []
        self._found: int | None = None
        """The line that the last search stopped at."""

    @property
    def line_count(self) -> int:
        """How many lines the page has."""
        return len(self._lines)

    def show(self, lines: Sequence[Text | Strip], *, keep_place: bool = False) -> None:
        """Show another page, from its top unless ``keep_place``."""
        before, was_at = self._visible(), self.scroll_offset.y
        self._lines = list(lines)
        self._found = None
        self._resize_page()
        if not keep_place:
            self.scroll_to(y=0, animate=False)
        elif self.scroll_offset.y > self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False)
        if self.scroll_offset.y == was_at:
            for y, (old, new) in enumerate(zip(before, self._visible(), strict=True)):
                if old != new:
                    self.refresh_line(was_at + y)

    def _visible(self) -> list[Strip | None]:
        top, height = self.scroll_offset.y, self.size.height
        seen = [_as_strip(line) for line in self._lines[top : top + height]]
        return [*seen, *[None] * (height - len(seen))]

    def notify_style_update(self) -> None:
        """Colours changed: every line, also those whose text has not."""
        super().notify_style_update()
        self.refresh()

    def extend(self, lines: Sequence[Text | Strip]) -> None:
        """Add lines at the end."""
        start = len(self._lines)
        self._lines.extend(lines)
        self._resize_page()
        if start < self.scroll_offset.y + self.size.height:
            self.refresh()

    def shows(self, line: int) -> bool:
        """Whether a line is seen."""
        return 0 <= line - self.scroll_offset.y < self.size.height

    def bring_into_view(self, first: int, last: int) -> None:
        """Scroll as little as needed so that lines ``first`` to ``last`` are seen."""
        top, height = self.scroll_offset.y, self.size.height
        if last >= top + height:
            top = last - height + 1
        if first < top:
            top = first
        self.scroll_to(y=top, animate=False)

    def move(self, where: str) -> None:
        """Scroll: ``down``, ``up``, ``first``, ``last``, ``page_down``, ``page_up``."""
        page = max(1, self.size.height - 1)
        target = {
            "down": self.scroll_offset.y + 1,
            "up": self.scroll_offset.y - 1,
            "first": 0,
            "last": self.max_scroll_y,
            "page_down": self.scroll_offset.y + page,
            "page_up": self.scroll_offset.y - page,
        }[where]
        self.scroll_to(y=target, animate=False)

    def render_line(self, y: int) -> Strip:
        """Line ``y`` of what is seen."""
        width, index = self.scrollable_size.width, y + self.scroll_offset.y
        base = self.rich_style
        if index >= len(self._lines):
            return Strip.blank(width, base)
        line = self._lines[index]
        strip = _as_strip(line)
        style = base + _FOUND if index == self._found else base
        return strip.adjust_cell_length(width).apply_style(style)

    def find(self, text: str) -> bool:
        """Go to the next line that holds ``text``, case ignored, from the last one found on."""
        start = self.scroll_offset.y if self._found is None else self._found + 1
        order = [*range(start, len(self._lines)), *range(min(start, len(self._lines)))]
        sought = text.casefold()
        for index in order:
            line = self._lines[index]
            plain = line.text if isinstance(line, Strip) else line.plain
            if sought in plain.casefold():
                self._found = index
                self.bring_into_view(index, index)
                self.refresh()
                return True
        return False

    def _resize_page(self) -> None:
        # Setting virtual_size plainly lays out and repaints the whole widget.
        self.set_reactive(
            ScrollView.virtual_size, Size(self.scrollable_size.width, len(self._lines))
        )
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.window_virtual_size = len(self._lines)
            self.vertical_scrollbar.window_size = self.size.height


def _as_strip(line: Text | Strip) -> Strip:
    return line if isinstance(line, Strip) else text_strip(line)


def text_strip(text: Text) -> Strip:
    """One line of styled text as a strip, never wrapped."""
    if not text.spans:  # rich leaves out the text's own style then
        return Strip([Segment(text.plain, _CONSOLE.get_style(text.style))])
    return Strip([segment for segment in text.render(_CONSOLE, end="") if segment.text])

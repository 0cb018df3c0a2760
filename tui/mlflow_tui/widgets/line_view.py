"""Reads payloads: wraps by arithmetic, styles only what is seen, folds, finds and marks a text."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType

from mlflow_tui.inspecting.lines import Item, Line, Link
from mlflow_tui.widgets.glyphs import glyphs_for
from mlflow_tui.widgets.line_scroll import LineScroll
from mlflow_tui.widgets.outline import Match, Outline
from mlflow_tui.widgets.palette import Palette

WRAPPED_BY_WORD = 4_000
"""Longer lines are cut at the column: looking for spaces in 5 MB would stall."""

_JSON = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=:))|(?P<string>"(?:[^"\\]|\\.)*"?)|(?P<word>-?\d[\w.+-]*|true|false|null)'
)
_INLINE = re.compile(r"(?P<code>`[^`]+`)|(?P<strong>\*\*[^*]+\*\*|__[^_]+__)")
_NAME = re.compile(r"\s*(?:[▸▾+-] )?\S+(?: \S+)*(?=\s{2})")


class LineView(LineScroll):
    """Lines of a payload. The cursor stands on a row; space opens and closes what is folded there."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "fold", "fold", show=False)]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        ascii_only = glyphs_for(os.environ).ascii_only
        self._signs = ("-", "+") if ascii_only else ("▾", "▸")
        self._outline = Outline()
        self._ends: list[int] = []
        """How many rows lines 0 to i take together."""
        self._cuts: dict[int, list[int]] = {}
        """Where the rows of a line begin, for lines that need more than one."""
        self._width = 0
        self._needle = ""
        self._matches: list[Match] = []
        self._match = -1

    # ---- content ------------------------------------------------------------------------

    def show(self, items: Sequence[Item], *, at: int = 0) -> None:
        """Show other lines, from the top or from line ``at``."""
        self._outline = Outline(items, *self._signs)
        self._needle, self._matches, self._match = "", [], -1
        self._width = 0
        self._wrap()
        self.cursor = self._row_of(at)
        self.scroll_to(y=max(0, self.cursor - 1), animate=False)

    @property
    def _lines(self) -> Sequence[Line]:
        return self._outline.lines

    def on_resize(self, event: events.Resize) -> None:  # type: ignore[override]
        """Another width wraps otherwise; the line at the top stays there, and the cursor on its line."""
        event.prevent_default()  # the base would scroll to the cursor
        top, _ = self._place(self.scroll_offset.y) if self._ends else (0, 0)
        chosen, _ = self._place(self.cursor) if self._ends else (0, 0)
        self._wrap()
        if self._ends:
            self.cursor = self._row_of(chosen)
            self.scroll_to(y=self._row_of(top), animate=False)

    def _row_of(self, line: int) -> int:
        """The first row of a line."""
        return self._ends[line - 1] if 0 < line <= len(self._ends) else 0

    def _wrap(self) -> None:
        width = self.columns - 1
        if width == self._width:
            return
        self._cuts = {}
        if width < 1:  # not laid out yet: the resize that comes wraps
            self._ends = list(range(1, len(self._lines) + 1))
            self.set_line_count(len(self._lines))
            return
        self._width = width
        half = width // 2  # that many characters fit, however wide they are
        rows = [
            1 if len(line.text) <= half else self._rows_of(number, line.kind, line.text)
            for number, line in enumerate(self._lines)
        ]
        self._ends = list(accumulate(rows))
        self.set_line_count(self._ends[-1] if self._ends else 0)

    def _rows_of(self, number: int, kind: str, text: str) -> int:
        if len(text) <= self._width and text.isascii():
            return 1
        cuts = _cuts(text, self._width, json=kind == "json")
        if len(cuts) > 1:
            self._cuts[number] = cuts
        return len(cuts)

    def _place(self, row: int) -> tuple[int, int]:
        """Line number and which of its rows."""
        line = min(bisect_right(self._ends, row), len(self._ends) - 1)
        return line, row - (self._ends[line - 1] if line else 0)

    # ---- folding ------------------------------------------------------------------------

    def action_fold(self) -> None:
        """Open or close what is folded on the cursor's line."""
        self.toggle()

    def toggle(self) -> bool:
        """The same; whether there is anything folded."""
        if not self._ends:
            return False
        line, _ = self._place(self.cursor)
        if not self._outline.toggle(line):
            return False
        self._width = 0
        self._wrap()
        self.move_to(self._row_of(line), tell=False)
        return True

    @property
    def link(self) -> Link | None:
        """Where the cursor's line leads to."""
        return self._outline.link(self._place(self.cursor)[0]) if self._ends else None

    # ---- finding ------------------------------------------------------------------------

    def find(self, needle: str) -> int:
        """Mark every occurrence of ``needle`` (case ignored), show the first; how many there are.

        What is folded is looked through too, and opened when a match in it is shown.
        """
        self._needle = needle
        self._matches = self._outline.find(needle)
        self._match = -1
        if self._matches:
            self.next_match(1)
        else:
            self.refresh()
        return len(self._matches)

    @property
    def matches(self) -> tuple[int, int]:
        """Number of the match shown, from 1, and how many there are."""
        return self._match + 1, len(self._matches)

    def next_match(self, step: int) -> None:
        """Show the next (1) or previous (-1) match, round the end."""
        if not self._matches:
            return
        self._match = (self._match + step) % len(self._matches)
        match = self._matches[self._match]
        before = len(self._outline.rows)
        line = self._outline.reveal(match)
        if len(self._outline.rows) != before:
            self._width = 0
            self._wrap()
        row = self._row_of(line)
        cuts = self._cuts.get(line)
        if cuts:
            row += bisect_right(cuts, match.at) - 1
        self.move_to(row, tell=False)
        self.scroll_to(y=max(0, min(row - self.size.height // 3, self.max_scroll_y)), animate=False)
        self.refresh()

    @property
    def text(self) -> str:
        """Everything shown, as plain text."""
        return "\n".join(line.text for line in self._lines)

    # ---- drawing ------------------------------------------------------------------------

    def draw(self, index: int, width: int, palette: Palette) -> list[Segment]:
        """One row: a line, or a part of one."""
        number, part = self._place(index)
        line = self._lines[number]
        cuts = self._cuts.get(number)
        start = cuts[part] if cuts else 0
        stop = cuts[part + 1] if cuts and part + 1 < len(cuts) else len(line.text)
        segments = [Segment(" "), *_row(line, start, stop, palette)]
        if self._needle:
            segments = self._marked(segments, palette)
        return segments

    def _marked(self, segments: list[Segment], palette: Palette) -> list[Segment]:
        text = "".join(segment.text for segment in segments)
        spans = [
            match.span() for match in re.finditer(re.escape(self._needle), text, re.IGNORECASE)
        ]
        if not spans:
            return segments
        mark = palette.accent + Style(reverse=True)
        marked: list[Segment] = []
        at = 0
        for segment in segments:
            for piece, inside in _parts(at, segment.text, spans):
                marked.append(Segment(piece, mark if inside else segment.style))
            at += len(segment.text)
        return marked


def _parts(at: int, text: str, spans: list[tuple[int, int]]) -> list[tuple[str, bool]]:
    """``text``, which begins at ``at``, cut where ``spans`` begin and end."""
    edges = {0, len(text)}
    for start, stop in spans:
        edges |= {edge - at for edge in (start, stop) if at < edge < at + len(text)}
    ordered = sorted(edges)
    return [
        (text[a:b], any(start <= at + a < stop for start, stop in spans))
        for a, b in pairwise(ordered)
    ]


def _cuts(text: str, width: int, *, json: bool) -> list[int]:
    """Where the rows of a line begin: at words if that is quick, else at the column.

    A ``\\n`` within a JSON string begins a row too: that is how long texts in JSON become readable.
    """
    if len(text) > WRAPPED_BY_WORD:
        step = width if text[:WRAPPED_BY_WORD].isascii() else max(1, width // 2)
        return list(range(0, len(text), step))
    cuts = [0]
    start = 0
    while start < len(text):
        stop = _fit(text, start, width)
        newline = text.find("\\n", start, stop) if json else -1
        if 0 <= newline < len(text) - 3:
            stop = newline + 2
        elif stop < len(text):
            space = text.rfind(" ", start, stop + 1)
            if space > start + width // 3:
                stop = space + 1
        if stop >= len(text):
            break
        cuts.append(stop)
        start = stop
    return cuts


def _fit(text: str, start: int, width: int) -> int:
    """The end of what fits ``width`` columns from ``start`` on; at least one character."""
    stop = min(len(text), start + width)
    piece = text[start:stop]
    if piece.isascii():
        return stop
    while stop > start + 1 and cell_len(text[start:stop]) > width:
        over = cell_len(text[start:stop]) - width
        stop -= max(1, over // 2)
    return stop


def _row(line: Line, start: int, stop: int, palette: Palette) -> list[Segment]:
    """The part of a line that stands on one row. Tabs are drawn as spaces."""
    styled = _STYLED.get(line.kind)
    if styled is not None and len(line.text) <= WRAPPED_BY_WORD:
        return [
            Segment(text.replace("\t", "    "), style)
            for text, style in _slice(styled(line.text, palette), start, stop)
        ]
    style = {
        "heading": palette.heading,
        "muted": palette.muted,
        "bad": palette.bad,
        "good": palette.good,
        "code": palette.accent,
    }.get(line.kind, palette.text)
    return [Segment(line.text[start:stop].replace("\t", "    "), style)]


def _json_segments(text: str, palette: Palette) -> list[tuple[str, Style]]:
    key = palette.heading + Style(bold=False)
    segments: list[tuple[str, Style]] = []
    at = 0
    for match in _JSON.finditer(text):
        if match.start() > at:
            segments.append((text[at : match.start()], palette.muted))
        style = key if match["key"] else palette.text if match["string"] else palette.accent
        segments.append((match.group(), style))
        at = match.end()
    segments.append((text[at:], palette.muted))
    return segments


def _markdown_segments(text: str, palette: Palette) -> list[tuple[str, Style]]:
    segments: list[tuple[str, Style]] = []
    at = 0
    for match in _INLINE.finditer(text):
        segments.append((text[at : match.start()], palette.text))
        segments.append((match.group(), palette.accent if match["code"] else palette.strong))
        at = match.end()
    return [*segments, (text[at:], palette.text)]


def _attribute_segments(text: str, palette: Palette) -> list[tuple[str, Style]]:
    name = _NAME.match(text)
    edge = name.end() if name else 0
    return [(text[:edge], palette.muted), (text[edge:], palette.text)]


_STYLED = {
    "json": _json_segments,
    "markdown": _markdown_segments,
    "attribute": _attribute_segments,
}


def _slice(segments: list[tuple[str, Style]], start: int, stop: int) -> list[tuple[str, Style]]:
    cut: list[tuple[str, Style]] = []
    at = 0
    for text, style in segments:
        piece = text[max(0, start - at) : max(0, stop - at)]
        if piece:
            cut.append((piece, style))
        at += len(text)
    return cut

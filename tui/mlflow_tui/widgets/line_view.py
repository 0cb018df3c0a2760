"""Reads long text: wraps by arithmetic, styles only what is seen, finds and marks a text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from mlflow_tui.payload import Line
from mlflow_tui.widgets.line_scroll import LineScroll
from mlflow_tui.widgets.palette import Palette

WRAPPED_BY_WORD = 4_000
"""Longer lines are cut at the column: looking for spaces in 5 MB would stall."""

_JSON = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=:))|(?P<string>"(?:[^"\\]|\\.)*"?)|(?P<word>-?\d[\w.+-]*|true|false|null)'
)


class LineView(LineScroll):
    """Lines of a payload. No cursor: keys scroll."""

    has_cursor = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()
        self._ends: list[int] = []
        """How many rows lines 0 to i take together."""
        self._cuts: dict[int, list[int]] = {}
        """Where the rows of a line begin, for lines that need more than one."""
        self._width = 0
        self._needle = ""
        self._matches: list[tuple[int, int]] = []
        self._match = -1

    # ---- content ------------------------------------------------------------------------

    def show(self, lines: Sequence[Line]) -> None:
        """Show other lines, from the top."""
        self._lines = lines
        self._needle, self._matches, self._match = "", [], -1
        self._width = 0
        self._wrap()
        self.scroll_to(y=0, animate=False)

    def on_resize(self) -> None:
        """Another width wraps otherwise; the line at the top stays there."""
        line, _ = self._place(self.scroll_offset.y) if self._ends else (0, 0)
        self._wrap()
        if self._ends:
            self.scroll_to(y=self._ends[line - 1] if line else 0, animate=False)

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
            1 if len(text) <= half else self._rows_of(number, kind, text)
            for number, (kind, text) in enumerate(self._lines)
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

    # ---- finding ------------------------------------------------------------------------

    def find(self, needle: str) -> int:
        """Mark every occurrence of ``needle`` (case ignored), show the first; how many there are."""
        self._needle = needle
        self._matches = []
        self._match = -1
        if needle:
            wanted = needle.casefold()
            for number, line in enumerate(self._lines):
                text = line.text.casefold()
                at = text.find(wanted)
                while at >= 0 and len(self._matches) < 10_000:
                    self._matches.append((number, at))
                    at = text.find(wanted, at + len(wanted))
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
        number, at = self._matches[self._match]
        row = self._ends[number - 1] if number else 0
        cuts = self._cuts.get(number)
        if cuts:
            row += bisect_right(cuts, at) - 1
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
    if line.kind == "json" and len(line.text) <= WRAPPED_BY_WORD:
        whole = _json_segments(line.text, palette)
        return [Segment(text, style) for text, style in _slice(whole, start, stop)]
    style = {
        "heading": palette.heading,
        "muted": palette.muted,
        "bad": palette.bad,
        "good": palette.good,
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


def _slice(segments: list[tuple[str, Style]], start: int, stop: int) -> list[tuple[str, Style]]:
    cut: list[tuple[str, Style]] = []
    at = 0
    for text, style in segments:
        piece = text[max(0, start - at) : max(0, stop - at)]
        if piece:
            cut.append((piece, style))
        at += len(text)
    return cut

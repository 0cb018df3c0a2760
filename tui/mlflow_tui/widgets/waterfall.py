"""The spans of one trace as a tree with bars on one time axis."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from mlflow_analysis.protocol import SpanView, TraceView
from mlflow_analysis.untrusted import single_line
from mlflow_tui.inspecting.span_tree import FoldBy, SpanTree, TreeRow
from mlflow_tui.inspecting.time_axis import TimeAxis, whole_axis
from mlflow_tui.widgets.figures import milliseconds
from mlflow_tui.widgets.glyphs import glyphs_for
from mlflow_tui.widgets.line_scroll import LineScroll, clip
from mlflow_tui.widgets.moments import tokens
from mlflow_tui.widgets.palette import Palette, palette_of

DEEPEST_INDENT = 12


@dataclass(frozen=True)
class TreeSigns:
    """What the waterfall is drawn with; every sign is one column wide."""

    failed: str
    running: str
    opened: str
    closed: str
    times: str
    critical_own: str
    critical: str
    own: str
    other: str


UNICODE = TreeSigns("✗", "…", "▾", "▸", "×", "█", "━", "▒", "─")
ASCII = TreeSigns("x", ".", "-", "+", "x", "#", "=", "o", "-")


@dataclass(frozen=True, slots=True)
class Columns:
    """How the width of a line is shared out."""

    name: int
    own: int
    tokens: int
    bar: int

    @classmethod
    def of(cls, width: int) -> Columns:
        """Own time and tokens only where there is room for them."""
        bar = max(8, width * 2 // 5 if width >= 88 else width // 3)
        own = 9 if width >= 88 else 0
        count = 8 if width >= 70 else 0
        return cls(max(6, width - bar - 13 - own - count), own, count, bar)


class Waterfall(LineScroll):
    """Spans depth first.

    Thick bars are on the critical path: shortening others saves nothing. Where a bar is solid the span
    itself was at work, where it is a line it waited for its children.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._signs = ASCII if glyphs_for(os.environ).ascii_only else UNICODE
        self.span_tree = SpanTree()
        self._rows: list[TreeRow] = []
        self._whole = TimeAxis(0, 0, 1)
        self.axis = self._whole
        self.fold = FoldBy.NONE

    def show(self, trace: TraceView) -> None:
        """Show the spans of ``trace``, the cursor on the root; alike ones stay folded as they were."""
        self.span_tree = SpanTree(trace.spans)
        self.span_tree.fold_by(self.fold)
        self.axis = self._whole = whole_axis(trace.spans)
        self._rows = self.span_tree.rows()
        self.cursor = 0
        self.set_line_count(len(self._rows))
        self.scroll_to(y=0, animate=False)

    # ---- where the cursor is ------------------------------------------------------------

    @property
    def row(self) -> TreeRow | None:
        """The line under the cursor."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    @property
    def chosen(self) -> SpanView | None:
        """The span under the cursor; of folded ones, the first."""
        return self.span_tree.spans[self.row.span] if self.row is not None else None

    def choose(self, span_id: str) -> bool:
        """Put the cursor on a span, in the middle of the view, and open what hides it; whether it is there."""
        for place, span in enumerate(self.span_tree.spans):
            if span.record.span_id == span_id:
                self._go_to(place, tell=False)
                return True
        return False

    def choose_next_failure(self) -> bool:
        """Move to the next failed span, round the end, also where it is folded; whether there is one."""
        row, count = self.row, len(self.span_tree.spans)
        if row is None:
            return False
        # a closed group stands for all its members, so the first of them counts as ahead
        start = row.span - 1 if row.group is not None else row.span
        for step in range(1, count + 1):
            place = (start + step) % count
            if self.span_tree.spans[place].failed:
                self._go_to(place, tell=True)
                return True
        return False

    def _go_to(self, place: int, *, tell: bool) -> None:
        before = self.chosen
        if not any(row.span == place and row.group is None for row in self._rows):
            self.span_tree.reveal(place)
            self._rows = self.span_tree.rows()
            self.set_line_count(len(self._rows))
        index = next(
            index for index, row in enumerate(self._rows) if row.span == place and row.group is None
        )
        self.move_to(index, tell=False)
        self.scroll_to(y=max(0, index - self.size.height // 2), animate=False)
        if tell and before is not self.chosen:
            self.post_message(self.Moved(self, index))

    # ---- folding ------------------------------------------------------------------------

    def toggle(self) -> None:
        """Open or close the line under the cursor, if it holds others."""
        row = self.row
        if row is not None and self.span_tree.can_open(row):
            self._set_open(row, not self.span_tree.is_open(row))

    def go_in(self) -> None:
        """Open the line under the cursor, or go to what it holds."""
        row = self.row
        if row is None or not self.span_tree.can_open(row):
            return
        if self.span_tree.is_open(row):
            self.move_to(self.cursor + 1)
        else:
            self._set_open(row, True)

    def go_out(self) -> None:
        """Close the line under the cursor, or go to what holds it."""
        row = self.row
        if row is None:
            return
        if self.span_tree.can_open(row) and self.span_tree.is_open(row):
            self._set_open(row, False)
            return
        for index in range(self.cursor - 1, -1, -1):
            if self._rows[index].depth < row.depth:
                self.move_to(index)
                return

    def _set_open(self, row: TreeRow, opened: bool) -> None:
        self.span_tree.set_open(row, opened)
        self._rows = self.span_tree.rows()
        self.set_line_count(len(self._rows))  # lines above the cursor stay: so does the cursor

    def fold_otherwise(self) -> FoldBy:
        """Fold alike siblings by name, then by type, then none; the cursor stays with its span."""
        order = list(FoldBy)
        self.fold = order[(order.index(self.fold) + 1) % len(order)]
        row = self.row
        self.span_tree.fold_by(self.fold)
        self._rows = self.span_tree.rows()
        self.set_line_count(len(self._rows))
        if row is not None:
            self.move_to(self._line_of(row.span))
        return self.fold

    def _line_of(self, place: int) -> int:
        """The line of a span, or the nearest above it that holds it."""
        while place >= 0:
            for index, row in enumerate(self._rows):
                if place in (row.group.members if row.group is not None else (row.span,)):
                    return index
            place = self.span_tree.parents[place]
        return 0

    # ---- time ---------------------------------------------------------------------------

    @property
    def is_zoomed(self) -> bool:
        """Whether the axis is a part of the trace."""
        return self.axis != self._whole

    def zoom(self) -> bool:
        """The chosen span, or the folded ones, take the whole axis; whether they took any time."""
        if self.row is None:
            return False
        low, high = self._interval(self.row)
        if high <= low:
            return False
        self.axis = TimeAxis(self._whole.zero_ns, low, high - low)
        self.refresh()
        return True

    def zoom_out(self) -> None:
        """The whole trace again."""
        self.axis = self._whole
        self.refresh()

    def _interval(self, row: TreeRow) -> tuple[int, int]:
        ends = [self._times(place) for place in _places(row)]
        return min(start for start, _ in ends), max(end for _, end in ends)

    def _times(self, place: int) -> tuple[int, int]:
        """Start and end; what is still running ends with the trace."""
        record = self.span_tree.spans[place].record
        running = self._whole.start_ns + self._whole.length_ns
        return record.start_ns, record.end_ns if record.end_ns is not None else running

    # ---- drawing ------------------------------------------------------------------------

    def draw(self, index: int, width: int, palette: Palette) -> list[Segment]:
        """Sign, indented name and kind, duration, own time and tokens where they fit, bar."""
        row = self._rows[index]
        shares = Columns.of(width)
        spans = [self.span_tree.spans[place] for place in _places(row)]
        failed = any(span.failed for span in spans)
        running = any(span.record.end_ns is None for span in spans)
        sign = self._signs.failed if failed else self._signs.running if running else " "
        line = [
            Segment(" "),
            Segment(f"{sign} ", palette.bad if failed else palette.warn),
            *self._title(row, shares.name, palette),
            Segment(" "),
            Segment(clip(self._duration(row), 7, right=True), palette.text),
        ]
        if shares.own:
            own = milliseconds(sum(span.self_ms for span in spans))
            line.append(Segment(clip(own, shares.own, right=True), palette.muted))
        if shares.tokens:
            total = sum((span.input_tokens or 0) + (span.output_tokens or 0) for span in spans)
            count = tokens(total) if total else ""
            line.append(Segment(clip(count, shares.tokens, right=True), palette.muted))
        critical = any(self.span_tree.critical[place] for place in _places(row))
        style = palette.bad if failed else palette.accent if critical else palette.muted
        return [*line, Segment("  "), *self._bar(row, shares.bar, critical, style)]

    def _duration(self, row: TreeRow) -> str:
        if row.group is not None:
            return milliseconds(row.group.total_ms)
        record = self.span_tree.spans[row.span].record
        if record.end_ns is None:
            return "running"
        return milliseconds((record.end_ns - record.start_ns) / 1e6)

    def _title(self, row: TreeRow, width: int, palette: Palette) -> list[Segment]:
        indent = "  " * min(row.depth, DEEPEST_INDENT, width // 6)
        opened = self.span_tree.is_open(row)
        mark = (
            "  "
            if not self.span_tree.can_open(row)
            else f"{self._signs.opened if opened else self._signs.closed} "
        )
        room = width - len(indent) - len(mark)
        lead = [Segment(indent), Segment(mark, palette.muted)]
        if row.group is not None:
            return [*lead, *self._group_title(row, room, palette)]
        span = self.span_tree.spans[row.span]
        name = single_line(span.record.name) or "(no name)"
        kind = single_line(span.model or span.record.kind.lower().replace("_", " "))
        if not opened:
            kind = f"+{self.span_tree.held(row):,} {kind}"
        shown = clip(name, room).rstrip()
        rest = room - _cells(shown) - 2
        style = palette.bad if span.failed else palette.text
        if rest < 4:
            return [*lead, Segment(clip(name, room), style)]
        return [
            *lead,
            Segment(shown, style),
            Segment("  "),
            Segment(clip(kind, rest), palette.muted),
        ]

    def _group_title(self, row: TreeRow, room: int, palette: Palette) -> list[Segment]:
        group = row.group
        assert group is not None
        count = f" {self._signs.times}{len(group.members):,}"
        failed = f", {group.failed:,} failed" if group.failed else ""
        whole = f", {milliseconds(group.total_ms)}"
        name_room = max(4, room - len(count) - len(failed))
        name = clip(group.label, name_room).rstrip()
        rest = room - _cells(name)
        return [
            Segment(name, palette.strong),
            *_fitted([(count, palette.text), (failed, palette.bad), (whole, palette.muted)], rest),
        ]

    def _bar(self, row: TreeRow, width: int, critical: bool, style: Style) -> list[Segment]:
        """Solid where the span itself was at work, a line where its children were."""
        own = self._signs.critical_own if critical else self._signs.own
        waiting = self._signs.critical if critical else self._signs.other
        cells = [" "] * width
        for place in _places(row):
            lead, length = self.axis.bar(*self._times(place), width)
            cells[lead : lead + length] = own * length
        if row.group is None:
            for child in self.span_tree.children[row.span]:
                lead, length = self.axis.bar(*self._times(child), width)
                for column in range(lead, lead + length):
                    if cells[column] == own:
                        cells[column] = waiting
        return [
            Segment("".join(run), style if blank != " " else None) for blank, run in groupby(cells)
        ]


class AxisLine(Widget):
    """Names of the columns, and round times above the bars."""

    COMPONENT_CLASSES = Waterfall.COMPONENT_CLASSES

    def __init__(self, waterfall: Waterfall) -> None:
        super().__init__(id="axis")
        self._waterfall = waterfall

    def render_line(self, y: int) -> Strip:
        """The only line."""
        palette = palette_of(self)
        shares = Columns.of(self._waterfall.columns)
        zoomed = "zoomed, Z goes back" if self._waterfall.is_zoomed else ""
        ticks = [" "] * shares.bar
        for column, label in self._waterfall.axis.ticks(shares.bar):
            ticks[column : column + len(label)] = label
        titles = (
            clip("   " + (zoomed or "span"), shares.name + 3)
            + clip("took", 8, right=True)
            + (clip("own", shares.own, right=True) if shares.own else "")
            + (clip("tokens", shares.tokens, right=True) if shares.tokens else "")
        )
        line = [Segment(f"{titles}  {''.join(ticks)}", palette.muted)]
        return Strip(line).adjust_cell_length(self.size.width).apply_style(self.rich_style)


def _places(row: TreeRow) -> tuple[int, ...]:
    return row.group.members if row.group is not None else (row.span,)


def _cells(text: str) -> int:
    return Segment(text).cell_length


def _fitted(parts: list[tuple[str, Style]], room: int) -> list[Segment]:
    """As many of the parts as there is room for whole, then blank."""
    segments = []
    for text, style in parts:
        if len(text) > room:
            break
        segments.append(Segment(text, style))
        room -= len(text)
    return [*segments, Segment(" " * room)]

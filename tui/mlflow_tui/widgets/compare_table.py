"""The spans of two traces side by side: which go together, and how they differ."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from mlflow_analysis.protocol import SpanView
from mlflow_analysis.untrusted import single_line
from mlflow_tui.widgets.figures import milliseconds
from mlflow_tui.widgets.glyphs import glyphs_for
from mlflow_tui.widgets.line_scroll import LineScroll, clip
from mlflow_tui.widgets.moments import tokens
from mlflow_tui.widgets.palette import Palette, palette_of

NOISE_MS = 0.5
"""Durations that differ by less are shown as alike."""


@dataclass(frozen=True, slots=True)
class SpanPair:
    """Two spans that go together, or one that is alone."""

    depth: int
    left: SpanView | None
    right: SpanView | None
    differs: bool
    """Whether payload, model or status are not the same."""

    @property
    def sign(self) -> str:
        """``-`` only in A, ``+`` only in B, ``~`` not the same, blank for alike ones."""
        if self.left is None or self.right is None:
            return "+" if self.left is None else "-"
        return "~" if self.differs else " "


class CompareTable(LineScroll):
    """One line a pair: sign, name, time and tokens in A and B, and the difference with its sign."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.pairs: Sequence[SpanPair] = ()
        self._failed = "x" if glyphs_for(os.environ).ascii_only else "✗"

    def show(self, pairs: Sequence[SpanPair]) -> None:
        """Show other pairs, from the top."""
        self.pairs = pairs
        self.cursor = 0
        self.set_line_count(len(pairs))
        self.scroll_to(y=0, animate=False)

    @property
    def chosen(self) -> SpanPair | None:
        """The pair under the cursor."""
        return self.pairs[self.cursor] if self.cursor < len(self.pairs) else None

    def go_to_difference(self, step: int) -> bool:
        """The next (1) or previous (-1) pair that is not alike, round the end; whether there is one."""
        count = len(self.pairs)
        for distance in range(1, count + 1):
            place = (self.cursor + step * distance) % count
            if self.pairs[place].sign != " ":
                self.move_to(place)
                return True
        return False

    def draw(self, index: int, width: int, palette: Palette) -> list[Segment]:
        """Sign, name, figures."""
        pair = self.pairs[index]
        shown = pair.right or pair.left
        assert shown is not None
        name_width = name_room(width)
        name = single_line(shown.record.name) or "(no name)"
        if pair.left and pair.right and pair.left.record.name != pair.right.record.name:
            name = f"{single_line(pair.left.record.name)} → {single_line(pair.right.record.name)}"
        failed = [span is not None and span.failed for span in (pair.left, pair.right)]
        if any(failed):
            where = "" if all(failed) else " in A" if failed[0] else " in B"
            name = f"{name} {self._failed} failed{where}"
        indent = "  " * min(pair.depth, max(0, name_width // 6))
        style = {"-": palette.bad, "+": palette.good, "~": palette.warn}.get(
            pair.sign, palette.muted
        )
        text = palette.bad if any(failed) else palette.text
        line = [
            Segment(" "),
            Segment(f"{pair.sign} ", style),
            Segment(clip(indent + name, name_width), text),
        ]
        times = [_took(pair.left), _took(pair.right)]
        line += _figures(times, [*map(_time, times)], _time_change, palette)
        if width >= WIDE:
            counts = [_tokens(pair.left), _tokens(pair.right)]
            line += _figures(counts, [*map(_count, counts)], _count_change, palette)
        return line


WIDE = 84
FIGURES = 27


def name_room(width: int) -> int:
    """Columns for the name: tokens only where there is room."""
    return max(8, width - 3 - FIGURES * (2 if width >= WIDE else 1))


class CompareHead(Widget):
    """Names of the columns."""

    COMPONENT_CLASSES = CompareTable.COMPONENT_CLASSES

    def __init__(self, table: CompareTable) -> None:
        super().__init__()
        self._table = table

    def render_line(self, y: int) -> Strip:
        """The only line."""
        width = self._table.columns
        line = clip("   span", name_room(width) + 3)
        line += "".join(clip(title, 9, right=True) for title in ("took A", "B", "B - A"))
        if width >= WIDE:
            line += "".join(clip(title, 9, right=True) for title in ("tokens A", "B", "B - A"))
        return (
            Strip([Segment(line, palette_of(self).muted)])
            .adjust_cell_length(self.size.width)
            .apply_style(self.rich_style)
        )


def _took(span: SpanView | None) -> float | None:
    if span is None or span.record.end_ns is None:
        return None
    return (span.record.end_ns - span.record.start_ns) / 1e6


def _tokens(span: SpanView | None) -> float | None:
    if span is None or (span.input_tokens is None and span.output_tokens is None):
        return None
    return (span.input_tokens or 0) + (span.output_tokens or 0)


def _time(ms: float | None) -> str:
    return "" if ms is None else milliseconds(ms)


def _count(count: float | None) -> str:
    return "" if count is None else tokens(int(count))


def _time_change(difference: float) -> str:
    if abs(difference) < NOISE_MS:
        return "="
    return ("+" if difference > 0 else "-") + milliseconds(abs(difference))


def _count_change(difference: float) -> str:
    if not difference:
        return "="
    return ("+" if difference > 0 else "-") + tokens(int(abs(difference)))


def _figures(
    values: Sequence[float | None],
    shown: Sequence[str],
    change: Callable[[float], str],
    palette: Palette,
) -> list[Segment]:
    left, right = values
    told = ""
    style = palette.muted
    if left is not None and right is not None:
        told = change(right - left)
        style = {"+": palette.warn, "-": palette.good}.get(told[:1], palette.muted)
    return [
        Segment(clip(shown[0], 9, right=True), palette.muted),
        Segment(clip(shown[1], 9, right=True), palette.text),
        Segment(clip(told, 9, right=True), style),
    ]

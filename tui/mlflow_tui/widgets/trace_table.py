"""The trace table: rows come in windows, so 100,000 traces cost what 100 cost."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass

from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from mlflow_analysis.protocol import Rows, TraceRow
from mlflow_analysis.untrusted import single_line
from mlflow_tui.widgets.figures import milliseconds
from mlflow_tui.widgets.glyphs import glyphs_for
from mlflow_tui.widgets.line_scroll import LineScroll, clip
from mlflow_tui.widgets.moments import moment, state_sign, state_style, state_word, tokens
from mlflow_tui.widgets.palette import Palette

_SIGNS = glyphs_for(os.environ)
MARK = _SIGNS.mark
"""Stands before the time of a trace that the user marked."""
SEVERITY_SIGNS = (
    {"high": "!", "medium": "+", "low": "-"}
    if _SIGNS.ascii_only
    else {"high": "▲", "medium": "■", "low": "▽"}
)
"""Before the number of findings: the severity of the worst, told by its shape."""
PAGE = 100
PAGES_KEPT = 60
NEAR = 60
"""Rows above and below what is seen that are fetched ahead: a held key must not wait for the engine."""


@dataclass(frozen=True)
class Columns:
    """Widths of the columns; 0 leaves a column out."""

    time: int
    state: int
    duration: int
    tokens: int
    session: int
    findings: int
    request: int
    response: int


def columns_for(width: int) -> Columns:
    """What fits ``width`` columns: request and response get what the others leave.

    The narrower, the fewer: response goes first, then session, tokens, findings, the seconds.
    """
    time = 14 if width >= 64 else 11
    state = 9 if width >= 90 else 1
    tokens_width = 7 if width >= 58 else 0
    session = 12 if width >= 104 else 0
    findings = 6 if width >= 70 else 3 if width >= 44 else 0
    fixed = [time, state, 7, tokens_width, session, findings]
    rest = max(0, width - 2 - sum(fixed) - 2 * sum(1 for each in fixed if each))
    response = rest * 2 // 5 - 2 if width >= 84 else 0
    request = rest - response - (2 if response else 0)
    return Columns(time, state, 7, tokens_width, session, findings, request, response)


class TraceTable(LineScroll):
    """Rows of a query. Rows that are not there yet are asked for with ``WindowWanted``."""

    class WindowWanted(Message):
        """Rows ``start`` to ``end`` are seen, or nearly, and not there."""

        def __init__(self, start: int, end: int) -> None:
            super().__init__()
            self.start = start
            self.end = end

        def can_replace(self, message: Message) -> bool:
            """Only the newest place matters: a page scrolled past need not be fetched."""
            return isinstance(message, TraceTable.WindowWanted)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._pages: OrderedDict[int, tuple[TraceRow, ...]] = OrderedDict()
        self._stale: set[int] = set()
        self._asked: tuple[int, int] | None = None
        self.sort = "start_ms"
        self.descending = True
        self.marked: Collection[str] = ()
        """Ids of the traces that are marked."""

    # ---- rows ---------------------------------------------------------------------------

    def row(self, index: int) -> TraceRow | None:
        """Row ``index``, if it is at hand."""
        page = self._pages.get(index // PAGE)
        place = index % PAGE
        return page[place] if page is not None and place < len(page) else None

    @property
    def chosen(self) -> TraceRow | None:
        """The row under the cursor, if it is at hand."""
        return self.row(self.cursor)

    def put(self, window: Rows, *, fresh: bool = False) -> None:
        """Take in a window that starts at a whole page. ``fresh``: of another query than before."""
        if fresh:
            self._pages.clear()
            self._stale.clear()
        self._asked = None
        before = {index: self.row(index) for index in self.lines_seen}
        for offset in range(0, len(window.rows), PAGE):
            number = (window.start + offset) // PAGE
            self._pages[number] = window.rows[offset : offset + PAGE]
            self._pages.move_to_end(number)
            self._stale.discard(number)
        while len(self._pages) > PAGES_KEPT:
            self._pages.popitem(last=False)
        self.set_line_count(window.total, redraw=fresh)
        if not fresh:
            for index, row in before.items():
                if row != self.row(index):
                    self.refresh_line(index)
        self._look_ahead()

    def outdate(self) -> None:
        """The rows at hand may have changed: those in sight stay there until newer ones come.

        Others are forgotten. Who jumped to one would be taken along with its trace to wherever that is now.
        """
        for number in self._pages.keys() - self._numbers_near():
            del self._pages[number]
        self._stale = set(self._pages)
        self._asked = None
        if self.screen.is_current:
            self._look_ahead()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other rows are seen."""
        super().watch_scroll_y(old_value, new_value)
        self._look_ahead()

    def on_resize(self) -> None:
        """More rows may be seen."""
        super().on_resize()
        self._look_ahead()

    def _numbers_near(self) -> range:
        """Of the pages that are seen, or nearly."""
        seen = self.lines_seen
        first = max(0, seen.start - NEAR) // PAGE
        last = min(self.line_count, seen.stop + NEAR) - 1
        return range(first, last // PAGE + 1)

    def _look_ahead(self) -> None:
        """Ask for the rows that are seen, or nearly, and not at hand as they are now."""
        missing = [
            number
            for number in self._numbers_near()
            if number not in self._pages or number in self._stale
        ]
        if not missing:
            return
        window = (missing[0] * PAGE, (missing[-1] + 1) * PAGE)
        if self._asked != window:
            self._asked = window
            self.post_message(self.WindowWanted(*window))

    # ---- drawing ------------------------------------------------------------------------

    def draw(self, index: int, width: int, palette: Palette) -> list[Segment]:
        """One trace, or a placeholder while it is on its way."""
        row = self.row(index)
        if row is None:
            self._look_ahead()
            return [Segment(" "), Segment("·" * min(11, width - 2), palette.muted)]
        columns = columns_for(width)
        failed = row.state == "ERROR"
        parts = [
            Segment(moment(row.start_ms, short=columns.time < 14), palette.muted),
            Segment(
                clip(_state(row.state, columns.state), columns.state),
                state_style(row.state, palette),
            ),
            Segment(
                clip(milliseconds(row.duration_ms), columns.duration, right=True), palette.text
            ),
        ]
        if columns.tokens:
            parts.append(
                Segment(clip(tokens(row.total_tokens), columns.tokens, right=True), palette.muted)
            )
        if columns.findings:
            parts.append(_findings(row, columns.findings, palette))
        if columns.session:
            parts.append(Segment(clip(single_line(row.session_id), columns.session), palette.muted))
        if columns.request > 0:
            parts.append(
                Segment(clip(single_line(row.request[:500]), columns.request), palette.text)
            )
        if columns.response:
            parts.append(
                Segment(
                    clip(single_line(row.response[:500]), columns.response),
                    palette.bad if failed else palette.muted,
                )
            )
        return _side_by_side(parts, f" {MARK}" if row.trace_id in self.marked else "  ")

    def heading(self, width: int) -> Strip:
        """Names of the columns, an arrow at the one that sorts."""
        columns = columns_for(width)
        arrow = "↓" if self.descending else "↑"

        def name(text: str, field: str) -> str:
            return text + arrow if self.sort == field else text

        cells = [
            clip(name("time", "start_ms"), columns.time),
            clip(name("state", "state") if columns.state > 1 else "", columns.state),
            clip(name("taken", "duration_ms"), columns.duration, right=True),
        ]
        if columns.tokens:
            cells.append(clip(name("tokens", "total_tokens"), columns.tokens, right=True))
        if columns.findings:
            found = name("found" if columns.findings > len("found") else "!", "findings")
            cells.append(clip(found, columns.findings, right=True))
        if columns.session:
            cells.append(clip(name("session", "session_id"), columns.session))
        if columns.request > 0:
            cells.append(clip(name("request", "request"), columns.request))
        if columns.response:
            cells.append(clip(name("response", "response"), columns.response))
        return Strip([Segment("  " + "  ".join(cells), self.palette.muted)])


def _findings(row: TraceRow, width: int, palette: Palette) -> Segment:
    """How many findings touch a trace, after the sign of the worst."""
    sign = SEVERITY_SIGNS.get(row.worst, "")
    told = f"{sign}{row.findings}" if row.findings else ""
    style = palette.bad if row.worst == "high" else palette.warn
    return Segment(clip(told, width, right=True), style)


def _side_by_side(parts: list[Segment], before: str) -> list[Segment]:
    """``parts`` with gaps, after ``before``; a gap belongs to the part before it, for each change of style is sent."""
    first, *others = parts
    line = [Segment(f"{before}{first.text}", first.style)]
    for part in others:
        line[-1] = Segment(f"{line[-1].text}  ", line[-1].style)
        line.append(part)
    return line


def _state(state: str, width: int) -> str:
    return f"{state_sign(state)} {state_word(state)}" if width > 1 else state_sign(state)


class TableHead(Widget):
    """The line above the rows."""

    def __init__(self, table: TraceTable) -> None:
        super().__init__()
        self._table = table

    def render_line(self, y: int) -> Strip:
        """The names of the columns, as wide as the rows below."""
        width = self.size.width
        strip = self._table.heading(max(1, width - 1))
        return strip.adjust_cell_length(width).apply_style(self.rich_style)

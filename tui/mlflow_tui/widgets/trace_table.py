"""The trace table: rows come in windows, so 100,000 traces cost what 100 cost."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from mlflow_analysis.protocol import Rows, TraceRow
from mlflow_analysis.untrusted import single_line
from mlflow_tui.widgets.figures import milliseconds
from mlflow_tui.widgets.line_scroll import LineScroll, clip
from mlflow_tui.widgets.moments import moment, state_sign, state_style, state_word, tokens
from mlflow_tui.widgets.palette import Palette

PAGE = 100
PAGES_KEPT = 60


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
    tokens_width = 6 if width >= 58 else 0
    session = 12 if width >= 104 else 0
    findings = 2 if width >= 44 else 0
    fixed = [time, state, 7, tokens_width, session, findings]
    rest = max(0, width - 1 - sum(fixed) - 2 * sum(1 for each in fixed if each))
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
        self._asked = None
        for offset in range(0, len(window.rows), PAGE):
            number = (window.start + offset) // PAGE
            self._pages[number] = window.rows[offset : offset + PAGE]
            self._pages.move_to_end(number)
            self._stale.discard(number)
        if fresh:
            self._stale.clear()
        while len(self._pages) > PAGES_KEPT:
            self._pages.popitem(last=False)
        if fresh or window.total != self.line_count:
            self.set_line_count(window.total)
        else:
            self.refresh()

    def outdate(self) -> None:
        """The rows at hand may have changed: they stay on the screen until newer ones come."""
        self._stale = set(self._pages)
        self._asked = None
        self.refresh()

    def visible_pages(self) -> tuple[int, int]:
        """First row and end of the pages that are seen."""
        top = self.scroll_offset.y
        first = top // PAGE
        last = max(top, top + self.size.height - 1) // PAGE
        return first * PAGE, (last + 1) * PAGE

    def _want(self, index: int) -> None:
        start, stop = self.visible_pages()
        if not start <= index < stop:
            start, stop = index // PAGE * PAGE, (index // PAGE + 1) * PAGE
        if self._asked != (start, stop):
            self._asked = (start, stop)
            self.post_message(self.WindowWanted(start, stop))

    # ---- drawing ------------------------------------------------------------------------

    def draw(self, index: int, width: int, palette: Palette) -> list[Segment]:
        """One trace, or a placeholder while it is on its way."""
        row = self.row(index)
        if row is None or index // PAGE in self._stale:
            self._want(index)
        if row is None:
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
            count = str(row.findings) if row.findings else ""
            parts.append(Segment(clip(count, columns.findings, right=True), palette.warn))
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
        line = [Segment(" ")]
        for number, part in enumerate(parts):
            if number:
                line.append(Segment("  "))
            line.append(part)
        return line

    def heading(self, width: int) -> Strip:
        """Names of the columns, an arrow at the one that sorts."""
        columns = columns_for(width)
        arrow = "↓" if self.descending else "↑"

        def name(text: str, field: str) -> str:
            return text + arrow if self.sort == field else text

        cells = [
            clip(name("time", "start_ms"), columns.time),
            clip("state" if columns.state > 1 else "", columns.state),
            clip(name("taken", "duration_ms"), columns.duration, right=True),
        ]
        if columns.tokens:
            cells.append(clip(name("token", "total_tokens"), columns.tokens, right=True))
        if columns.findings:
            cells.append(clip("!", columns.findings, right=True))
        if columns.session:
            cells.append(clip("session", columns.session))
        if columns.request > 0:
            cells.append(clip("request", columns.request))
        if columns.response:
            cells.append(clip("response", columns.response))
        return Strip([Segment(" " + "  ".join(cells), self.palette.muted)])


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

"""The experiments of a store as a table; what is not known yet is a dot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import time as now

from rich.segment import Segment
from rich.style import Style
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from mlflow_analysis.records import Experiment
from mlflow_analysis.untrusted import single_line
from mlflow_tui.experiment_rows import ExperimentRow, Sort
from mlflow_tui.widgets.experiment_preview import spark
from mlflow_tui.widgets.figures import grouped, milliseconds, share
from mlflow_tui.widgets.line_scroll import LineScroll, clip
from mlflow_tui.widgets.moments import lately
from mlflow_tui.widgets.palette import Palette, palette_of

UNKNOWN = "·"
NAME_AT_LEAST = 18
ROWS_AROUND = 10
"""Rows above and below what is seen that are as good as seen."""


@dataclass(frozen=True)
class Column:
    """One column after the name."""

    sort: Sort
    head: str
    width: int
    right: bool = True


_COLUMNS = (
    Column(Sort.ID, "id", 8),
    Column(Sort.TRACES, "traces", 8),
    Column(Sort.LAST, "last trace", 11),
    Column(Sort.FAILED, "failed", 7),
    Column(Sort.P50, "p50", 6),
    Column(Sort.P95, "p95", 6),
    Column(Sort.COURSE, "its last 24 h", 13, right=False),
    Column(Sort.REVIEWED, "reviewed", 11),
)
_FIRST = (Sort.TRACES, Sort.FAILED, Sort.LAST, Sort.P95, Sort.COURSE)
"""The columns that a narrow terminal keeps longest, the dearest first; the others follow in order."""


def columns_for(width: int) -> list[Column]:
    """What fits ``width`` columns beside the name, in order."""
    kept: set[Sort] = set()
    left = width - 3 - NAME_AT_LEAST
    dearest = sorted(
        _COLUMNS, key=lambda column: (column.sort not in _FIRST, _place(_FIRST, column.sort))
    )
    for column in dearest:
        if left < column.width + 2:
            break
        left -= column.width + 2
        kept.add(column.sort)
    return [column for column in _COLUMNS if column.sort in kept]


def _place(order: Sequence[Sort], sort: Sort) -> int:
    return order.index(sort) if sort in order else 0


def _name_width(width: int, columns: Sequence[Column]) -> int:
    return max(1, width - 3 - sum(column.width + 2 for column in columns))


class ExperimentHead(Widget):
    """Names of the columns; the one that sorts is marked."""

    COMPONENT_CLASSES = LineScroll.COMPONENT_CLASSES

    def __init__(self) -> None:
        super().__init__()
        self._sort, self._descending = Sort.CHANGED, True

    def mark(self, sort: Sort, descending: bool) -> None:
        """The list is sorted like this now."""
        self._sort, self._descending = sort, descending
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The one line."""
        palette, width = palette_of(self), self.size.width - 1  # the list has a scrollbar
        columns = columns_for(width)
        line = [
            Segment("   "),
            self._cell("name", Sort.NAME, _name_width(width, columns), False, palette),
        ]
        for column in columns:
            line += [
                Segment("  "),
                self._cell(column.head, column.sort, column.width, column.right, palette),
            ]
        return Strip(line).adjust_cell_length(self.size.width).apply_style(self.rich_style)

    def _cell(self, head: str, sort: Sort, width: int, right: bool, palette: Palette) -> Segment:
        if sort is not self._sort:
            return Segment(clip(head, width, right=right), palette.muted)
        return Segment(
            clip(head + ("↓" if self._descending else "↑"), width, right=right), palette.heading
        )


class ExperimentList(LineScroll):
    """Name, and as many columns of figures as fit."""

    class Measured(Message):
        """It is known how many rows are seen."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._rows: list[ExperimentRow] = []
        self.open_id = ""
        """The experiment that is open; it is marked."""

    @property
    def chosen(self) -> Experiment | None:
        """The experiment under the cursor."""
        return self._rows[self.cursor].experiment if self._rows else None

    @property
    def seen(self) -> list[str]:
        """Ids of the experiments that are on the screen, or nearly; none before that is known."""
        if not self.size.height:
            return []
        top = max(0, self.scroll_offset.y - ROWS_AROUND)
        stop = self.scroll_offset.y + self.size.height + ROWS_AROUND
        return [row.experiment.experiment_id for row in self._rows[top:stop]]

    def on_resize(self) -> None:
        """More rows may be seen now."""
        super().on_resize()
        self.post_message(self.Measured())

    def show(self, rows: Sequence[ExperimentRow], keep: str) -> None:
        """Show these, the cursor on experiment ``keep`` if it is among them, else on the first."""
        self._rows = list(rows)
        ids = [row.experiment.experiment_id for row in self._rows]
        place = ids.index(keep) if keep in ids else 0
        self.cursor = -1
        self.set_line_count(len(ids))
        self.cursor = -1
        if ids:
            self.move_to(place)

    def update(self, rows: Sequence[ExperimentRow]) -> None:
        """The same experiments in the same order, with more known of them."""
        self._rows = list(rows)
        self.refresh()

    def draw(self, index: int, width: int, palette: Palette) -> list[Segment]:
        """One experiment."""
        row = self._rows[index]
        experiment, columns = row.experiment, columns_for(width)
        is_open = experiment.experiment_id == self.open_id
        line = [
            Segment(" "),
            Segment("• " if is_open else "  ", palette.accent),
            Segment(clip(single_line(experiment.name), _name_width(width, columns)), palette.text),
        ]
        for column in columns:
            text, style = _cell(row, column.sort, palette)
            line += [
                Segment("  "),
                Segment(clip(text, column.width, right=column.right), style),
            ]
        return line


def _cell(row: ExperimentRow, sort: Sort, palette: Palette) -> tuple[str, Style]:
    figures = row.figures
    if sort is Sort.ID:
        return single_line(row.experiment.experiment_id), palette.muted
    if sort is Sort.REVIEWED:
        return (lately(row.reviewed_ms, now()) if row.reviewed_ms else "–"), palette.muted
    if figures is None:
        return UNKNOWN, palette.muted
    if sort is Sort.TRACES:
        return grouped(figures.traces) + ("" if figures.exact else "+"), palette.text
    if not figures.traces:
        return "", palette.muted
    if sort is Sort.LAST:
        return lately(figures.last_ms, now()), palette.muted
    if sort is Sort.FAILED:
        rate = row.failure_rate or 0.0
        return share(rate), palette.bad if rate else palette.muted
    if sort is Sort.COURSE:
        return spark(figures.per_hour, 13), palette.accent
    return milliseconds(figures.p50_ms if sort is Sort.P50 else figures.p95_ms), palette.text

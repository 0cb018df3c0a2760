"""Two traces side by side: the same request before and after a change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static
from textual.worker import get_current_worker

from mlflow_analysis.protocol import TraceView
from mlflow_analysis.untrusted import single_line
from mlflow_styles import stylesheet
from mlflow_tui.actions import COMPARE, TRACES, bindings_for
from mlflow_tui.inspecting.alignment import METHOD, align
from mlflow_tui.inspecting.differences import DiffRow, differs, span_rows, trace_rows
from mlflow_tui.inspecting.span_tree import SpanTree
from mlflow_tui.screens.base import StepScreen
from mlflow_tui.widgets.chrome import FooterLine, HeaderLine, RoomNotice
from mlflow_tui.widgets.compare_table import CompareHead, CompareTable, SpanPair
from mlflow_tui.widgets.diff_view import DiffView
from mlflow_tui.widgets.figures import milliseconds
from mlflow_tui.widgets.line_scroll import LineScroll
from mlflow_tui.widgets.moments import moment, state_sign, state_word, tokens


class CompareScreen(StepScreen):
    """Spans that go together above, how the chosen pair differs below."""

    PLACE: ClassVar[str] = COMPARE
    BINDINGS = bindings_for(COMPARE)
    CSS_PATH = stylesheet("compare")
    AUTO_FOCUS = "#pairs"

    def __init__(self, left: TraceView, right: TraceView) -> None:
        super().__init__()
        self._left, self._right = left, right

    def compose(self) -> ComposeResult:
        """Which two, their spans, the differences of the chosen pair."""
        yield HeaderLine(TRACES)
        with Vertical(id="compare"):
            yield Static(id="compare-a", markup=False)
            yield Static(id="compare-b", markup=False)
            yield Static(id="compare-method", markup=False)
            table = CompareTable(id="pairs")
            yield CompareHead(table)
            yield table
            yield DiffView(id="differences")
        yield FooterLine()
        yield RoomNotice()

    def on_mount(self) -> None:
        """Compare once there is something to draw on."""
        self._show()

    @property
    def table(self) -> CompareTable:
        """The pairs of spans."""
        return self.query_one(CompareTable)

    @property
    def differences(self) -> DiffView:
        """How the chosen pair differs."""
        return self.query_one(DiffView)

    def _show(self) -> None:
        self.query_one("#compare-a", Static).update(_summary("A", self._left))
        self.query_one("#compare-b", Static).update(_summary("B", self._right))
        self.query_one("#compare-method", Static).update(Content.styled("comparing …", "$muted"))
        self._compare(self._left, self._right)

    @work(thread=True, exclusive=True, group="compare")
    def _compare(self, left: TraceView, right: TraceView) -> None:
        """In a thread: thousands of spans with large payloads take a while."""
        worker = get_current_worker()
        trees = SpanTree(left.spans), SpanTree(right.spans)
        pairs = []
        for pair in align(*trees):
            one = left.spans[pair.left] if pair.left is not None else None
            two = right.spans[pair.right] if pair.right is not None else None
            alike = one is not None and two is not None and not differs(one, two)
            pairs.append(SpanPair(pair.depth, one, two, not alike))
        if not worker.is_cancelled:
            self.app.call_from_thread(self._compared, pairs)

    def _compared(self, pairs: list[SpanPair]) -> None:
        alone = [sum(pair.sign == sign for pair in pairs) for sign in "~-+"]
        self.query_one("#compare-method", Static).update(
            Content.styled(
                f"{len(pairs):,} lines: ~ {alone[0]:,} not the same, - {alone[1]:,} only in A, "
                f"+ {alone[2]:,} only in B · {METHOD}",
                "$muted",
            )
        )
        self.table.styles.max_height = max(1, len(pairs))
        self.table.show(pairs)
        self._show_pair()

    @on(LineScroll.Moved, "#pairs")
    def _show_pair(self) -> None:
        pair = self.table.chosen
        if pair is None:
            self._diff([])
            return
        self._diff_pair(pair, first=self.table.cursor == 0)

    @work(thread=True, exclusive=True, group="diff")
    def _diff_pair(self, pair: SpanPair, *, first: bool) -> None:
        worker = get_current_worker()
        rows = span_rows(pair.left, pair.right)
        if first:
            rows = [*trace_rows(self._left, self._right), *rows]
        if not worker.is_cancelled:
            self.app.call_from_thread(self._diff, rows)

    def _diff(self, rows: Sequence[DiffRow]) -> None:
        self.differences.show(rows)

    # ---- keys ---------------------------------------------------------------------------

    def action_cursor(self, where: str) -> None:
        """Move in whatever has the focus."""
        focused = self.focused
        (focused if isinstance(focused, LineScroll) else self.table).move(where)

    def action_open(self) -> None:
        """From the spans to the differences."""
        self.set_focus(self.differences)

    def action_back(self) -> None:
        """From the differences to the spans, then to the traces."""
        if self.focused is self.differences:
            self.set_focus(self.table)
        else:
            self.app.pop_screen()

    def action_next_difference(self) -> None:
        """The next pair that is not alike."""
        self._seek(1)

    def action_previous_difference(self) -> None:
        """The pair before that is not alike."""
        self._seek(-1)

    def _seek(self, step: int) -> None:
        if not self.table.go_to_difference(step):
            self.tell("All spans of the two traces are alike.")

    def action_swap(self) -> None:
        """Exchange A and B."""
        self._left, self._right = self._right, self._left
        self._show()


def _summary(letter: str, trace: TraceView) -> Content:
    info = trace.info
    style = {"OK": "$success", "ERROR": "$error"}.get(info.state, "$warning")
    models = dict.fromkeys(single_line(span.model) for span in trace.spans if span.model)
    parts = [
        Content.styled(letter, "bold $primary"),
        Content.styled(f"{state_sign(info.state)} {state_word(info.state)}", style),
        Content.styled(milliseconds(info.duration_ms), "$foreground"),
        Content.styled(f"{tokens(info.total_tokens)} tokens", "$muted"),
        Content.styled(moment(info.start_ms), "$muted"),
        Content.styled(f"{len(trace.spans):,} spans", "$muted"),
        Content.styled(", ".join(list(models)[:3]), "$muted"),
        Content.styled(single_line(trace.request[:200]), "$foreground"),
        Content.styled(single_line(info.trace_id), "$muted"),
    ]
    return Content("  ").join(part for part in parts if part)

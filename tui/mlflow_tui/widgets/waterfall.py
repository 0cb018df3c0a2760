"""The spans of one trace as a tree with bars on one time axis."""

from __future__ import annotations

from rich.segment import Segment

from mlflow_analysis.protocol import SpanView, TraceView
from mlflow_analysis.untrusted import single_line
from mlflow_tui.widgets.figures import milliseconds
from mlflow_tui.widgets.line_scroll import LineScroll, clip
from mlflow_tui.widgets.moments import tokens
from mlflow_tui.widgets.palette import Palette

DEEPEST_INDENT = 12
CRITICAL_BAR = "━"
OTHER_BAR = "─"


class Waterfall(LineScroll):
    """Spans depth first. Thick bars are on the critical path: shortening others saves nothing."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._spans: tuple[SpanView, ...] = ()
        self._start_ns = 0
        self._length_ns = 1

    def show(self, trace: TraceView) -> None:
        """Show the spans of ``trace``, the cursor on the root."""
        self._spans = trace.spans
        starts = [span.record.start_ns for span in self._spans]
        ends = [span.record.end_ns or span.record.start_ns for span in self._spans]
        self._start_ns = min(starts, default=0)
        self._length_ns = max(1, max(ends, default=1) - self._start_ns)
        self.cursor = 0
        self.set_line_count(len(self._spans))
        self.scroll_to(y=0, animate=False)

    @property
    def chosen(self) -> SpanView | None:
        """The span under the cursor."""
        return self._spans[self.cursor] if self.cursor < len(self._spans) else None

    def choose(self, span_id: str) -> bool:
        """Put the cursor on a span, in the middle of the view; whether it is there."""
        for index, span in enumerate(self._spans):
            if span.record.span_id == span_id:
                self.move_to(index, tell=False)
                self.scroll_to(y=max(0, index - self.size.height // 2), animate=False)
                return True
        return False

    def choose_next_failure(self) -> bool:
        """Move to the next failed span, round the end; whether there is one."""
        count = len(self._spans)
        for step in range(1, count + 1):
            index = (self.cursor + step) % count
            if self._spans[index].failed:
                self.move_to(index)
                return True
        return False

    def draw(self, index: int, width: int, palette: Palette) -> list[Segment]:
        """Sign, indented name and kind, duration, own time and tokens where they fit, bar."""
        span = self._spans[index]
        record = span.record
        wide = width >= 88
        bar_width = max(8, width * 2 // 5 if wide else width // 3)
        figures = 7 + (9 + 8 if wide else 0)
        name_width = max(6, width - bar_width - figures - 6)
        line = [
            Segment(" "),
            Segment("✗ " if span.failed else "  ", palette.bad),
            *self._title(span, name_width, palette),
            Segment(" "),
            Segment(clip(_duration(span), 7, right=True), palette.text),
        ]
        if wide:
            total = (span.input_tokens or 0) + (span.output_tokens or 0)
            line.append(Segment(clip(milliseconds(span.self_ms), 9, right=True), palette.muted))
            line.append(Segment(clip(tokens(total) if total else "", 8, right=True), palette.muted))
        style = (
            palette.bad
            if span.failed
            else palette.accent
            if span.critical_ms > 0
            else palette.muted
        )
        lead, length = self._bar(record.start_ns, record.end_ns, bar_width)
        sign = CRITICAL_BAR if span.critical_ms > 0 else OTHER_BAR
        line += [Segment("  " + " " * lead), Segment(sign * length, style)]
        return line

    def _title(self, span: SpanView, width: int, palette: Palette) -> list[Segment]:
        indent = "  " * min(span.depth, DEEPEST_INDENT, width // 4)
        name = single_line(span.record.name) or "(no name)"
        kind = span.model or span.record.kind.lower().replace("_", " ")
        room = width - len(indent)
        shown = clip(name, min(room, max(1, len(name) + 4))).rstrip()
        used = len(clip(shown, room).rstrip())
        rest = room - used - 2
        name_style = palette.bad if span.failed else palette.text
        if rest >= 4:
            kind_text = clip(single_line(kind), rest)
            return [
                Segment(indent),
                Segment(shown, name_style),
                Segment("  "),
                Segment(clip(kind_text, width - len(indent) - used - 2), palette.muted),
            ]
        return [Segment(indent), Segment(clip(name, room), name_style)]

    def _bar(self, start_ns: int, end_ns: int | None, width: int) -> tuple[int, int]:
        """Columns before the bar, and its length: at least one column, never past the end."""
        end = end_ns if end_ns is not None else self._start_ns + self._length_ns
        lead = int((start_ns - self._start_ns) / self._length_ns * width)
        lead = max(0, min(lead, width - 1))
        length = max(1, round((end - start_ns) / self._length_ns * width))
        return lead, min(length, width - lead)


def _duration(span: SpanView) -> str:
    record = span.record
    if record.end_ns is None:
        return "running"
    return milliseconds((record.end_ns - record.start_ns) / 1e6)

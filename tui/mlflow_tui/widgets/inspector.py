"""One trace: its spans on a time axis, and what the chosen span holds."""

from __future__ import annotations

import json
import re
from enum import Enum

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from mlflow_analysis.protocol import Conversation, SpanView, TraceView
from mlflow_analysis.untrusted import single_line
from mlflow_tui.payload import (
    Line,
    assessment_lines,
    attribute_lines,
    conversation_lines,
    event_lines,
    value_lines,
)
from mlflow_tui.widgets.figures import milliseconds
from mlflow_tui.widgets.line_scroll import LineScroll
from mlflow_tui.widgets.line_view import LineView
from mlflow_tui.widgets.moments import moment, state_sign, state_word, tokens
from mlflow_tui.widgets.waterfall import AxisLine, Waterfall

LONGEST_SOUGHT = 200


class Section(Enum):
    """What of the chosen span is shown. The value is its name."""

    INPUTS = "Inputs"
    OUTPUTS = "Outputs"
    ATTRIBUTES = "Attributes"
    EVENTS = "Events"
    ASSESSMENTS = "Assessments"
    CONVERSATION = "Conversation"


SHORT_NAMES = {
    Section.INPUTS: "In",
    Section.OUTPUTS: "Out",
    Section.ATTRIBUTES: "Attrib",
    Section.EVENTS: "Events",
    Section.ASSESSMENTS: "Assess",
    Section.CONVERSATION: "Session",
}


class SectionLine(Widget):
    """Names of the sections, the one shown marked, with counts where they say something."""

    def __init__(self) -> None:
        super().__init__()
        self._section = Section.INPUTS
        self._counts: dict[Section, int] = {}

    def show(self, section: Section, counts: dict[Section, int]) -> None:
        """Mark ``section``."""
        self._section, self._counts = section, counts
        self.refresh()

    def render(self) -> Content:
        """One line; short names where the long ones would not fit."""
        line = self._names(short=False)
        return line if line.cell_length <= self.content_size.width else self._names(short=True)

    def _names(self, *, short: bool) -> Content:
        return Content("" if short else " ").join(
            self._label(section, SHORT_NAMES[section] if short else section.value)
            for section in Section
        )

    def _label(self, section: Section, name: str) -> Content:
        count = self._counts.get(section, 0)
        text = name + (f" {count}" if count else "")
        if section is self._section:
            return Content.styled(f"[{text}]", "bold $primary")
        return Content.styled(f" {text} ", "$muted")


class Inspector(Vertical):
    """Shows a ``TraceView``. Asks for the conversation only when someone looks at it."""

    class ConversationWanted(Message):
        """The conversation section is shown and the conversation is not there."""

        def __init__(self, session_id: str) -> None:
            super().__init__()
            self.session_id = session_id

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.trace: TraceView | None = None
        self.section = Section.INPUTS
        self._conversation: Conversation | None = None

    def compose(self) -> ComposeResult:
        """Summary, spans, section names, payload; or a note instead of all."""
        yield Static(id="trace-note", classes="note", markup=False)
        yield Static(id="trace-summary", markup=False)
        waterfall = Waterfall(id="spans")
        yield AxisLine(waterfall)
        yield waterfall
        yield SectionLine()
        yield LineView(id="payload")

    # ---- what is shown ------------------------------------------------------------------

    @property
    def waterfall(self) -> Waterfall:
        """The spans."""
        return self.query_one(Waterfall)

    @property
    def payload(self) -> LineView:
        """The payload of the chosen span."""
        return self.query_one(LineView)

    @property
    def span(self) -> SpanView | None:
        """The chosen span."""
        return self.waterfall.chosen if self.trace else None

    def show(self, trace: TraceView) -> None:
        """Show a trace, its root span chosen."""
        same_session = (
            self._conversation is not None
            and self._conversation.session_id == trace.info.session_id
        )
        if not same_session:
            self._conversation = None
        self.trace = trace
        self.set_class(True, "-shown")
        self.waterfall.styles.max_height = max(1, len(trace.spans))
        self.waterfall.show(trace)
        self.query_one(AxisLine).refresh()
        self.query_one("#trace-summary", Static).update(self._summary(trace))
        self._show_section()

    def note(self, text: Content) -> None:
        """Show a sentence instead of a trace."""
        self.trace = None
        self.set_class(False, "-shown")
        self.query_one("#trace-note", Static).update(text)

    def show_conversation(self, conversation: Conversation) -> None:
        """Take in the conversation that was asked for."""
        self._conversation = conversation
        if self.section is Section.CONVERSATION:
            self._show_section()

    def open_line(self) -> bool:
        """Open or close the folded spans under the cursor; whether there are such."""
        row = self.waterfall.row
        if row is None or row.group is None:
            return False
        self.waterfall.toggle()
        return True

    def zoom(self, *, inwards: bool) -> bool:
        """The chosen span, or the whole trace again, on the whole time axis; whether that can be."""
        zoomed = self.waterfall.zoom() if inwards else True
        if not inwards:
            self.waterfall.zoom_out()
        self.query_one(AxisLine).refresh()
        return zoomed

    def choose_section(self, section: Section) -> None:
        """Show another part of the chosen span."""
        self.section = section
        self._show_section()

    def step_section(self, step: int) -> None:
        """Show the next (1) or previous (-1) section."""
        order = list(Section)
        self.choose_section(order[(order.index(self.section) + step) % len(order)])

    def show_evidence(self, span_id: str, excerpt: str) -> bool:
        """Land on a span and on the text that shows it; whether the text was found."""
        self.waterfall.choose(span_id)
        span = self.span
        if span is None:
            return False
        places = [Section.OUTPUTS, Section.EVENTS, Section.ATTRIBUTES, Section.INPUTS]
        if not span.record.events:
            places.remove(Section.EVENTS)
        for needle in needles(excerpt):
            for section in places:
                lines = self._lines(section, span)
                if any(needle.casefold() in line.text.casefold() for line in lines):
                    self.choose_section(section)
                    return self.payload.find(needle) > 0
        self.choose_section(Section.EVENTS if span.record.events else Section.OUTPUTS)
        return False

    # ---- inside -------------------------------------------------------------------------

    @on(LineScroll.Moved, "#spans")
    def _span_moved(self, message: LineScroll.Moved) -> None:
        message.stop()
        self._show_section()

    def _show_section(self) -> None:
        span = self.span
        if span is None or self.trace is None:
            return
        if self.section is Section.CONVERSATION and self._conversation is None:
            session = self.trace.info.session_id
            if session:
                self.post_message(self.ConversationWanted(session))
        counts = {
            Section.EVENTS: len(span.record.events),
            Section.ASSESSMENTS: len(self.trace.info.assessments),
            Section.CONVERSATION: len(self._conversation.turns) if self._conversation else 0,
        }
        self.query_one(SectionLine).show(self.section, counts)
        self.payload.show(self._lines(self.section, span))

    def _lines(self, section: Section, span: SpanView) -> list[Line]:
        assert self.trace is not None
        if section is Section.INPUTS:
            return value_lines(span.record.inputs)
        if section is Section.OUTPUTS:
            return _failure_lines(span) + value_lines(span.record.outputs)
        if section is Section.ATTRIBUTES:
            return attribute_lines(span)
        if section is Section.EVENTS:
            return event_lines(span.record.events)
        if section is Section.ASSESSMENTS:
            return assessment_lines(self.trace.info, span.record.span_id)
        if not self.trace.info.session_id:
            return [Line("muted", "this trace belongs to no session")]
        if self._conversation is None:
            return [Line("muted", "reading the conversation …")]
        return conversation_lines(self._conversation, self.trace.info.trace_id)

    def _summary(self, trace: TraceView) -> Content:
        info = trace.info
        style = {"OK": "$success", "ERROR": "$error"}.get(info.state, "$warning")
        parts = [
            Content.styled(f"{state_sign(info.state)} {state_word(info.state)}", style),
            Content.styled(milliseconds(info.duration_ms), "$foreground"),
            Content.styled(moment(info.start_ms), "$muted"),
        ]
        if info.total_tokens is not None:
            parts.append(Content.styled(f"{tokens(info.total_tokens)} tokens", "$muted"))
        count = len(trace.spans)
        parts.append(Content.styled(f"{count:,} span{'s' if count != 1 else ''}", "$muted"))
        if trace.findings:
            count = len(trace.findings)
            parts.append(Content.styled(f"{count} finding{'s' if count != 1 else ''}", "$warning"))
        parts.append(Content.styled(single_line(info.trace_id), "$muted"))
        return Content("  ").join(parts)


def _failure_lines(span: SpanView) -> list[Line]:
    """Why the span failed stands above what it returned."""
    message = span.record.status_message or span.error_message
    if not span.failed or not message:
        return []
    return [*(Line("bad", line) for line in message.split("\n")), Line("text", "")]


def needles(excerpt: str) -> list[str]:
    """What to look for to find ``excerpt`` on the screen, the best first.

    Payloads are shown as JSON or wrapped, so the excerpt may be escaped there, or only a part of
    it may stand on one line.
    """
    text = excerpt.strip().strip("…").strip()
    if not text:
        return []
    escaped = json.dumps(text, ensure_ascii=False)[1:-1]
    fragments = sorted(re.split(r'["\\\n{}\[\]]|…|\.\.\.', text), key=len, reverse=True)
    found = [text, escaped, *(each.strip(" ,:") for each in fragments)]
    return list(dict.fromkeys(each[:LONGEST_SOUGHT] for each in found if len(each) >= 4)) or [text]

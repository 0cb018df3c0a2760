"""One trace: its spans on a time axis, and what the chosen span holds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from enum import Enum

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from mlflow_analysis.protocol import Conversation, SpanView, TraceView, unpacked
from mlflow_analysis.untrusted import single_line
from mlflow_tui.inspecting.export import as_written
from mlflow_tui.inspecting.lines import Item, Line, Link
from mlflow_tui.inspecting.sections import (
    FindingNote,
    assessment_items,
    attribute_items,
    conversation_items,
    event_items,
    failure_items,
    finding_items,
    payload_items,
    where_turn_stands,
)
from mlflow_tui.terminal.outside import Taken
from mlflow_tui.widgets.figures import milliseconds
from mlflow_tui.widgets.line_scroll import LineScroll
from mlflow_tui.widgets.line_view import LineView
from mlflow_tui.widgets.moments import moment, state_sign, state_word, tokens
from mlflow_tui.widgets.outline import MOST_MATCHES, Outline
from mlflow_tui.widgets.waterfall import AxisLine, Waterfall

LONGEST_SOUGHT = 200


class Section(Enum):
    """What of the chosen span is shown. The value is its name."""

    INPUTS = "Inputs"
    OUTPUTS = "Outputs"
    ATTRIBUTES = "Attributes"
    EVENTS = "Events"
    ASSESSMENTS = "Assessments"
    FINDINGS = "Findings"
    CONVERSATION = "Conversation"


SHORT_NAMES = {
    Section.INPUTS: "In",
    Section.OUTPUTS: "Out",
    Section.ATTRIBUTES: "Attrib",
    Section.EVENTS: "Events",
    Section.ASSESSMENTS: "Assess",
    Section.FINDINGS: "Find",
    Section.CONVERSATION: "Session",
}


class SectionLine(Widget):
    """Names of the sections, the one shown marked, with counts where they say something."""

    def __init__(self) -> None:
        super().__init__()
        self._section = Section.INPUTS
        self._counts: dict[Section, int] = {}
        self._found = ""

    def show(self, section: Section, counts: dict[Section, int]) -> None:
        """Mark ``section``."""
        self._section, self._counts, self._found = section, counts, ""
        self.refresh()

    def found(self, number: int, count: int) -> None:
        """Say which match of a search is shown, and how many there are."""
        more = "+" if count == MOST_MATCHES else ""
        self._found = f"match {number:,} of {count:,}{more}" if count else "no match"
        self.refresh()

    def render(self) -> Content:
        """One line; short names where the long ones would not fit."""
        found = Content.styled(f"  {self._found}", "$warning") if self._found else Content("")
        room = self.content_size.width - found.cell_length
        line = self._names(short=False)
        return (line if line.cell_length <= room else self._names(short=True)) + found

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

    class Followed(Message):
        """The user wants to go where a line leads to."""

        def __init__(self, link: Link) -> None:
            super().__init__()
            self.link = link

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.trace: TraceView | None = None
        self._findings: Callable[[], Sequence[FindingNote]] = tuple
        self.section = Section.INPUTS
        self._conversation: Conversation | None = None
        self._shown: tuple[object, ...] = (None,) * 4
        """Of what the lines were made that are on the screen."""

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

    def show(self, trace: TraceView, findings: Callable[[], Sequence[FindingNote]] = tuple) -> None:
        """Show a trace, its root span chosen; if it is shown already, the span that was chosen.

        ``findings`` gives those that affect it, once somebody looks at them: a finding may name very many spans.
        """
        again = self.trace is not None and self.trace.info.trace_id == trace.info.trace_id
        chosen = self.span.record.span_id if again and self.span is not None else ""
        self._findings = findings
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
        if chosen:
            self.waterfall.choose(chosen)
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

    def open_payload_line(self) -> None:
        """Open or close what is folded on the payload's line, or go where it leads to."""
        link = self.payload.link
        if link is not None:
            self.post_message(self.Followed(link))
        else:
            self.payload.toggle()

    def zoom(self, *, inwards: bool) -> bool:
        """The chosen span, or the whole trace again, on the whole time axis; whether that can be."""
        zoomed = self.waterfall.zoom() if inwards else True
        if not inwards:
            self.waterfall.zoom_out()
        self.query_one(AxisLine).refresh()
        return zoomed

    def taken(self) -> Taken:
        """What is shown, to take along: a payload as it was recorded, else the lines on the screen."""
        trace, span = self.trace, self.span
        assert trace is not None and span is not None
        name = f"{trace.info.trace_id}-{span.record.name}-{self.section.value.lower()}"
        recorded = {Section.INPUTS: span.record.inputs, Section.OUTPUTS: span.record.outputs}
        value = unpacked(recorded.get(self.section))
        if value is None:
            return Taken(self.payload.text, False, name)
        return Taken(as_written(value), not isinstance(value, str), name)

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
                if Outline(self._items(section, span)).find(needle):
                    self.choose_section(section)
                    return self.find(needle)
        self.choose_section(Section.EVENTS if span.record.events else Section.OUTPUTS)
        return False

    # ---- finding ------------------------------------------------------------------------

    def find(self, text: str) -> bool:
        """Mark a text in the payload, also where it is folded, and say how often it is there."""
        count = self.payload.find(text)
        self.query_one(SectionLine).found(1, count)
        return count > 0

    def next_match(self, step: int) -> bool:
        """Show the next (1) or previous (-1) match; whether there is one."""
        if not self.payload.matches[1]:
            return False
        self.payload.next_match(step)
        self.query_one(SectionLine).found(*self.payload.matches)
        return True

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
        shown = (self.trace, span, self.section, self._conversation)
        if all(one is other for one, other in zip(shown, self._shown, strict=True)):
            return  # what is opened there, and found, stays
        self._shown = shown
        counts = {
            Section.EVENTS: len(span.record.events),
            Section.ASSESSMENTS: len(self.trace.info.assessments),
            Section.FINDINGS: len(self.trace.findings),
            Section.CONVERSATION: len(self._conversation.turns) if self._conversation else 0,
        }
        self.query_one(SectionLine).show(self.section, counts)
        items = self._items(self.section, span)
        at = where_turn_stands(items) if self.section is Section.CONVERSATION else 0
        self.payload.show(items, at=at)

    def _items(self, section: Section, span: SpanView) -> Sequence[Item]:
        assert self.trace is not None
        record = span.record
        if section is Section.INPUTS:
            return payload_items(record.inputs)
        if section is Section.OUTPUTS:
            return [*failure_items(span), *payload_items(record.outputs)]
        if section is Section.ATTRIBUTES:
            return attribute_items(span)
        if section is Section.EVENTS:
            return event_items(record.events, record.start_ns)
        if section is Section.ASSESSMENTS:
            return assessment_items(self.trace.info, record.span_id)
        if section is Section.FINDINGS:
            return finding_items(self._findings(), record.span_id)
        if not self.trace.info.session_id:
            return [Line("muted", "this trace belongs to no session")]
        if self._conversation is None:
            return [Line("muted", "reading the conversation …")]
        return conversation_items(self._conversation, self.trace.info.trace_id)

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

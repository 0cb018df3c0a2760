"""Every trace, and one of them in full."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static
from textual.worker import WorkerCancelled

from mlflow_analysis.protocol import (
    FetchConversation,
    FetchTrace,
    FilterProblem,
    RowQuery,
    SuggestFilter,
    TraceView,
)
from mlflow_styles import stylesheet
from mlflow_tui.actions import BOARD, EXPERIMENTS, TRACES, bindings_for
from mlflow_tui.client import EngineProblem
from mlflow_tui.screens.annotating import AnnotatingScreen
from mlflow_tui.screens.copying import CopyDialog
from mlflow_tui.screens.filter_keeping import FilterKeepingScreen
from mlflow_tui.screens.inspecting import NEEDS_A_TRACE, InspectingScreen
from mlflow_tui.widgets.filter_bar import FilterBar
from mlflow_tui.widgets.inspector import Inspector
from mlflow_tui.widgets.line_scroll import LineScroll
from mlflow_tui.widgets.prompt_line import PromptLine
from mlflow_tui.widgets.text_field import TextField
from mlflow_tui.widgets.trace_table import TableHead, TraceTable

SETTLE_SECONDS = 0.12
"""A trace is opened once the cursor has rested on it that long."""


class TracesScreen(AnnotatingScreen, FilterKeepingScreen, InspectingScreen):
    """List and inspector. The list holds a window of the engine's rows, never all of them."""

    PLACE = TRACES
    BINDINGS = bindings_for(TRACES)
    CSS_PATH = stylesheet("traces")
    AUTO_FOCUS = "#rows"

    def __init__(self) -> None:
        super().__init__()
        self._settle: Timer | None = None
        self._evidence: tuple[str, str, str] | None = None
        """Trace, span and excerpt to land on once the trace is there."""

    def compose_body(self) -> ComposeResult:
        """List on the left (or on top), inspector on the right (or below)."""
        with Horizontal(id="traces"):
            with Vertical(id="list"):
                yield Static(id="status", markup=False)
                yield FilterBar(self.state.filter_history, id="prompt")
                table = TraceTable(id="rows")
                yield TableHead(table)
                yield table
                yield Static(id="empty", classes="note", markup=False)
            yield Inspector(id="inspector")

    # ---- the open trace -----------------------------------------------------------------

    @on(LineScroll.Moved, "#rows")
    def _moved(self) -> None:
        self._stop_waiting()
        row = self.table.chosen
        if row is not None:
            self.state.trace_id = row.trace_id  # which a filter keeps, opened yet or not
        if self.inspector.trace is None or self._evidence is not None:
            self._open_chosen()
        else:
            self._settle = self.set_timer(SETTLE_SECONDS, self._open_chosen)

    def engine_restarted(self, sentence: str) -> None:
        """What could not be read while the engine was away is read now."""
        super().engine_restarted(sentence)
        if self.inspector.trace is None:
            self._open_chosen()

    def _open_chosen(self) -> None:
        self._stop_waiting()
        row = self.table.chosen
        if row is None:
            return
        shown = self.inspector.trace
        if shown is not None and shown.info.trace_id == row.trace_id and self._evidence is None:
            return
        self.open_trace(row.trace_id)

    def _stop_waiting(self) -> None:
        """For the cursor to rest."""
        if self._settle is not None:
            self._settle.stop()
            self._settle = None

    async def at_rest(self) -> None:
        """The cursor need not rest: the trace it came to last is opened now, until it is there."""
        if self._settle is not None:
            self._open_chosen()
        while reading := [worker for worker in self.workers if worker.group == "trace"]:
            try:
                await self.workers.wait_for_complete(reading)
            except WorkerCancelled:  # the cursor went on
                await asyncio.sleep(0)

    @work(exclusive=True, group="trace", exit_on_error=False)
    async def open_trace(self, trace_id: str) -> None:
        """Read a trace and show it."""
        try:
            trace = await self.client.ask(FetchTrace(trace_id))
        except EngineProblem as failure:
            problem = failure.problem
            self.inspector.note(
                Content.assemble((problem.sentence, "$error"), "\n\n", (problem.remedy, "$muted"))
            )
            return
        self.show_trace(trace)
        self._land(trace)
        self.refresh_bindings()

    def show_again(self, trace_ids: set[str]) -> None:
        """The open trace, if it was written on, as it is now."""
        shown = self.inspector.trace
        if shown is not None and shown.info.trace_id in trace_ids:
            self.open_trace(shown.info.trace_id)

    def _land(self, trace: TraceView) -> None:
        """Put the cursor where the evidence of the finding is, if one is being followed."""
        trace_id = trace.info.trace_id
        evidence, self._evidence = self._evidence, None
        if evidence is None or evidence[0] != trace_id:
            evidence = self._evidence_of(trace_id)
        if evidence is not None:
            self.inspector.show_evidence(evidence[1], evidence[2])
            self.inspector.payload.focus()

    def _evidence_of(self, trace_id: str) -> tuple[str, str, str] | None:
        """Span and excerpt by which the followed finding holds this trace against the claim."""
        card = self.state.board.card(self.state.query.finding) if self.state.query.finding else None
        if card is None or card.finding is None:
            return None
        for example in card.finding.examples:
            if example.trace_id == trace_id:
                return (trace_id, example.span_id, example.excerpt)
        for assessment in card.finding.assessments:
            if assessment.trace_id == trace_id:
                return (trace_id, assessment.span_id, "")
        return None

    def show_evidence(self, trace_id: str, span_id: str, excerpt: str, query: RowQuery) -> None:
        """Open a trace at a span with the excerpt visible; ``esc`` goes back to the board."""
        self._evidence = (trace_id, span_id, excerpt)
        self._from_board = True
        self.show_query(query, trace_id)

    @on(Inspector.ConversationWanted)
    @work(exclusive=True, group="conversation", exit_on_error=False)
    async def _conversation_wanted(self, message: Inspector.ConversationWanted) -> None:
        try:
            conversation = await self.client.ask(FetchConversation(message.session_id))
        except EngineProblem as failure:
            self.tell_problem(failure.problem)
            return
        self.inspector.show_conversation(conversation)

    # ---- moving -------------------------------------------------------------------------

    def action_cursor(self, where: str) -> None:
        """Move in whatever has the focus."""
        focused = self.focused
        (focused if isinstance(focused, LineScroll) else self.table).move(where)

    @on(LineScroll.Chosen, "#rows")
    def _row_chosen(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        """From the list to the spans, from the spans to the payload."""
        inspector = self.inspector
        if inspector.trace is None:
            return
        if self.focused is self.table:
            self._open_chosen()
            self.set_focus(inspector.waterfall)
        elif self.focused is inspector.payload:
            inspector.open_payload_line()
        elif not inspector.open_line():
            self.set_focus(inspector.payload)

    def action_back(self) -> None:
        """Payload → spans → list → experiments; from evidence straight back to the board."""
        inspector = self.inspector
        if self.query_one(PromptLine).purpose:
            self.close_prompt()
        elif self._from_board:
            self._from_board = False
            self.app.switch_mode(BOARD)
        elif self.focused is inspector.payload:
            self.set_focus(inspector.waterfall)
        elif self.focused is inspector.waterfall:
            self.set_focus(self.table)
        elif self.state.query != self._unfiltered():
            self.action_show_all()
        else:
            self.app.switch_mode(EXPERIMENTS)

    def action_next_match(self) -> None:
        """The next match of a search, else the next trace."""
        self._step(1)

    def action_previous_match(self) -> None:
        """The previous match of a search, else the previous trace."""
        self._step(-1)

    def _step(self, step: int) -> None:
        if not (self.inspecting and self.inspector.next_match(step)):
            self.table.move_to(self.table.cursor + step)

    # ---- the prompt ---------------------------------------------------------------------

    def action_find(self) -> None:
        """In the inspector look for a text; elsewhere filter what is read from the store."""
        prompt = self.query_one(PromptLine)
        if self.inspecting:
            prompt.ask("find", "find in what is shown of this span, folded parts too", "")
        else:
            prompt.ask(
                "filter",
                "MLflow filter: status = 'ERROR' AND tags.region = 'eu'",
                self.state.filter_string,
            )

    def action_search_text(self) -> None:
        """Free text in requests, responses and what tools answered."""
        self.query_one(PromptLine).ask(
            "text", "text in request, response or tool output", self.state.query.text
        )

    @on(FilterBar.SuggestionsWanted)
    @work(exclusive=True, group="words", exit_on_error=False)
    async def _words_wanted(self, message: FilterBar.SuggestionsWanted) -> None:
        try:
            offer = await self.client.ask(SuggestFilter(message.text, message.cursor))
        except EngineProblem:
            return  # typing goes on without help; what is wrong is said once the filter is sent
        bar = self.filter_bar
        if bar.purpose == "filter" and bar.query_one(TextField).value == message.text:
            bar.suggest(offer)

    @on(PromptLine.Answered)
    def _answered(self, message: PromptLine.Answered) -> None:
        prompt = self.query_one(PromptLine)
        if message.purpose == "filter":
            self.filter_bar.remember(message.text)
            prompt.wait()
            self.tui.read_table(message.text)
            return
        self.close_prompt()
        if message.purpose == "text":
            self.requery(replace(self.state.query, text=message.text))
        elif message.text and not self.inspector.find(message.text):
            self.tell(f"“{message.text}” is not in this payload.")

    def close_prompt(self) -> None:
        """Hide the prompt; the keys go back to where they were."""
        prompt = self.filter_bar
        to_payload = prompt.purpose == "find"
        if isinstance(self.state.table_problem, FilterProblem):
            self.state.table_problem = None  # what was refused is given up: the rows are of now
            self.state_changed()
        prompt.close()
        (self.inspector.payload if to_payload else self.table).focus()

    # ---- copying ------------------------------------------------------------------------

    def action_copy(self) -> None:
        """Choose what to copy."""
        inspector = self.inspector
        if inspector.trace is not None and inspector.span is not None:
            self.app.push_screen(
                CopyDialog(
                    inspector.trace,
                    inspector.span,
                    inspector.taken().text,
                    self.state.connection.tracking_uri if self.state.connection else "",
                    self.state.marked,
                )
            )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing now are not offered."""
        if action == "watch":
            return self.state.experiment is not None
        if action in NEEDS_A_TRACE:
            return bool(self.inspector.trace)
        if action == "undo_writing":
            return bool(self._done)
        if action == "redo_writing":
            return bool(self._undone)
        if action == "unmark_all":
            return bool(self.state.marked)
        if action == "drop_filter":
            return bool(self.state.applied)
        return True

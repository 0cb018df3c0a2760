"""Every trace, and one of them in full."""

from __future__ import annotations

from dataclasses import replace

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from mlflow_analysis.events import Event
from mlflow_analysis.protocol import (
    FetchConversation,
    FetchRows,
    FetchTrace,
    LocateTrace,
    Problem,
    RowQuery,
    TableGrew,
    TraceView,
)
from mlflow_styles import stylesheet
from mlflow_tui.actions import BOARD, EXPERIMENTS, TRACES, bindings_for
from mlflow_tui.client import EngineProblem
from mlflow_tui.screens.base import StepScreen
from mlflow_tui.screens.copying import CopyDialog
from mlflow_tui.widgets.inspector import Inspector
from mlflow_tui.widgets.line_scroll import LineScroll
from mlflow_tui.widgets.prompt_line import PromptLine
from mlflow_tui.widgets.trace_status import empty_note, status_line
from mlflow_tui.widgets.trace_table import PAGE, TableHead, TraceTable

SETTLE_SECONDS = 0.12
"""A trace is opened once the cursor has rested on it that long."""
SORTS = ("start_ms", "duration_ms", "total_tokens", "findings")
SCANNED_AT_ONCE = 500


class TracesScreen(StepScreen):
    """List and inspector. The list holds a window of the engine's rows, never all of them."""

    PLACE = TRACES
    BINDINGS = bindings_for(TRACES)
    CSS_PATH = stylesheet("traces")
    AUTO_FOCUS = "#rows"

    def __init__(self) -> None:
        super().__init__()
        self._shown_for = ("", "")
        """Store and experiment whose rows are on the screen."""
        self._settle: Timer | None = None
        self._evidence: tuple[str, str, str] | None = None
        """Trace, span and excerpt to land on once the trace is there."""
        self._from_board = False
        self._problem: Problem | None = None

    def compose_body(self) -> ComposeResult:
        """List on the left (or on top), inspector on the right (or below)."""
        with Horizontal(id="traces"):
            with Vertical(id="list"):
                yield Static(id="status", markup=False)
                yield PromptLine(id="prompt")
                table = TraceTable(id="rows")
                yield TableHead(table)
                yield table
                yield Static(id="empty", classes="note", markup=False)
            yield Inspector(id="inspector")

    @property
    def table(self) -> TraceTable:
        """The list."""
        return self.query_one(TraceTable)

    @property
    def inspector(self) -> Inspector:
        """The open trace."""
        return self.query_one(Inspector)

    # ---- following the state ------------------------------------------------------------

    def state_changed(self) -> None:
        """Another experiment empties the list; a finished reading refreshes it."""
        state = self.state
        experiment = state.experiment
        key = (
            state.connection.tracking_uri if state.connection else "",
            experiment.experiment_id if experiment else "",
        )
        if key != self._shown_for:
            self._shown_for = key
            self.inspector.note(Content(""))
            self.table.set_line_count(0)
            self._fetch_first()
        elif state.table_problem is None:
            self._outdated()
        self._problem = state.table_problem
        prompt = self.query_one(PromptLine)
        if prompt.purpose == "filter":
            if state.table_problem is not None:
                prompt.object_to(f"{state.table_problem.sentence} {state.table_problem.remedy}")
            elif state.table is not None and prompt.waiting:
                self._close_prompt()
        self._show_status()

    def engine_pushed(self, bodies: tuple[Event | TableGrew, ...]) -> None:
        """The table grows while it is read; findings grow while an analysis runs."""
        if any(isinstance(body, TableGrew) for body in bodies):
            self._outdated()
            self._show_status()

    def engine_restarted(self, sentence: str) -> None:
        """The rows of the new engine are the same, but must be asked for again."""
        self._outdated()

    def _outdated(self) -> None:
        if self.state.table is None:
            return
        if self.table.line_count == 0:
            self._fetch_first()
        else:
            self.table.outdate()

    # ---- rows ---------------------------------------------------------------------------

    def _fetch_first(self) -> None:
        if self.state.table is not None:
            self.show_query(self.state.query, self.state.trace_id)

    @work(exclusive=True, group="rows", exit_on_error=False)
    async def show_query(self, query: RowQuery, keep: str = "") -> None:
        """Show the rows of ``query``, the cursor on trace ``keep`` if it is among them."""
        try:
            position = None
            if keep:
                position = (await self.client.ask(LocateTrace(query, keep))).position
            start = (position or 0) // PAGE * PAGE
            rows = await self.client.ask(FetchRows(query, start, start + 2 * PAGE))
        except EngineProblem as failure:
            self._failed(failure.problem)
            return
        self.state.query = query
        table = self.table
        table.sort, table.descending = query.sort, query.descending
        table.put(rows, fresh=True)
        table.cursor = -1  # so that the move below is one, and the trace is opened
        table.move_to(position or 0)
        self.query_one(TableHead).refresh()
        self._show_status()

    @on(TraceTable.WindowWanted)
    def _window_wanted(self, message: TraceTable.WindowWanted) -> None:
        self._fetch(message.start, message.end)

    @work(exclusive=True, group="window", exit_on_error=False)
    async def _fetch(self, start: int, stop: int) -> None:
        query = self.state.query
        try:
            rows = await self.client.ask(FetchRows(query, start, stop))
        except EngineProblem as failure:
            self._failed(failure.problem)
            return
        if query != self.state.query:
            return
        table = self.table
        before = table.chosen
        table.put(rows)
        after = table.chosen
        if before is not None and after is not None and before.trace_id != after.trace_id:
            # Rows came in above: stay on the trace, not on the line.
            position = (await self.client.ask(LocateTrace(query, before.trace_id))).position
            if position is not None:
                table.move_to(position, tell=False)
        self._show_status()

    def _failed(self, problem: Problem) -> None:
        self._problem = problem
        self._show_status()

    def _show_status(self) -> None:
        state, table = self.state, self.table
        status = self.query_one("#status", Static)
        status.update(status_line(state, table.line_count, self._problem), layout=False)
        note = empty_note(state, table.line_count, self._problem)
        self.set_class(note is not None, "-empty")
        if note is not None:
            self.query_one("#empty", Static).update(note)

    # ---- the open trace -----------------------------------------------------------------

    @on(LineScroll.Moved, "#rows")
    def _moved(self) -> None:
        if self._settle is not None:
            self._settle.stop()
        if self.inspector.trace is None or self._evidence is not None:
            self._open_chosen()
        else:
            self._settle = self.set_timer(SETTLE_SECONDS, self._open_chosen)

    def _open_chosen(self) -> None:
        row = self.table.chosen
        if row is None:
            return
        shown = self.inspector.trace
        if shown is not None and shown.info.trace_id == row.trace_id and self._evidence is None:
            return
        self.state.trace_id = row.trace_id
        self._open(row.trace_id)

    @work(exclusive=True, group="trace", exit_on_error=False)
    async def _open(self, trace_id: str) -> None:
        try:
            trace = await self.client.ask(FetchTrace(trace_id))
        except EngineProblem as failure:
            problem = failure.problem
            self.inspector.note(
                Content.assemble((problem.sentence, "$error"), "\n\n", (problem.remedy, "$muted"))
            )
            return
        self.inspector.show(trace)
        self._land(trace)
        self.refresh_bindings()

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
            inspector.waterfall.focus()
        else:
            inspector.payload.focus()

    def action_back(self) -> None:
        """Payload → spans → list → experiments; from evidence straight back to the board."""
        inspector = self.inspector
        if self.query_one(PromptLine).purpose:
            self._close_prompt()
        elif self._from_board:
            self._from_board = False
            self.app.switch_mode(BOARD)
        elif self.focused is inspector.payload:
            inspector.waterfall.focus()
        elif self.focused is inspector.waterfall:
            self.table.focus()
        elif self.state.query != self._unfiltered():
            self.action_show_all()
        else:
            self.app.switch_mode(EXPERIMENTS)

    def action_section(self, step: int) -> None:
        """Another part of the chosen span."""
        self.inspector.step_section(step)

    def action_failed_span(self) -> None:
        """The next span that failed."""
        if not self.inspector.waterfall.choose_next_failure():
            self.tell("No span of this trace failed.")

    def action_next_match(self) -> None:
        """The next match of a search, else the next trace."""
        self._step(1)

    def action_previous_match(self) -> None:
        """The previous match of a search, else the previous trace."""
        self._step(-1)

    def _step(self, step: int) -> None:
        payload = self.inspector.payload
        if self.focused is payload and payload.matches[1]:
            payload.next_match(step)
        else:
            self.table.move_to(self.table.cursor + step)

    def action_next_failure(self) -> None:
        """The next failed trace below, or the next evidence."""
        self._seek_failure(1)

    def action_previous_failure(self) -> None:
        """The failed trace before, or the evidence before."""
        self._seek_failure(-1)

    def _seek_failure(self, step: int) -> None:
        query = self.state.query
        if query.finding or query.failures_only:
            self.table.move_to(self.table.cursor + step)
        else:
            self._scan(query, self.table.cursor, step)

    @work(exclusive=True, group="scan", exit_on_error=False)
    async def _scan(self, query: RowQuery, at: int, step: int) -> None:
        """Walk the rows, a window at a time, to the nearest failed one."""
        edge = at + step
        while 0 <= edge < self.table.line_count:
            start, stop = (
                (edge, edge + SCANNED_AT_ONCE)
                if step > 0
                else (
                    max(0, edge - SCANNED_AT_ONCE + 1),
                    edge + 1,
                )
            )
            try:
                window = await self.client.ask(FetchRows(query, start, stop))
            except EngineProblem as failure:
                self._failed(failure.problem)
                return
            if not window.rows:
                break
            found = [
                window.start + offset
                for offset, row in enumerate(window.rows)
                if row.state == "ERROR"
            ]
            if found:
                self.table.move_to(found[0] if step > 0 else found[-1])
                return
            edge = stop if step > 0 else start - 1
        self.tell(f"No failed trace {'below' if step > 0 else 'above'} this one.")

    # ---- filters ------------------------------------------------------------------------

    def _unfiltered(self) -> RowQuery:
        query = self.state.query
        return RowQuery(sort=query.sort, descending=query.descending)

    def _requery(self, query: RowQuery) -> None:
        self._from_board = False
        self.show_query(query, self.state.trace_id)

    def action_only_failures(self) -> None:
        """Failed traces only, or all again."""
        query = self.state.query
        self._requery(replace(query, failures_only=not query.failures_only))

    def action_only_slow(self) -> None:
        """The slowest tenth only, or all again."""
        query = self.state.query
        self._requery(replace(query, slow_only=not query.slow_only))

    def action_only_session(self) -> None:
        """The chosen trace's session only, or all again."""
        query, row = self.state.query, self.table.chosen
        if query.session_id:
            self._requery(replace(query, session_id=""))
        elif row is not None and row.session_id:
            self._requery(replace(query, session_id=row.session_id))
        else:
            self.tell("This trace belongs to no session.")

    def action_show_all(self) -> None:
        """Drop the quick filters."""
        self._requery(self._unfiltered())

    def action_sort(self) -> None:
        """Sort by the next column."""
        query = self.state.query
        place = (SORTS.index(query.sort) + 1) % len(SORTS) if query.sort in SORTS else 0
        self._requery(replace(query, sort=SORTS[place], descending=True))

    def action_reverse(self) -> None:
        """Sort the other way round."""
        query = self.state.query
        self._requery(replace(query, descending=not query.descending))

    def action_refresh(self) -> None:
        """Read the traces again; the selection is kept by id."""
        self.tui.read_table(self.state.filter_string)

    # ---- the prompt ---------------------------------------------------------------------

    def action_find(self) -> None:
        """In the payload look for a text; elsewhere filter what is read from the store."""
        prompt = self.query_one(PromptLine)
        if self.focused is self.inspector.payload:
            prompt.ask("find", "find in this payload", "")
        else:
            prompt.ask(
                "filter",
                "MLflow filter: status = 'ERROR' AND tags.region = 'eu'",
                self.state.filter_string,
            )

    def action_search_text(self) -> None:
        """Free text in requests and responses."""
        self.query_one(PromptLine).ask("text", "text in request or response", self.state.query.text)

    @on(PromptLine.Answered)
    def _answered(self, message: PromptLine.Answered) -> None:
        prompt = self.query_one(PromptLine)
        if message.purpose == "filter":
            prompt.wait()
            self.tui.read_table(message.text)
            return
        self._close_prompt()
        if message.purpose == "text":
            self._requery(replace(self.state.query, text=message.text))
        elif message.text and not self.inspector.payload.find(message.text):
            self.tell(f"“{message.text}” is not in this payload.")

    def _close_prompt(self) -> None:
        prompt = self.query_one(PromptLine)
        to_payload = prompt.purpose == "find"
        prompt.close()
        (self.inspector.payload if to_payload else self.table).focus()

    # ---- copying ------------------------------------------------------------------------

    def action_copy(self) -> None:
        """Choose what to copy."""
        inspector = self.inspector
        if inspector.trace is not None and inspector.span is not None:
            self.app.push_screen(
                CopyDialog(inspector.trace, inspector.span, inspector.payload.text)
            )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing now are not offered."""
        if action == "copy":
            return bool(self.inspector.trace)
        if action == "show_all":
            return self.state.query != self._unfiltered()
        return True

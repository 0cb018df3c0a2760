"""The list half of the traces screen: which rows, in which order, and how they get there."""

from __future__ import annotations

from dataclasses import replace

from textual import on, work
from textual.content import Content
from textual.widgets import Static

from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.protocol import (
    FetchRows,
    FilterProblem,
    LocateTrace,
    Problem,
    Pushed,
    RowQuery,
    SearchTools,
    TableGrew,
    ToolsSearched,
    WatchState,
)
from mlflow_tui.actions import TRACES, actions_for
from mlflow_tui.client import EngineProblem
from mlflow_tui.screens.base import StepScreen
from mlflow_tui.widgets.filter_bar import FilterBar
from mlflow_tui.widgets.inspector import Inspector
from mlflow_tui.widgets.text_field import TextField
from mlflow_tui.widgets.trace_status import BY_NUMBER, COLUMNS, empty_note, status_line
from mlflow_tui.widgets.trace_table import PAGE, TableHead, TraceTable

SCANNED_AT_ONCE = 500
CONDITIONS = ("finding", "failures_only", "slow_only", "session_id", "text")
"""Fields of a ``RowQuery`` that narrow it."""
STORE_FILTER = "filter"
"""What the filter that the store evaluates is called among them."""


class TraceListScreen(StepScreen):
    """Holds a window of the engine's rows, never all of them. ``TracesScreen`` adds the inspector."""

    def __init__(self) -> None:
        super().__init__()
        self._shown_for = ("", "")
        """Store and experiment whose rows are on the screen."""
        self._from_board = False
        """Whether ``esc`` goes back to the board."""
        self._problem: Problem | None = None
        self._status_lines = 1

    @property
    def table(self) -> TraceTable:
        """The list."""
        return self.query_one(TraceTable)

    @property
    def filter_bar(self) -> FilterBar:
        """Where filters and texts are typed."""
        return self.query_one(FilterBar)

    @property
    def inspector(self) -> Inspector:
        """The open trace."""
        return self.query_one(Inspector)

    def close_prompt(self) -> None:
        """What was typed into the prompt was taken."""
        raise NotImplementedError

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
            state.marked.clear()
            self.table.marked = state.marked
            self.inspector.note(Content(""))
            self.table.set_line_count(0)
            self._fetch_first()
        elif state.table_problem is None:
            self._outdated()
            self._search_new()
        self._problem = state.table_problem
        self._note_applied()
        prompt, problem = self.filter_bar, state.table_problem
        if prompt.purpose == "filter" and prompt.waiting:
            if problem is not None:
                place = (
                    (problem.start, problem.end) if isinstance(problem, FilterProblem) else (0, 0)
                )
                told = f"{problem.sentence} {problem.remedy}"
                prompt.object_to(
                    told + self._words_are_found_with(prompt.query_one(TextField).value), *place
                )
            elif state.table is not None:
                self.close_prompt()
        self._show_status()

    def _words_are_found_with(self, typed: str) -> str:
        """How to look for words, to somebody who typed some where a condition belongs."""
        if not typed.replace(" ", "").isalnum():
            return ""
        search = next(each for each in actions_for(TRACES) if each.name == "search_text")
        return f" (To look for words: esc, then {self.tui.keys.label(search, TRACES)}.)"

    def engine_pushed(self, bodies: tuple[Pushed, ...]) -> None:
        """The table grows while it is read; findings grow while an analysis runs."""
        if any(isinstance(body, TableGrew) for body in bodies):
            self._search_new()
        if any(isinstance(body, TableGrew | ToolsSearched | AnalysisReady) for body in bodies):
            self._outdated()
            self._show_status()
        elif any(isinstance(body, WatchState) for body in bodies):
            self._show_status()

    def engine_restarted(self, sentence: str) -> None:
        """The rows of the new engine are the same, but must be asked for again."""
        query = self.state.query
        if query.finding:  # the new engine has made no findings yet
            self.show_query(replace(query, finding=""), self.state.trace_id)
        else:
            self._outdated()
        self._search_new()

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
            page = (position or 0) // PAGE * PAGE
            rows = await self.client.ask(FetchRows(query, max(0, page - PAGE), page + 2 * PAGE))
        except EngineProblem as failure:
            self._failed(failure.problem)
            return
        another_text = query.text != self.state.query.text
        self.state.query = query
        self._note_applied()
        if another_text:  # once the rows are drawn: reading what tools said would delay them
            self.call_after_refresh(self._search_tools, query.text)
        table = self.table
        table.sort, table.descending = query.sort, query.descending
        table.put(rows, fresh=True)
        table.cursor = -1  # so that the move below is one, and the trace is opened
        table.move_to(position or 0)
        self.query_one(TableHead).refresh()
        self._show_status()

    def _search_new(self) -> None:
        """Traces that came in are searched as the others were; none is read twice."""
        state = self.state
        if state.query.text and state.table is not None and state.table.complete:
            self._search_tools(state.query.text)

    @work(exclusive=True, group="tools", exit_on_error=False)
    async def _search_tools(self, text: str) -> None:
        """Requests and responses answer at once; what tools said is read meanwhile."""
        before = self.state.tools_searched
        if before is not None and before.text != text:
            self.state.tools_searched = None
        try:
            self.state.tools_searched = await self.client.ask(SearchTools(text))
        except EngineProblem as failure:
            self.tell(f"Tool outputs are not searched: {failure.problem.sentence}", problem=True)
            return
        self._outdated()
        self._show_status()

    @on(TraceTable.WindowWanted)
    def _window_wanted(self, message: TraceTable.WindowWanted) -> None:
        self._fetch(message.start, message.end)

    @work(exclusive=True, group="window", exit_on_error=False)
    async def _fetch(self, start: int, stop: int) -> None:
        query = self.state.query
        position = None
        try:
            rows = await self.client.ask(FetchRows(query, start, stop))
            chosen, on_its_line = self.table.chosen, rows.at(self.table.cursor)
            if chosen and on_its_line and on_its_line.trace_id != chosen.trace_id:
                # Rows came in above: stay on the trace, not on the line. Where it is now is asked before the rows are
                # shown, since a newer window may take the place of this one meanwhile.
                position = (await self.client.ask(LocateTrace(query, chosen.trace_id))).position
        except EngineProblem as failure:
            self._failed(failure.problem)
            return
        if query != self.state.query:
            return
        stays = self.table.chosen == chosen
        self.table.put(rows)
        if position is not None and stays:
            self.table.move_to(position, tell=False)
        elif chosen is None:  # the cursor was there before its trace was
            self.table.post_message(TraceTable.Moved(self.table, self.table.cursor))
        self._show_status()

    def _failed(self, problem: Problem) -> None:
        self._problem = problem
        self._show_status()

    def _show_status(self) -> None:
        state, table = self.state, self.table
        status = self.query_one("#status", Static)
        told_below = self.filter_bar.purpose == "filter" and isinstance(
            self._problem, FilterProblem
        )
        line = status_line(state, table.line_count, None if told_below else self._problem)
        lines = len(line.wrap(max(1, status.content_region.width or self.size.width)))
        status.update(
            line, layout=lines != self._status_lines
        )  # a layout is sent as a whole screen
        self._status_lines = lines
        note = empty_note(state, table.line_count, self._problem)
        self.set_class(note is not None, "-empty")
        if note is not None:
            self.query_one("#empty", Static).update(note)

    # ---- failures -----------------------------------------------------------------------

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

    def requery(self, query: RowQuery) -> None:
        """Show the rows of another query, the cursor on its trace."""
        self._from_board = False
        self.show_query(query, self.state.trace_id)

    def action_only_failures(self) -> None:
        """Failed traces only, or all again."""
        query = self.state.query
        self.requery(replace(query, failures_only=not query.failures_only))

    def action_only_slow(self) -> None:
        """The slowest tenth only, or all again."""
        query = self.state.query
        self.requery(replace(query, slow_only=not query.slow_only))

    def action_only_session(self) -> None:
        """The chosen trace's session only, or all again."""
        query, row = self.state.query, self.table.chosen
        if query.session_id:
            self.requery(replace(query, session_id=""))
        elif row is not None and row.session_id:
            self.requery(replace(query, session_id=row.session_id))
        else:
            self.tell("This trace belongs to no session.")

    def _note_applied(self) -> None:
        """Keep the order in which conditions were put on."""
        state = self.state
        on = [name for name in CONDITIONS if getattr(state.query, name)]
        if state.filter_string:
            on.insert(0, STORE_FILTER)
        before = [name for name in state.applied if name in on]
        applied = before + [name for name in on if name not in before]
        if applied != state.applied:
            state.applied = applied
            self.refresh_bindings()

    def action_drop_filter(self) -> None:
        """Drop the condition that was put on last."""
        if not self.state.applied:
            return
        last = self.state.applied[-1]
        if last == STORE_FILTER:
            self.tui.read_table("")
        else:
            self.requery(replace(self.state.query, **{last: getattr(RowQuery(), last)}))

    def action_show_all(self) -> None:
        """Drop the quick filters."""
        self.requery(self._unfiltered())

    def action_sort(self, step: int) -> None:
        """Sort by the next column to the right (1) or left (-1)."""
        query = self.state.query
        place = COLUMNS.index(query.sort) + step
        if 0 <= place < len(COLUMNS):
            sort = COLUMNS[place]
            self.requery(replace(query, sort=sort, descending=sort in BY_NUMBER))

    def action_reverse(self) -> None:
        """Sort the other way round."""
        query = self.state.query
        self.requery(replace(query, descending=not query.descending))

    # ---- marks --------------------------------------------------------------------------

    def acted_on(self) -> list[str]:
        """Ids of the marked traces, or else of the one under the cursor."""
        row = self.table.chosen
        return list(self.state.marked) or ([row.trace_id] if row is not None else [])

    def action_mark(self) -> None:
        """Mark the trace under the cursor, or take its mark off; then the next."""
        table, marked = self.table, self.state.marked
        row = table.chosen
        if row is None:
            return
        if row.trace_id in marked:
            del marked[row.trace_id]
        else:
            marked[row.trace_id] = None
        table.refresh_line(table.cursor)
        table.move("down")
        self._show_status()
        self.refresh_bindings()

    def action_unmark_all(self) -> None:
        """Take all marks off."""
        self.state.marked.clear()
        self.table.refresh()
        self._show_status()
        self.refresh_bindings()

    def action_refresh(self) -> None:
        """Read the traces again; the selection is kept by id."""
        self.tui.read_table(self.state.filter_string)

"""The inspector half of the traces screen: what the keys do with the open trace."""

from __future__ import annotations

import os
from pathlib import Path

from textual import on, work
from textual.app import SuspendNotSupported
from textual.worker import Worker

from mlflow_analysis.protocol import FetchTrace, LocateTrace, TraceView
from mlflow_analysis.untrusted import single_line
from mlflow_tui.actions import BOARD
from mlflow_tui.client import EngineProblem
from mlflow_tui.inspecting.sections import FindingNote
from mlflow_tui.screens.compare import CompareScreen
from mlflow_tui.screens.saving import save_text
from mlflow_tui.screens.text_dialog import TextDialog
from mlflow_tui.screens.trace_list import TraceListScreen
from mlflow_tui.terminal.outside import EDITORS, PAGERS, ProgramProblem, command, show_in
from mlflow_tui.widgets.board_list import BoardList
from mlflow_tui.widgets.inspector import Inspector, Section

NEEDS_A_TRACE = frozenset(
    {
        "copy",
        "pager",
        "editor",
        "save",
        "compare",
        "conversation",
        "fold_alike",
        "zoom",
        "failed_span",
    }
)
"""Actions that do nothing until a trace is open."""


class InspectingScreen(TraceListScreen):
    """Spans and payload of the open trace. ``TracesScreen`` says which trace that is."""

    def __init__(self) -> None:
        super().__init__()
        self._shown_before = ""
        """Id of the trace that was open before this one."""

    def open_trace(self, trace_id: str) -> Worker[None]:
        """Read a trace and show it."""
        raise NotImplementedError

    async def at_rest(self) -> None:
        """The trace that the cursor has only just come to is open."""
        raise NotImplementedError

    @property
    def inspecting(self) -> bool:
        """Whether the inspector has the focus."""
        return self.focused in (self.inspector.waterfall, self.inspector.payload)

    # ---- what belongs to it -------------------------------------------------------------

    def finding_notes(self, trace: TraceView) -> list[FindingNote]:
        """The findings that affect a trace, and the spans that show them."""
        notes = []
        for fingerprint in trace.findings:
            card = self.state.board.card(fingerprint)
            finding = card.finding if card is not None else None
            if finding is None:
                continue
            places = [
                *((each.trace_id, each.span_id) for each in finding.examples),
                *((each.trace_id, each.span_id) for each in finding.assessments),
            ]
            shown_by = {
                span_id
                for trace_id, span_id in places
                if trace_id == trace.info.trace_id and span_id
            }
            severity = finding.severity.value
            notes.append(
                FindingNote(fingerprint, single_line(finding.title), severity, frozenset(shown_by))
            )
        return notes

    def action_conversation(self) -> None:
        """The session of the trace, turn by turn."""
        inspector = self.inspector
        if inspector.trace is None:
            return
        inspector.choose_section(Section.CONVERSATION)
        inspector.payload.focus()

    @on(Inspector.Followed)
    def _followed(self, message: Inspector.Followed) -> None:
        kind, key = message.link
        if kind == "trace":
            self._go_to_trace(key)
        else:
            self._go_to_card(key)

    @work(exclusive=True, group="follow", exit_on_error=False)
    async def _go_to_trace(self, trace_id: str) -> None:
        """Show a trace; the list follows if it has it."""
        try:
            position = (await self.client.ask(LocateTrace(self.state.query, trace_id))).position
        except EngineProblem as failure:
            self.tell_problem(failure.problem)
            return
        self.state.trace_id = trace_id
        self.open_trace(trace_id)
        if position is None:
            self.tell("This trace is not among those listed. The list stays where it is.")
        else:
            self.table.move_to(position, tell=False)

    @work(exclusive=True, group="follow", exit_on_error=False)
    async def _go_to_card(self, fingerprint: str) -> None:
        """The board, the cursor on a finding."""
        await self.app.switch_mode(BOARD)
        self.app.screen.query_one(BoardList).go_to(fingerprint)

    # ---- comparing ----------------------------------------------------------------------

    def show_trace(self, trace: TraceView) -> None:
        """Show a trace that was read, and remember the one before."""
        shown = self.inspector.trace
        if shown is not None and shown.info.trace_id != trace.info.trace_id:
            self._shown_before = shown.info.trace_id
        self.inspector.show(trace, lambda: self.finding_notes(trace))

    @work(exclusive=True, group="compare", exit_on_error=False)
    async def action_compare(self) -> None:
        """The two marked traces, or this one beside the marked one or the one shown before."""
        await self.at_rest()
        this = self.inspector.trace
        if this is None:
            return
        marked = list(self.state.marked)
        if len(marked) == 2 and this.info.trace_id not in marked:
            other, shown = marked
        else:
            others = [each for each in marked if each != this.info.trace_id]
            if len(others) > 1:
                self.tell(f"{len(marked)} traces are marked. Leave the marks on two of them.")
                return
            other, shown = others[0] if others else self._shown_before, this.info.trace_id
        if not other:
            self.tell("Mark the trace to compare with, or look at it and then at this one.")
            return
        try:
            before = await self.client.ask(FetchTrace(other))
            if shown != this.info.trace_id:
                this = await self.client.ask(FetchTrace(shown))
        except EngineProblem as failure:
            self.tell_problem(failure.problem)
            return
        self.app.push_screen(CompareScreen(before, this))

    # ---- spans --------------------------------------------------------------------------

    def action_section(self, step: int) -> None:
        """Another part of the chosen span."""
        self.inspector.step_section(step)

    def action_sideways(self, step: int) -> None:
        """Among the spans, in and out of the tree; elsewhere another part of the chosen span."""
        waterfall = self.inspector.waterfall
        if self.focused is not waterfall:
            self.inspector.step_section(step)
        elif step > 0:
            waterfall.go_in()
        else:
            waterfall.go_out()

    def action_failed_span(self) -> None:
        """The next span that failed."""
        if not self.inspector.waterfall.choose_next_failure():
            self.tell("No span of this trace failed.")

    def action_fold_alike(self) -> None:
        """Fold alike spans otherwise."""
        if self.inspector.trace is not None:
            self.tell(f"{self.inspector.waterfall.fold_otherwise().value.capitalize()}.")

    def action_zoom(self, inwards: bool) -> None:
        """A part of the time axis, or all of it."""
        if self.inspector.trace is not None and not self.inspector.zoom(inwards=inwards):
            self.tell("This span took no time that could be shown larger.")

    # ---- taking out ---------------------------------------------------------------------

    def action_pager(self) -> None:
        """What is shown of the span, in the user's pager."""
        self._show_outside(PAGERS)

    def action_editor(self) -> None:
        """The same in the user's editor."""
        self._show_outside(EDITORS)

    def _show_outside(self, choice: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
        taken = self.inspector.taken()
        try:
            words = command(choice, os.environ)
            # Nothing may be drawn until the program ends, so the loop waits for it.
            with self.app.suspend():
                code, changed = show_in(words, taken)
        except ProgramProblem as problem:
            self.tell(str(problem), problem=True)
            return
        except SuspendNotSupported:
            self.tell("This terminal cannot be handed to another program.", problem=True)
            return
        if code:
            self.tell(f"{words[0]} ended with {code}.", problem=True)
        if changed:
            self.tell("What you changed is not kept: it was a copy. S saves one to a file.")

    @work(exclusive=True, group="dialog")
    async def action_save(self) -> None:
        """Write what is shown of the span to a file."""
        taken = self.inspector.taken()
        answer = await self.app.push_screen_wait(
            TextDialog(
                "Save to",
                taken.file_name,
                hint=f"What is shown of the span. In {Path.cwd()} unless the path says otherwise.",
                verb="save",
            )
        )
        if answer:
            await save_text(self, answer, taken.safe_text, private=True)

"""Writing on traces from the keyboard: feedback, comments, expectations, tags, with undo and redo.

Nothing is written unless one of these keys was pressed and answered. The engine process writes, so no key waits.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual import work

from mlflow_analysis.annotation import Annotation, AnnotationChange, AnnotationKind, login_name
from mlflow_analysis.protocol import Annotate, Annotated, TakeBack
from mlflow_analysis.untrusted import single_line
from mlflow_tui.client import EngineProblem
from mlflow_tui.screens.annotation_dialog import AnnotationDialog, Drafts
from mlflow_tui.screens.trace_list import TraceListScreen
from mlflow_tui.widgets.figures import grouped


@dataclass
class Deed:
    """Something that was written, and how: enough to take it back and to do it again."""

    what: str
    annotation: Annotation
    changes: tuple[AnnotationChange, ...]


class AnnotatingScreen(TraceListScreen):
    """Writes on the marked traces, or on the one under the cursor. ``TracesScreen`` shows it then."""

    def __init__(self) -> None:
        super().__init__()
        self._drafts: Drafts = {}
        self._done: list[Deed] = []
        self._undone: list[Deed] = []
        self._written_for = ("", "")
        """Store and experiment that undo and redo are about."""

    def show_again(self, trace_ids: set[str]) -> None:
        """These traces are other ones now; if one of them is open, show it as it is."""
        raise NotImplementedError

    def state_changed(self) -> None:
        """What was written to another experiment is not taken back from here."""
        super().state_changed()
        if self._written_for != self._shown_for:
            self._written_for = self._shown_for
            self._done, self._undone = [], []
            self.refresh_bindings()

    # ---- what the keys do ---------------------------------------------------------------

    def action_annotate(self, what: str) -> None:
        """Ask what to write, then write it: pass, fail, comment, expectation, tag."""
        trace_ids = self.acted_on()
        if not trace_ids:
            self.tell("There is no trace to write on.")
            return

        def answered(annotation: Annotation | None) -> None:
            if annotation is not None:
                self._write(what, tuple(trace_ids), annotation)

        self.app.push_screen(
            AnnotationDialog(what, len(trace_ids), login_name(), self._drafts), answered
        )

    def action_undo_writing(self) -> None:
        """Take back what was written last."""
        if self._done:
            self._take_back(self._done.pop())
        else:
            self.tell("Nothing was written here that could be taken back.")

    def action_redo_writing(self) -> None:
        """Write again what was taken back last."""
        if self._undone:
            deed = self._undone.pop()
            traces = tuple(change.trace_id for change in deed.changes)
            self._write(deed.what, traces, deed.annotation, again=True)
        else:
            self.tell("Nothing was taken back that could be written again.")

    # ---- the writing --------------------------------------------------------------------

    @work(group="writing", exit_on_error=False)
    async def _write(
        self, what: str, trace_ids: tuple[str, ...], annotation: Annotation, again: bool = False
    ) -> None:
        place = self._shown_for
        try:
            answer = await self.client.ask(Annotate(trace_ids, annotation, login_name()))
        except EngineProblem as failure:
            answer = Annotated((), failure.problem.sentence, failure.problem.remedy)
        deed = Deed(what, annotation, answer.changes)
        if place == self._shown_for:
            if answer.changes:
                self._done.append(deed)
                if not again:
                    self._undone.clear()
            if again and len(answer.changes) < len(trace_ids):
                rest = trace_ids[len(answer.changes) :]
                changes = tuple(AnnotationChange(each) for each in rest)
                self._undone.append(Deed(what, annotation, changes))
        if not answer.sentence:
            self._drafts.pop(what, None)
        self._tell_of(answer, f"{_said(deed)} written", "u takes it back", len(trace_ids))

    @work(group="writing", exit_on_error=False)
    async def _take_back(self, deed: Deed) -> None:
        place = self._shown_for
        try:
            answer = await self.client.ask(TakeBack(deed.changes))
        except EngineProblem as failure:
            answer = Annotated((), failure.problem.sentence, failure.problem.remedy)
        if place == self._shown_for:
            gone = set(answer.changes)
            if gone:
                back = tuple(each for each in deed.changes if each in gone)
                self._undone.append(Deed(deed.what, deed.annotation, back))
            left = tuple(each for each in deed.changes if each not in gone)
            if left:
                self._done.append(Deed(deed.what, deed.annotation, left))
        self._tell_of(answer, f"{_said(deed)} taken back", "^r writes it again", len(deed.changes))

    def _tell_of(self, answer: Annotated, did: str, key: str, wanted: int) -> None:
        done = len(answer.changes)
        if done:
            self.show_again({change.trace_id for change in answer.changes})
        self.refresh_bindings()
        if not answer.sentence:
            of = "" if done == 1 else f" on {grouped(done)} traces"
            self.tell(f"{did}{of} · {key}")
            return
        part = f"{did} on {grouped(done)} of {grouped(wanted)} traces. " if done else ""
        kept = "" if done else " What you typed is kept."
        self.tell(f"{part}{answer.sentence} {answer.remedy}{kept}".strip(), problem=True)


def _said(deed: Deed) -> str:
    """What was written, in a few words."""
    annotation = deed.annotation
    name = single_line(annotation.name)
    if annotation.kind is AnnotationKind.FEEDBACK:
        return f"Feedback “{deed.what}”"
    if annotation.kind is AnnotationKind.COMMENT:
        return "Comment"
    if annotation.kind is AnnotationKind.TAG:
        return f"Tag {name}={single_line(str(annotation.value))[:60]}"
    return f"Expectation {name}"

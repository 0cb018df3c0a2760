"""What to write on the marked traces: a comment to feedback, a comment, an expectation, a tag."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from mlflow_analysis.annotation import (
    COMMENT_NAME,
    FEEDBACK_NAME,
    Annotation,
    AnnotationKind,
)
from mlflow_tui.widgets.text_field import TextField

Drafts = dict[str, tuple[str, ...]]
"""What was typed and not written yet, by what it was typed for."""
_FIELDS = {
    "pass": ("comment (optional)",),
    "fail": ("comment (optional)",),
    "comment": ("comment",),
    "expectation": ("name", "value: JSON, or else a text"),
    "tag": ("key=value",),
}
ASKED_FOR = tuple(_FIELDS)
_OF_MLFLOW = "mlflow."


class NotFit(ValueError):  # noqa: N818 - shown to people
    """What was typed cannot be written: why, and what to do."""


def annotation_from(what: str, texts: tuple[str, ...]) -> Annotation:
    """What was typed as what is written. Raises ``NotFit``."""
    first = texts[0].strip()
    if what in ("pass", "fail"):
        return Annotation(AnnotationKind.FEEDBACK, FEEDBACK_NAME, what == "pass", first)
    if what == "comment":
        if not first:
            raise NotFit("A comment needs a text.")
        return Annotation(AnnotationKind.COMMENT, COMMENT_NAME, first)
    if what == "expectation":
        value = texts[1].strip()
        if not first or not value:
            raise NotFit("An expectation needs a name and a value.")
        return Annotation(AnnotationKind.EXPECTATION, first, _json_or_text(value))
    key, equals, value = first.partition("=")
    if not equals or not key.strip():
        raise NotFit("Write key=value, for example reviewed=yes.")
    if key.strip().startswith(_OF_MLFLOW):
        raise NotFit("Keys that begin with “mlflow.” are MLflow's own. Choose another.")
    return Annotation(AnnotationKind.TAG, key.strip(), value.strip())


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


class AnnotationDialog(ModalScreen[Annotation | None]):
    """Answers with what to write, or ``None``. What is typed is kept in ``drafts`` until it is written."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "back")]

    def __init__(self, what: str, traces: int, author: str, drafts: Drafts) -> None:
        super().__init__()
        self._what, self._traces, self._author, self._drafts = what, traces, author, drafts

    def compose(self) -> ComposeResult:
        """The fields, a line for an objection, and the keys."""
        on_these = "this trace" if self._traces == 1 else f"{self._traces:,} marked traces"
        names = _FIELDS[self._what]
        drafts = self._drafts.get(self._what, ("",) * len(names))
        with Vertical(classes="dialog"):
            yield Static(
                Content.assemble(
                    (f"{self._what.capitalize()}", "bold $primary"),
                    (f"  on {on_these}, as {self._author}", "$muted"),
                ),
                classes="dialog-title",
            )
            for name, draft in zip(names, drafts, strict=True):
                yield TextField(draft, placeholder=name, select_on_focus=False)
            yield Static(id="not-fit", classes="problem", markup=False)
            yield Static(
                Content.assemble(
                    ("enter", "bold $primary"),
                    (" write it to MLflow    ", "$muted"),
                    ("esc", "bold $primary"),
                    (" back, nothing is written", "$muted"),
                ),
                classes="dialog-keys",
            )

    @property
    def _texts(self) -> tuple[str, ...]:
        return tuple(field.value for field in self.query(TextField))

    @on(Input.Changed)
    def _typed(self) -> None:
        self._drafts[self._what] = self._texts

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        fields = list(self.query(TextField))
        at = fields.index(message.input)  # type: ignore[arg-type]
        if at + 1 < len(fields):
            fields[at + 1].focus()
            return
        try:
            self.dismiss(annotation_from(self._what, self._texts))
        except NotFit as objection:
            self.query_one("#not-fit", Static).update(Content(str(objection)))

    def action_give_up(self) -> None:
        """Close; nothing is written, and what was typed is there the next time."""
        self.dismiss(None)

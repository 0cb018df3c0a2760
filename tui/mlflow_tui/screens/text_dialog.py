"""One question that is answered with a line of text."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from mlflow_tui.screens.dialog import Dialog


class TextDialog(Dialog[str | None]):
    """Answers with the text, or with ``None`` after escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "back")]

    def __init__(self, title: str, value: str = "", *, hint: str = "", verb: str = "save") -> None:
        super().__init__()
        self._title = title
        self._value = value
        self._hint = hint
        self._verb = verb

    def compose(self) -> ComposeResult:
        """The question, the field, what it is good for, and the keys."""
        with Vertical(classes="dialog"):
            yield Static(Content.styled(self._title, "bold $primary"), classes="dialog-title")
            field = Input(self._value, select_on_focus=False)
            field.cursor_blink = False
            yield field
            if self._hint:
                yield Static(Content.styled(self._hint, "$muted"), classes="dialog-hint")
            yield Static(
                Content.assemble(
                    ("enter", "bold $primary"),
                    (f" {self._verb}    ", "$muted"),
                    ("esc", "bold $primary"),
                    (" back", "$muted"),
                ),
                classes="dialog-keys",
            )

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())

    def action_give_up(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

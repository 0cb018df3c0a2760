"""A line to type a filter or a search into; hidden until it is asked for."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from mlflow_tui.widgets.text_field import TextField


class PromptLine(Vertical):
    """``purpose`` is what it asks for now, "" while hidden."""

    class Answered(Message):
        """Enter was pressed."""

        def __init__(self, purpose: str, text: str) -> None:
            super().__init__()
            self.purpose = purpose
            self.text = text

    class Typed(Message):
        """The text changed."""

        def __init__(self, purpose: str, text: str) -> None:
            super().__init__()
            self.purpose = purpose
            self.text = text

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.purpose = ""
        self.waiting = False
        """Whether an answer was given and what it led to is not known yet."""

    def compose(self) -> ComposeResult:
        """Name, field, and a line for an objection."""
        with Horizontal():
            yield Static(id="prompt-name", markup=False)
            yield TextField(id="prompt-field")
        yield Static(id="prompt-objection", classes="problem", markup=False)

    def ask(self, purpose: str, placeholder: str, text: str) -> None:
        """Show the line and put the cursor into it."""
        self.purpose = purpose
        self.waiting = False
        self.object_to("")
        field = self.query_one(TextField)
        field.placeholder = placeholder
        field.value = text
        self.query_one("#prompt-name", Static).update(
            Content.styled(f"{purpose} ", "bold $primary")
        )
        self.set_class(True, "-open")
        field.focus()

    def wait(self) -> None:
        """What was typed is being tried."""
        self.waiting = True
        self.object_to("")

    def object_to(self, sentence: str) -> None:
        """Say why what was typed does not do; "" takes it back."""
        self.waiting = self.waiting and not sentence
        objection = self.query_one("#prompt-objection", Static)
        objection.update(Content(sentence))
        objection.set_class(bool(sentence), "-open")

    def close(self) -> None:
        """Hide the line."""
        self.purpose = ""
        self.waiting = False
        self.set_class(False, "-open")

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self.post_message(self.Answered(self.purpose, message.value.strip()))

    @on(Input.Changed)
    def _changed(self, message: Input.Changed) -> None:
        message.stop()
        if self.purpose:
            self.post_message(self.Typed(self.purpose, message.value))

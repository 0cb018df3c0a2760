"""Small dialogs that any screen may show."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from mlflow_tui.actions import EVERYWHERE, actions_for


class HelpDialog(ModalScreen[None]):
    """What the keys do on the screen underneath."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "dismiss", "close", key_display="esc"),
    ]

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place = place

    def compose(self) -> ComposeResult:
        """Two lists: here, and everywhere."""
        with Vertical(classes="dialog", id="help"):
            yield Static(Content.styled("Keys", "bold $primary"), classes="dialog-title")
            with VerticalScroll(can_focus=True):
                yield Static(self._list(), markup=False)
            yield Static(Content.styled("esc closes · all of this is in ^p too", "$muted"))

    def _list(self) -> Content:
        here: list[Content] = []
        everywhere: list[Content] = []
        for action in actions_for(self._place):
            line = Content.assemble(
                (f"{action.key_label:>9}  ", "bold $primary"), (action.help, "$foreground")
            )
            (everywhere if action.where == (EVERYWHERE,) else here).append(line)
        heading = Content.styled("Everywhere", "$muted")
        return Content("\n").join([*here, Content(""), heading, *everywhere])


class ConfirmDialog(ModalScreen[bool]):
    """One question, answered with one key. Escape means no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "yes", key_display="y"),
        Binding("n,escape", "answer(False)", "no", key_display="n"),
    ]

    def __init__(self, question: str, yes: str = "yes") -> None:
        super().__init__()
        self._question = question
        self._yes = yes

    def compose(self) -> ComposeResult:
        """The question and the two keys."""
        with Vertical(classes="dialog"):
            yield Static(Content(self._question))
            yield Static(
                Content.assemble(
                    ("y", "bold $primary"),
                    (f" {self._yes}    ", "$muted"),
                    ("n", "bold $primary"),
                    (" stay", "$muted"),
                ),
                classes="dialog-keys",
            )

    def action_answer(self, answer: bool) -> None:
        """Close with the answer."""
        self.dismiss(answer)

"""One question that is answered with one key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from mlflow_analysis.untrusted import single_line
from mlflow_tui.screens.dialog import Dialog


@dataclass(frozen=True)
class Choice:
    """An answer: its key, its word, and what it means."""

    key: str
    word: str
    explained: str = ""


class ChoiceList(Widget, can_focus=True):
    """The answers with their keys, one of them chosen."""

    chosen: reactive[int] = reactive(0)

    def __init__(self, choices: Sequence[Choice], chosen: int = 0) -> None:
        super().__init__()
        self._choices = choices
        self.set_reactive(ChoiceList.chosen, chosen)
        self.styles.height = len(choices)

    def render(self) -> Content:
        """One line each."""
        room = max(len(each.word) for each in self._choices) + 2
        lines = []
        for number, each in enumerate(self._choices):
            pointer, style = ("›", "bold $foreground") if number == self.chosen else (" ", "")
            lines.append(
                Content.assemble(
                    (f"{pointer} ", "$primary"),
                    (each.key, "bold $primary"),
                    (f"  {each.word:<{room}}", style),
                    (each.explained, "$muted"),
                )
            )
        return Content("\n").join(lines)


class ChoiceDialog(Dialog[str | None]):
    """Answers with the key of the choice, or with ``None`` after escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "next"),
        Binding("up", "move(-1)", "previous"),
        Binding("enter", "take", "take"),
        Binding("escape", "give_up", "back"),
    ]

    def __init__(
        self, title: str, subject: str, choices: Sequence[Choice], current: str = ""
    ) -> None:
        super().__init__()
        self._title = title
        self._subject = subject
        self._choices = choices
        keys = [each.key for each in choices]
        self._start = keys.index(current) if current in keys else 0

    def compose(self) -> ComposeResult:
        """The question, the answers, the keys."""
        with Vertical(classes="dialog"):
            yield Static(
                Content.assemble((f"{self._title}  ", "bold $primary"), single_line(self._subject)),
                classes="dialog-title",
            )
            yield ChoiceList(self._choices, self._start)
            yield Static(
                Content.assemble(
                    (" ".join(each.key for each in self._choices), "bold $primary"),
                    (" take    ", "$muted"),
                    ("enter", "bold $primary"),
                    (" the chosen    ", "$muted"),
                    ("esc", "bold $primary"),
                    (" back", "$muted"),
                ),
                classes="dialog-keys",
            )

    def on_mount(self) -> None:
        """The keys are for the list."""
        self.query_one(ChoiceList).focus()

    def on_key(self, event: events.Key) -> None:
        """The key of a choice answers at once."""
        if event.character in {each.key for each in self._choices}:
            event.stop()
            self.dismiss(event.character)

    def action_move(self, step: int) -> None:
        """Choose the next or previous one."""
        answers = self.query_one(ChoiceList)
        answers.chosen = (answers.chosen + step) % len(self._choices)

    def action_take(self) -> None:
        """Answer with the chosen one."""
        self.dismiss(self._choices[self.query_one(ChoiceList).chosen].key)

    def action_give_up(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

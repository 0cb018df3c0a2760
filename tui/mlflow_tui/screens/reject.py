"""Why a finding is rejected: one key, and a note for those who want to say more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Static

from mlflow_analysis.review import REJECTION_REASONS
from mlflow_tui.screens.dialog import Dialog

_LETTERS = "fdou"
"""One for each reason: with the letter one goes on to the note."""
_EXPLAINED = {
    "false positive": "it is not so",
    "by design": "it is so, and meant to be",
    "out of scope": "it is so, and someone else's",
    "duplicate": "another finding says it",
}


@dataclass(frozen=True)
class Rejection:
    """Why, and what else there is to say."""

    reason: str
    note: str


class ReasonList(Widget, can_focus=True):
    """The reasons, numbered, one of them chosen."""

    chosen: reactive[int] = reactive(0)

    def render(self) -> Content:
        """One line each."""
        lines = []
        for number, reason in enumerate(REJECTION_REASONS):
            pointer, style = ("›", "bold $foreground") if number == self.chosen else (" ", "")
            lines.append(
                Content.assemble(
                    (f"{pointer} ", "$primary"),
                    (f"{number + 1} {_LETTERS[number]}", "bold $primary"),
                    (f"  {reason:<16}", style),
                    (_EXPLAINED[reason], "$muted"),
                )
            )
        return Content("\n").join(lines)


class RejectDialog(Dialog[Rejection | None]):
    """A digit rejects at once; a letter chooses and goes on to the note; enter rejects with what is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(number + 1), f"take({number})", reason)
            for number, reason in enumerate(REJECTION_REASONS)
        ),
        *(
            Binding(letter, f"explain({number})", reason)
            for number, (letter, reason) in enumerate(zip(_LETTERS, REJECTION_REASONS, strict=True))
        ),
        Binding("j,down", "move(1)", "next"),
        Binding("k,up", "move(-1)", "previous"),
        Binding("enter", "take", "reject"),
        Binding("escape", "give_up", "back"),
    ]

    def __init__(self, subject: str) -> None:
        super().__init__()
        self._subject = subject

    def compose(self) -> ComposeResult:
        """What is rejected, the reasons, the note, the keys."""
        with Vertical(classes="dialog"):
            yield Static(
                Content.assemble(("Reject  ", "bold $primary"), self._subject),
                classes="dialog-title",
            )
            yield ReasonList()
            note = Input(placeholder="note (optional)", id="reject-note")
            note.cursor_blink = False
            yield note
            yield Static(
                Content.assemble(
                    ("1–4", "bold $primary"),
                    (" reject    ", "$muted"),
                    (" ".join(_LETTERS), "bold $primary"),
                    (" with a note    ", "$muted"),
                    ("tab", "bold $primary"),
                    (" note    ", "$muted"),
                    ("esc", "bold $primary"),
                    (" back", "$muted"),
                ),
                classes="dialog-keys",
            )

    def on_mount(self) -> None:
        """The keys are for the list first."""
        self.query_one(ReasonList).focus()

    def action_move(self, step: int) -> None:
        """Choose the next or previous reason."""
        reasons = self.query_one(ReasonList)
        reasons.chosen = (reasons.chosen + step) % len(REJECTION_REASONS)

    def action_explain(self, number: int) -> None:
        """Choose that reason and write the note."""
        self.query_one(ReasonList).chosen = number
        self.query_one("#reject-note", Input).focus()

    def action_take(self, number: int | None = None) -> None:
        """Reject for that reason, or for the chosen one."""
        index = self.query_one(ReasonList).chosen if number is None else number
        note = self.query_one("#reject-note", Input).value.strip()
        self.dismiss(Rejection(REJECTION_REASONS[index], note))

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_take()

    def action_give_up(self) -> None:
        """Close without rejecting."""
        self.dismiss(None)

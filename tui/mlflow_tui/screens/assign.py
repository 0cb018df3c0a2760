"""Whose a finding is: a name, typed or one of those that were given before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from mlflow_analysis.untrusted import single_line
from mlflow_tui.screens.dialog import Dialog
from mlflow_tui.widgets.text_field import TextField

_NAMES_SHOWN = 6
LONGEST_NAME = 60


class AssignDialog(Dialog[str | None]):
    """Answers with the name ("" for nobody), or with ``None`` after escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "known(1)", "next name"),
        Binding("up", "known(-1)", "previous name"),
        Binding("escape", "give_up", "back"),
    ]

    def __init__(self, subject: str, current: str, known: Sequence[str]) -> None:
        """``known`` names stand in the order in which the arrows go through them."""
        super().__init__()
        self._subject = subject
        self._current = current
        self._known = [single_line(name) for name in known]
        self._at = self._known.index(current) if current in self._known else -1

    def compose(self) -> ComposeResult:
        """The field, the names known, the keys."""
        with Vertical(classes="dialog"):
            yield Static(
                Content.assemble(("Assign  ", "bold $primary"), single_line(self._subject)),
                classes="dialog-title",
            )
            yield TextField(
                self._current,
                placeholder="a name; empty for nobody",
                max_length=LONGEST_NAME,
                suggester=SuggestFromList(self._known, case_sensitive=False),
                select_on_focus=True,
            )
            if self._known:
                yield Static(
                    Content.styled(", ".join(self._known[:_NAMES_SHOWN]), "$muted"),
                    classes="dialog-hint",
                )
            yield Static(
                Content.assemble(
                    ("enter", "bold $primary"),
                    (" assign    ", "$muted"),
                    ("↑↓", "bold $primary"),
                    (" names used before    ", "$muted"),
                    ("esc", "bold $primary"),
                    (" back", "$muted"),
                ),
                classes="dialog-keys",
            )

    def action_known(self, step: int) -> None:
        """Put the next or previous known name into the field."""
        if self._known:
            self._at = (max(self._at, -1) + step) % len(self._known)
            self.query_one(TextField).value = self._known[self._at]

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self.dismiss(single_line(event.value).strip())

    def action_give_up(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

"""Which cards the board shows: a letter turns a criterion on or off."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from mlflow_analysis.untrusted import single_line
from mlflow_tui.board.filter import KINDS, Shown
from mlflow_tui.screens.dialog import Dialog

_LETTERS = {letter: criterion for kind in KINDS.values() for letter, criterion in kind}
_LABEL_WIDTH = 8


class FilterDialog(Dialog[Shown | None]):
    """Answers with what is to be shown, or with ``None`` after escape.

    ``count`` tells how many cards would be, ``text`` is what was looked for last.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "show"),
        Binding("backspace,delete", "clear", "all"),
        Binding("escape", "give_up", "back"),
    ]

    def __init__(self, shown: Shown, count: Callable[[Shown], int], text: str) -> None:
        super().__init__()
        self._shown = shown
        self._count = count
        self._text = shown.text or text

    def compose(self) -> ComposeResult:
        """The criteria by kind, how many cards meet them, the keys."""
        with Vertical(classes="dialog", id="filter"):
            yield Static(Content.styled("Show only", "bold $primary"), classes="dialog-title")
            yield Static(self._criteria(), id="filter-criteria")
            yield Static(
                Content.assemble(
                    ("letters", "bold $primary"),
                    (" on or off    ", "$muted"),
                    ("backspace", "bold $primary"),
                    (" all    ", "$muted"),
                    ("enter", "bold $primary"),
                    (" show    ", "$muted"),
                    ("esc", "bold $primary"),
                    (" back", "$muted"),
                ),
                classes="dialog-keys",
            )

    def _criteria(self) -> Content:
        lines = []
        for kind, criteria in KINDS.items():
            line = Content.styled(f"{kind:<{_LABEL_WIDTH}}", "$muted")
            for letter, criterion in criteria:
                line += self._criterion(letter, criterion.value, criterion in self._shown.criteria)
            lines.append(line)
        if self._text:
            line = Content.styled(f"{'text':<{_LABEL_WIDTH}}", "$muted")
            said = f"“{single_line(self._text)[:40]}”"
            lines.append(line + self._criterion("/", said, bool(self._shown.text)))
        number = self._count(self._shown)
        told = f"{number} card{'' if number == 1 else 's'}" if number else "no card meets all this"
        lines += [Content(""), Content.styled(told, "$foreground" if number else "$warning")]
        return Content("\n").join(lines)

    def _criterion(self, letter: str, word: str, is_on: bool) -> Content:
        # The brackets tell it where there are no colours.
        style = "bold $foreground" if is_on else "$muted"
        before, after = ("[", "]") if is_on else (" ", " ")
        return Content.assemble(
            (before, style), (letter, "bold $primary"), (f" {word}{after}", style)
        )

    def on_key(self, event: events.Key) -> None:
        """A letter turns its criterion on or off."""
        if event.character in _LETTERS:
            self._show(self._shown.toggled(_LETTERS[event.character]))
        elif event.character == "/" and self._text:
            self._show(Shown(self._shown.criteria, "" if self._shown.text else self._text))
        else:
            return
        event.stop()

    def _show(self, shown: Shown) -> None:
        self._shown = shown
        self.query_one("#filter-criteria", Static).update(self._criteria(), layout=False)

    def action_clear(self) -> None:
        """No criterion at all."""
        self._show(Shown())

    def action_take(self) -> None:
        """Close with what is chosen."""
        self.dismiss(self._shown)

    def action_give_up(self) -> None:
        """Close without a change."""
        self.dismiss(None)

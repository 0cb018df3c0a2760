"""Dialogs around what the user agrees to: what would be done, how far it is, what was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class ListDialog(ModalScreen[bool]):
    """Lines that scroll, and with ``yes`` a question that only ``y`` says yes to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes"),
        Binding("n,escape,enter", "answer(False)", "back"),
        Binding("j,down", "scroll('down')", "down", show=False),
        Binding("k,up", "scroll('up')", "up", show=False),
        Binding("ctrl+d,pagedown", "scroll('page_down')", "page down", show=False),
        Binding("ctrl+u,pageup", "scroll('page_up')", "page up", show=False),
    ]

    def __init__(self, title: str, lines: Sequence[str], *, yes: str = "") -> None:
        super().__init__()
        self._title, self._lines, self._yes = title, lines, yes

    def compose(self) -> ComposeResult:
        """Title, lines, keys."""
        with Vertical(classes="dialog"):
            yield Static(Content.styled(self._title, "bold $primary"), classes="dialog-title")
            with VerticalScroll(can_focus=False, id="listed"):
                yield Static(Content("\n").join(Content(line) for line in self._lines))
            keys = (("y", "bold $primary"), (f" {self._yes}    ", "$muted")) if self._yes else ()
            yield Static(
                Content.assemble(
                    *keys,
                    ("j k", "bold $primary"),
                    (" scroll    ", "$muted"),
                    ("esc", "bold $primary"),
                    (" back", "$muted"),
                ),
                classes="dialog-keys",
            )

    def action_scroll(self, where: str) -> None:
        """Scroll the lines."""
        getattr(self.query_one("#listed", VerticalScroll), f"scroll_{where}")(animate=False)

    def action_answer(self, answer: bool) -> None:
        """Close; without a question the answer is no."""
        self.dismiss(answer and bool(self._yes))


class ProgressDialog(ModalScreen[None]):
    """How far something is, which escape stops. Whoever opened it closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "stop", "stop")]

    def __init__(self, doing: str, stop: Callable[[], object]) -> None:
        super().__init__()
        self._doing, self._end = doing, stop

    def compose(self) -> ComposeResult:
        """What is done, and the key that stops it."""
        with Vertical(classes="dialog"):
            yield Static(Content(self._doing), id="doing")
            yield Static(
                Content.assemble(("esc", "bold $primary"), (" stop", "$muted")),
                classes="dialog-keys",
            )

    def progress(self, done: int, everything: int) -> None:
        """So much is done."""
        self.query_one("#doing", Static).update(
            Content(f"{self._doing} {done:,} of {everything:,}")
        )

    def action_stop(self) -> None:
        """Ask for the end; it comes between two steps."""
        self.query_one("#doing", Static).update(Content("Stopping …"))
        self._end()

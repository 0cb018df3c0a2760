"""The saved filters: choose one, keep what is on now, rename, delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from mlflow_analysis.untrusted import single_line
from mlflow_tui.config.saved_filters import SavedFilter
from mlflow_tui.screens.dialog import Dialog


@dataclass(frozen=True)
class Wish:
    """What is to be done, and with which filter ("" for none)."""

    what: str
    """use, save, rename, delete."""
    name: str = ""


class FiltersDialog(Dialog[Wish | None]):
    """Answers with a wish, or ``None``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "wish('save')", "save"),
        Binding("r", "wish('rename')", "rename"),
        Binding("d,delete", "wish('delete')", "delete"),
        Binding("j", "move(1)", "down"),
        Binding("k", "move(-1)", "up"),
        Binding("escape,q,F", "give_up", "back"),
    ]

    def __init__(self, saved: Sequence[SavedFilter], now: str) -> None:
        super().__init__()
        self._saved = saved
        self._now = now
        """What is on now, in words; "" if nothing is."""

    def compose(self) -> ComposeResult:
        """The list, what is on now, and the keys."""
        keys = [("enter", "use"), ("s", "save what is on"), ("r", "rename"), ("d", "delete")]
        with Vertical(classes="dialog"):
            yield Static(Content.styled("Saved filters", "bold $primary"), classes="dialog-title")
            yield OptionList(
                *(
                    Content.assemble((f"@{each.name}  ", "bold"), (each.words(), "$muted"))
                    for each in self._saved
                ),
                id="saved",
            )
            if not self._saved:
                yield Static(Content.styled("None yet.", "$muted"))
            on_now = f"on now: {single_line(self._now)}" if self._now else "nothing is on now"
            yield Static(Content.styled(on_now, "$muted"), classes="dialog-hint")
            yield Static(
                Content("    ").join(
                    Content.assemble((key, "bold $primary"), (f" {does}", "$muted"))
                    for key, does in [*keys, ("esc", "back")]
                ),
                classes="dialog-keys",
            )

    def on_mount(self) -> None:
        """The first is under the cursor."""
        saved = self.query_one(OptionList)
        saved.display = bool(self._saved)
        if self._saved:
            saved.highlighted = 0
            saved.focus()

    @property
    def _chosen(self) -> str:
        at = self.query_one(OptionList).highlighted
        return self._saved[at].name if at is not None and self._saved else ""

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.dismiss(Wish("use", self._chosen))

    def action_wish(self, what: str) -> None:
        """Close with what is to be done, if it can be."""
        if (what == "save" and self._now) or (what != "save" and self._chosen):
            self.dismiss(Wish(what, self._chosen))

    def action_move(self, step: int) -> None:
        """Move in the list."""
        saved = self.query_one(OptionList)
        (saved.action_cursor_down if step > 0 else saved.action_cursor_up)()

    def action_give_up(self) -> None:
        """Close; nothing is done."""
        self.dismiss(None)

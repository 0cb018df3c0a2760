"""Which sections the report has."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from mlflow_tui.screens.dialog import Dialog


class SectionsDialog(Dialog[tuple[str, ...] | None]):
    """Answers with the ids of the chosen sections in their order, or with ``None`` after escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "turn", "in or out"),
        Binding("enter", "take", "take", priority=True),
        Binding("a", "all", "all or none"),
        Binding("j", "move('down')", "down"),
        Binding("k", "move('up')", "up"),
        Binding("escape", "give_up", "back"),
    ]

    def __init__(self, sections: Mapping[str, str], chosen: Collection[str]) -> None:
        """``sections`` maps ids to headings."""
        super().__init__()
        self._sections = sections
        self._chosen = set(chosen)

    def compose(self) -> ComposeResult:
        """The list, and the keys."""
        with Vertical(classes="dialog"):
            yield Static(
                Content.styled("Sections of the report", "bold $primary"), classes="dialog-title"
            )
            yield OptionList(*(Option(self._line(name), name) for name in self._sections))
            yield Static(
                Content.assemble(
                    ("space", "bold $primary"),
                    (" in or out    ", "$muted"),
                    ("a", "bold $primary"),
                    (" all or none    ", "$muted"),
                    ("enter", "bold $primary"),
                    (" take    ", "$muted"),
                    ("esc", "bold $primary"),
                    (" back", "$muted"),
                ),
                classes="dialog-keys",
            )

    @property
    def _list(self) -> OptionList:
        return self.query_one(OptionList)

    def _line(self, name: str) -> Content:
        return Content(f"[{'x' if name in self._chosen else ' '}] {self._sections[name]}")

    def _choose(self, names: Collection[str]) -> None:
        self._chosen = set(names)
        for name in self._sections:
            self._list.replace_option_prompt(name, self._line(name))

    def action_turn(self) -> None:
        """Take the section under the cursor in or out."""
        place = self._list.highlighted
        if place is not None:
            self._choose(self._chosen ^ {list(self._sections)[place]})

    def action_take(self) -> None:
        """Close with what is chosen."""
        self.dismiss(tuple(name for name in self._sections if name in self._chosen))

    def action_all(self) -> None:
        """Choose all, or none if all are chosen."""
        self._choose(() if len(self._chosen) == len(self._sections) else tuple(self._sections))

    def action_move(self, where: str) -> None:
        """As the arrows do."""
        if where == "down":
            self._list.action_cursor_down()
        else:
            self._list.action_cursor_up()

    def action_give_up(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

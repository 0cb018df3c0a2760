"""What the keys do on the screen underneath, and what keeps those that do nothing now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from mlflow_tui.actions import ACTIONS, EVERYWHERE, LISTS, Action, actions_for
from mlflow_tui.actions.needs import NEEDS
from mlflow_tui.config.key_map import KeyMap
from mlflow_tui.screens.dialog import Dialog
from mlflow_tui.widgets.text_field import TextField

_KEYS_WIDTH = 12
_WIDEST, _FRAME = 70, 10
"""Columns of text in the dialog, and around it."""
_ALIKE = frozenset(action for action in ACTIONS if set(LISTS) <= set(action.where))


@dataclass(frozen=True)
class HelpLine:
    """One action: its group, its keys, what it does, and what it needs if it does not apply now."""

    group: str
    keys: str
    label: str
    text: str
    missing: str
    """"" if it applies."""

    def matches(self, sought: str) -> bool:
        """Whether it speaks of all the words of ``sought``."""
        said = f"{self.keys} {self.label} {self.text}".casefold()
        return all(word in said for word in sought.casefold().split())


def help_lines(
    place: str, title: str, keys: KeyMap, applies: Callable[[Action, str], bool]
) -> list[HelpLine]:
    """All that keys do in ``place``: its own actions, then moving, then what works everywhere.

    ``applies`` says of an action and the place whose it is whether it does something now.
    """
    groups: dict[str, list[HelpLine]] = {title: [], "Moving": [], "Everywhere": []}
    for action in actions_for(place):
        owner = EVERYWHERE if EVERYWHERE in action.where else place
        alike = "Moving" if action in _ALIKE else title
        group = "Everywhere" if owner == EVERYWHERE else alike
        needed = action.needs or NEEDS.get(owner, {}).get(action.name, "")
        missing = (
            "" if applies(action, owner) else f"not now: it needs {needed or 'something else'}"
        )
        groups[group].append(
            HelpLine(group, keys.label(action, owner), action.label, action.help, missing)
        )
    return [line for lines in groups.values() for line in lines]


def found(lines: Sequence[HelpLine], sought: str) -> list[HelpLine]:
    """The lines that ``sought`` finds: for a key, what is on that key; else all that speak of it."""
    on_key = [line for line in lines if sought in line.keys.split(" ")]
    return on_key or [line for line in lines if line.matches(sought)]


class HelpDialog(Dialog[None]):
    """Lists, grouped; a field above them narrows them down."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "close"),
        Binding("q,question_mark,enter", "dismiss", "close"),
        Binding("slash", "find", "find"),
        *(
            Binding(keys, f"scroll('{where}')", where)
            for keys, where in (
                ("j,down", "down"),
                ("k,up", "up"),
                ("g,home", "home"),
                ("G,end", "end"),
                ("ctrl+d,pagedown,space", "page_down"),
                ("ctrl+u,pageup", "page_up"),
            )
        ),
    ]

    def __init__(self, lines: Sequence[HelpLine]) -> None:
        super().__init__()
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Title, field, list, and how to leave."""
        with Vertical(classes="dialog", id="help"):
            yield Static(Content.styled("Keys", "bold $primary"), id="help-title")
            yield TextField(placeholder="/ finds a key or a word", select_on_focus=False)
            with VerticalScroll(can_focus=True):
                yield Static(self._content(""), id="help-lines")
            yield Static(Content.styled("/ find · j k move · esc closes · ^p runs any", "$muted"))

    def on_mount(self) -> None:
        """The list has the keys; the field waits."""
        self._list.focus()

    @property
    def _list(self) -> VerticalScroll:
        return self.query_one(VerticalScroll)

    @property
    def _field(self) -> TextField:
        return self.query_one(TextField)

    def _content(self, sought: str) -> Content:
        lines: list[Content] = []
        room = max(20, min(_WIDEST, self.app.size.width - _FRAME) - _KEYS_WIDTH - 2)
        group = ""
        for line in found(self._lines, sought) if sought else self._lines:
            if line.group != group:
                group = line.group
                lines += [Content("")] * bool(lines) + [Content.styled(group, "bold $foreground")]
            role = "$muted" if line.missing else "$foreground"
            key_role = "$muted" if line.missing else "bold $primary"
            first, *more = wrap(line.text, room)
            lines.append(
                Content.assemble((f"{line.keys:>{_KEYS_WIDTH}}  ", key_role), (first, role))
            )
            indent = " " * (_KEYS_WIDTH + 2)
            lines += [Content.styled(indent + each, role) for each in more]
            if line.missing:
                reason = wrap(line.missing, room)
                lines += [Content.styled(indent + each, "italic $muted") for each in reason]
        return Content("\n").join(lines or [Content.styled("Nothing of that kind here.", "$muted")])

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        self.query_one("#help-lines", Static).update(self._content(event.value.strip()))
        self._list.scroll_home(animate=False)

    @on(Input.Submitted)
    def _back_to_list(self) -> None:
        self._list.focus()

    def action_find(self) -> None:
        """Type what to look for."""
        self._field.focus()

    def action_back(self) -> None:
        """Drop the search first, then close."""
        if self._field.value or self._field.has_focus:
            self._field.value = ""
            self._list.focus()
        else:
            self.dismiss(None)

    def action_scroll(self, where: str) -> None:
        """Move the list."""
        getattr(self._list, f"scroll_{where}")(animate=False)

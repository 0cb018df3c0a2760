"""The frame around every screen: header line, footer line, and the notice that there is no room."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.cells import cell_len
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from mlflow_analysis.untrusted import single_line
from mlflow_tui.actions import EVERYWHERE, STEPS, everywhere

if TYPE_CHECKING:
    from mlflow_tui.application import MlflowTui

MINIMUM_SIZE = (40, 10)
"""Columns and lines below which nothing useful fits."""


SHORTEST_STORE = 14
"""Columns: less of a store's address is not worth showing."""


class HeaderLine(Widget):
    """App, store and experiment on the left; the five steps on the right."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place = place

    def render(self) -> Content:
        """One line, cut to the width: the steps come before the names."""
        width = self.content_size.width
        steps = self._steps(full=width >= 96)
        left = self._names(width - steps.cell_length - 2)
        gap = max(1, width - left.cell_length - steps.cell_length)
        return Content.assemble(left, " " * gap, steps)

    def _names(self, room: int) -> Content:
        """App, store and experiment in ``room`` columns; the store gives way first."""
        title = Content.styled("mlflow-tui", "bold $primary")
        app = cast("MlflowTui", self.app)
        if not app.is_painted:  # nothing is open yet
            return title
        state = app.state
        store = state.connection.tracking_uri if state.connection else ""
        experiment = single_line(state.experiment.name) if state.experiment else ""
        left = title + Content.styled(f"  {experiment}", "$foreground") if experiment else title
        arrow = " › " if experiment else ""
        rest = room - title.cell_length - 2 - len(arrow) - cell_len(experiment)
        if store and rest >= min(len(store), SHORTEST_STORE):
            # The end of a path says more than its beginning.
            shown = store if len(store) <= rest else "…" + store[-(rest - 1) :]
            left = title + Content.assemble((f"  {shown}", "$muted"), (arrow, "$muted"), experiment)
        return left.truncate(max(0, room), ellipsis=True)

    def _steps(self, *, full: bool) -> Content:
        parts: list[Content] = []
        for place, key, name in STEPS:
            if place == self._place:
                parts.append(Content.styled(f" {key} {name} ", "bold $background on $primary"))
            elif full:
                parts.append(Content.assemble((f" {key} ", "$primary"), (f"{name} ", "$muted")))
            else:
                parts.append(Content.styled(f" {key} ", "$primary"))
        return Content("").join(parts)


class FooterLine(Widget):
    """The keys that do something here and now, as many as fit."""

    def on_mount(self) -> None:
        """Redraw whenever the bindings that apply change."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        if screen is self.screen:
            self.refresh()

    def render(self) -> Content:
        """Keys in the colour of what can be done, labels muted; help and quit always stay."""
        own: list[Content] = []
        always: list[Content] = []
        seen: set[str] = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if not binding.show or not active.enabled or binding.action in seen:
                continue
            seen.add(binding.action)
            entry = Content.assemble(
                (binding.key_display or binding.key, "bold $primary"),
                (f" {binding.description}", "$muted"),
            )
            is_global = (
                bool(binding.id and binding.id.startswith(EVERYWHERE)) or active.node is self.app
            )
            (always if is_global else own).append(entry)
        right = Content("  ").join(always)
        room = self.content_size.width - right.cell_length - 2
        left = Content("")
        for entry in own:
            longer = left + Content("  ") + entry if left else entry
            if longer.cell_length > room:
                break
            left = longer
        gap = max(2, self.content_size.width - left.cell_length - right.cell_length)
        return Content.assemble(left, " " * gap, right)


class HintLine(Widget):
    """For the first runs: how to find the keys, and how to be rid of this line."""

    def on_mount(self) -> None:
        """Redraw when a text field takes the keys, or gives them back."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def render(self) -> Content:
        """One line; the end of it, which says how to hide it, always stays."""
        keys = cast("MlflowTui", self.app).keys
        label = {action.name: keys.label(action, EVERYWHERE) for action in everywhere.ACTIONS}
        commands = _key(label["command_palette"], "every command by name")
        others = [_key(label["help"], "what keys do here"), _key("1…5", "the screens")]
        if isinstance(self.screen.focused, Input):  # which takes them for text
            others[0] = Content("elsewhere: ") + others[0]
            said = Content("  ").join([commands, *others])
        else:
            said = Content("  ").join([others[0], commands, others[1]])
        end = Content.assemble((label["dismiss_hint"], "bold $primary"), (" hide this", "$muted"))
        room = self.content_size.width - end.cell_length - 2
        said = said.truncate(max(0, room), ellipsis=True)
        gap = max(2, self.content_size.width - said.cell_length - end.cell_length)
        return Content.assemble(said, " " * gap, end)


def _key(key: str, does: str) -> Content:
    return Content.assemble((key, "bold $primary"), f" {does}")


class RoomNotice(Widget):
    """Shown instead of everything else where the terminal is too small."""

    def render(self) -> Content:
        """What there is and what is needed."""
        columns, lines = MINIMUM_SIZE
        return Content(
            f"mlflow-tui needs more room: at least {columns}×{lines}, "
            f"this is {self.app.size.width}×{self.app.size.height}."
        )

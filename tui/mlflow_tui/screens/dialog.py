"""What every dialog has in common: it answers once, however fast keys come.

Keys typed before a dialog has gone still reach it, and Textual would then close what lies under it; and
one that is answered while another step is seen would close a screen of that.
"""

from __future__ import annotations

from typing import Any, TypeVar

from textual import events, on
from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette
from textual.screen import ModalScreen, Screen
from textual.worker import Worker

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A question over the screen that asks it."""

    _answer: tuple[Answer | None] | None = None
    """Given while it was not on the screen: it closes when it would be seen again."""

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Answer and close; nothing if it is closed already."""
        if comes_to_the_top(self):
            return super().dismiss(result)
        self._answer = (result,)
        return AwaitComplete()

    @on(events.ScreenResume)
    def _answered_meanwhile(self) -> None:
        if self._answer is not None:
            self.dismiss(*self._answer)


class Commands(CommandPalette):
    """Every command by name."""

    _has_come = False
    _has_gone = False

    def _on_mount(self, event: events.Mount) -> None:
        """Not if another step is seen by now: Textual looks for the screen that it lies on."""
        self._has_come = self in self.app.screen_stack
        if not self._has_come:
            event.prevent_default()

    @on(events.ScreenResume)
    def _came_to_nothing(self) -> None:
        if not self._has_come:
            self.dismiss()

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close; nothing if it is closed already."""
        if not comes_to_the_top(self):
            return AwaitComplete()
        self._cancel_gather_commands()
        self._has_gone = True
        return super().dismiss(result)

    def _gather_commands(self, search_value: str) -> Worker[None]:
        """Not for what was typed last and comes after the key that closed it: its list may be gone by then."""
        gathering = super()._gather_commands(search_value)
        if self._has_gone or not self.app.is_running:
            gathering.cancel()
        return gathering

    def _action_command_list(self, action: str) -> None:
        """Move in the list; not before what was found last has been laid out, where Textual fails."""
        if self.query_one(CommandList)._index_to_line:
            super()._action_command_list(action)


def comes_to_the_top(dialog: Screen[Any]) -> bool:
    """Whether ``dialog`` is open; what lies on it is closed then."""
    stack = dialog.app.screen_stack
    if dialog not in stack:
        return False
    # at once: Textual's own way would close them later, and whatever lies on top now in the place of the dialog
    for above in reversed(stack[stack.index(dialog) + 1 :]):
        above.dismiss()
    return True

"""A text field that keeps still: a blinking cursor would write 2.6 kB a second to a slow link."""

from __future__ import annotations

from textual.widgets import Input


class TextField(Input):
    """An ``Input`` without blinking."""

    def on_mount(self) -> None:
        """The cursor stays on."""
        self.cursor_blink = False

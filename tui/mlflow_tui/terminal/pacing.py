"""Drawing no more than has changed, no faster than the line takes it, and less of everything where that stalls."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, RenderableType
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.screen import Screen
from textual.timer import Timer

from mlflow_tui.terminal.line import Line
from mlflow_tui.terminal.shown import Shown

STALL_SECONDS = 1.5
"""A line that takes nothing for so long has stalled."""
FRAME_SECONDS = 0.1
"""Between two frames in low bandwidth; otherwise a frame follows as soon as the line is free."""
PLAIN_THEME = "mlflow-16"
STALLED = (
    "The line to your terminal stalled, so less is drawn from here on: 16 colours, fewer frames, no charts "
    "until you ask. “Low bandwidth off” among the commands undoes it."
)


class PacedApp(App[int]):
    """An app that waits for its line.

    ``low_bandwidth`` means 16 colours, ten frames a second, and no charts until asked for: whoever draws a
    chart asks it. It is on if the user says so, or by itself once the line has stalled, unless the user said no.
    """

    def __init__(self, *, ansi_color: bool | None, low_bandwidth: bool | None) -> None:
        super().__init__(ansi_color=ansi_color)
        self.low_bandwidth = bool(low_bandwidth)
        self._turns_low_by_itself = low_bandwidth is None
        self._shown = Shown()
        self._theme_before = ""
        self._held = ExitStack()
        self._holding = False
        self._missed = False
        """Whether something was drawn and dropped while nothing was to be drawn: another screen, a new size."""
        self._line_is_behind = False
        self._notice_due = False
        self._frame_timer: Timer | None = None
        self._stall_timer: Timer | None = None
        self._loop_of_app: asyncio.AbstractEventLoop | None = None
        self._thread_of_loop = 0

    def on_mount(self) -> None:
        """From here on frames are drawn."""
        self._loop_of_app = asyncio.get_running_loop()
        self._thread_of_loop = threading.get_ident()

    def on_resize(self) -> None:
        """Terminals differ on what becomes of what stood there."""
        self._shown.forget()

    def action_redraw(self) -> None:
        """Draw everything again: another program may have written on the terminal."""
        self._shown.forget()
        self.screen.refresh()

    # ---- called by the driver -----------------------------------------------------------

    def screen_cleared(self) -> None:
        """The terminal shows nothing of ours: the app begins, or comes back."""
        self._shown.forget()

    def frame_written(self, line: Line) -> None:
        """Draw nothing more until the line has taken this, or until it is time for the next frame."""
        if not self.is_running or threading.get_ident() != self._thread_of_loop:
            return
        if line.is_behind() and not self._line_is_behind:
            self._line_is_behind = True
            self._stall_timer = self.set_timer(STALL_SECONDS, self._stalled)
        if self.low_bandwidth and self._frame_timer is None:
            self._frame_timer = self.set_timer(FRAME_SECONDS, self._next_frame)
        if (self._line_is_behind or self._frame_timer is not None) and not self._holding:
            self._holding = True
            self._held.enter_context(self.batch_update())

    def line_is_free(self) -> None:
        """The line has caught up: draw what has changed meanwhile. Called from another thread."""
        loop = self._loop_of_app
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._caught_up)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        self._missed = self._missed or (self._holding and renderable is not None)
        frame: object = renderable
        if isinstance(frame, CompositorUpdate):
            renderable = self._shown.changes(frame, self.size, self._color_system)
        super()._display(screen, renderable)

    @property
    def _color_system(self) -> ColorSystem:
        if self.low_bandwidth:
            return ColorSystem.STANDARD
        return COLOR_SYSTEMS[self.console.color_system or "truecolor"]

    # ---- on the loop --------------------------------------------------------------------

    def _caught_up(self) -> None:
        self._line_is_behind = False
        if self._stall_timer is not None:
            self._stall_timer.stop()
            self._stall_timer = None
        if self._notice_due:
            self._notice_due = False
            self.notify(STALLED, severity="warning", timeout=20)
        self._draw_again()

    def _next_frame(self) -> None:
        self._frame_timer = None
        self._draw_again()

    def _draw_again(self) -> None:
        if self._holding and not self._line_is_behind and self._frame_timer is None:
            self._holding = False
            self._held.close()
            if not (self.is_running and self._screen_stack):
                return
            if self._missed:
                self._missed = False
                self.screen.refresh()
            else:
                self.screen.check_idle()  # it knows what has changed

    def _stalled(self) -> None:
        self._stall_timer = None
        if self.low_bandwidth or not self._turns_low_by_itself:
            return
        self._notice_due = True
        self.go_low_bandwidth(True)

    def go_low_bandwidth(self, on: bool) -> None:
        """Draw less from here on, or all again."""
        if on == self.low_bandwidth:
            return
        self.low_bandwidth = on
        self._turns_low_by_itself = False  # once is enough: the user knows the switch now
        if on:
            self._theme_before, self.theme = self.theme, PLAIN_THEME
        elif self._theme_before:
            self.theme = self._theme_before
        self.refresh(layout=True)

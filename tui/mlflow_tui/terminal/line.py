"""The line to the terminal: how much of what was drawn it has not taken yet.

Textual queues what it draws for a thread that writes. On a slow line the queue fills with frames that nobody
wants any more, and when it is full the whole event loop waits for the terminal. This driver tells the app when
the line is behind, so that the app draws nothing until it has caught up, and then the newest state at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from io import TextIOWrapper
from typing import IO, TYPE_CHECKING, Protocol, cast

from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from textual.app import App

BEHIND_BYTES = 16_000
"""More than that waiting, about a page of a table, and the line is behind."""
POINTER_SHAPE = "\x1b]22;"
"""How Textual tells the shape of the mouse pointer, for every widget that it makes."""


class Drawing(Protocol):
    """What an app does about its line."""

    def screen_cleared(self) -> None:
        """The terminal was cleared for us."""

    def frame_written(self, line: Line) -> None:
        """Something was drawn; called on the loop."""

    def line_is_free(self) -> None:
        """The line has taken what was drawn; called from the writing thread."""


class Line:
    """A text file that knows how much is under way to it; the queue in front of it included."""

    def __init__(self, file: IO[str], free: Callable[[], None]) -> None:
        self._file = file
        self._free = free
        self._lock = threading.Lock()
        self._waiting = 0
        self._unflushed = 0
        self._awaited = False

    @property
    def waiting(self) -> int:
        """Characters that were drawn and not yet taken by the terminal."""
        return self._waiting

    def queued(self, size: int) -> None:
        """So many characters are on their way to ``write``."""
        with self._lock:
            self._waiting += size

    def is_behind(self) -> bool:
        """Whether too much is waiting. If so, ``free`` is called once when nothing is waiting any more."""
        with self._lock:
            self._awaited = self._awaited or self._waiting > BEHIND_BYTES
            return self._awaited

    # ---- what the writing thread calls --------------------------------------------------

    def write(self, text: str) -> int:
        """Into the file's buffer, or further if that is full."""
        self._unflushed += len(text)
        return self._file.write(text)

    def flush(self) -> None:
        """Returns when the terminal has taken all."""
        self._file.flush()
        with self._lock:
            self._waiting -= self._unflushed
            self._unflushed = 0
            told = self._awaited and self._waiting <= 0
            if told:
                self._awaited = False
        if told:
            self._free()

    def fileno(self) -> int:
        """The terminal's."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._file.isatty()


class LineDriver(LinuxDriver):
    """Textual's driver, with a ``Line`` between its writing thread and the terminal."""

    def __init__(
        self,
        app: App[object],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._drawing = cast("Drawing", app)
        self._line = Line(cast("IO[str]", self._file), self._drawing.line_is_free)
        self._file = cast("TextIOWrapper", self._line)

    def start_application_mode(self) -> None:
        """As Textual's, but a full queue never stops the loop: the app itself draws no more than fits."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._drawing.screen_cleared()
        if self._writer_thread is not None:
            self._writer_thread._queue.maxsize = 0

    def write(self, data: str) -> None:
        """Queue it, and let the app know."""
        if data.startswith(POINTER_SHAPE) and not self._mouse:
            return
        self._line.queued(len(data))
        super().write(data)
        self._drawing.frame_written(self._line)

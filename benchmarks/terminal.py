"""The program in a pseudo-terminal, and what a key costs there: milliseconds and bytes."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pexpect  # type: ignore[import-untyped]
import pyte  # type: ignore[import-untyped]

QUIET_S = 0.06
"""An answer has ended when nothing has been drawn for that long."""
_LONGEST_S = 5.0
_PATIENCE_S = 600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What was drawn after a key. Milliseconds from writing the key; ``None`` if nothing was drawn."""

    first_ms: float | None
    last_ms: float | None
    size: int
    """Bytes."""


class Terminal:
    """A program on a screen of ``columns`` by ``lines``; ``home`` is where it keeps its files."""

    def __init__(
        self, command: Sequence[str], home: Path, *, columns: int = 120, lines: int = 40
    ) -> None:
        self.started = time.perf_counter()
        self._child = pexpect.spawn(
            command[0],
            list(command[1:]),
            env=environment_in(home),
            dimensions=(lines, columns),
            echo=False,
        )
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._unseen = bytearray()

    @property
    def process_id(self) -> int:
        """The program's."""
        return int(self._child.pid)

    @property
    def text(self) -> str:
        """What stands on the screen."""
        self._stream.feed(bytes(self._unseen))
        self._unseen.clear()
        return "\n".join(line.rstrip() for line in self._screen.display)

    def press(self, key: str, longest_s: float = 2.0) -> Answer:
        """Send a key and read until nothing more is drawn, or for ``longest_s`` seconds."""
        self.idle(0.0)
        began = time.perf_counter()
        self.send(key)
        first = last = None
        size = 0
        while (now := time.perf_counter()) - began < longest_s:
            wait = longest_s - (now - began) if last is None else QUIET_S
            drawn = self._read(wait)
            if not drawn and last is not None:
                break
            if drawn:
                last = time.perf_counter()
                first = first or last
                size += drawn
        return Answer(_ms(began, first), _ms(began, last), size)

    def hold(self, key: str, times: int, every_s: float = 1 / 30) -> list[Answer]:
        """Send ``key`` as a held key does; the next one waits until something has been drawn for this one."""
        answers = []
        for _ in range(times):
            self.idle(0.0)
            began = time.perf_counter()
            self.send(key)
            first = last = None
            size = 0
            while (left := began + (every_s if last else _LONGEST_S) - time.perf_counter()) > 0:
                drawn = self._read(left)
                if drawn:
                    last = time.perf_counter()
                    first = first or last
                    size += drawn
            answers.append(Answer(_ms(began, first), _ms(began, last), size))
        return answers

    def send(self, keys: str) -> None:
        """Send keys and do not wait."""
        os.write(self._child.child_fd, keys.encode())

    def idle(self, seconds: float) -> int:
        """Read what is drawn for that long; bytes."""
        end = time.perf_counter() + seconds
        size = 0
        while True:
            left = end - time.perf_counter()
            drawn = self._read(max(0.0, left))
            size += drawn
            if left <= 0 and not drawn:
                return size

    def take(self, most: int) -> bytes:
        """At most so many bytes of what has been drawn, without waiting: as a slow line would bring them."""
        ready, _, _ = select.select([self._child.child_fd], [], [], 0)
        taken = os.read(self._child.child_fd, most) if ready and most > 0 else b""
        self._unseen += taken
        return taken

    def seconds_until(self, condition: Callable[[str], bool], what: str) -> float:
        """Seconds from now until the text on the screen meets ``condition``; the moment is that of the drawing.

        Raises ``RuntimeError`` with the screen if it does not within ten minutes.
        """
        began = drawn_at = time.perf_counter()
        while not condition(self.text):
            if time.perf_counter() - began > _PATIENCE_S:
                raise RuntimeError(f"{what} did not come:\n{self.text}")
            if self._read(1.0):
                drawn_at = time.perf_counter()
        return max(0.0, drawn_at - began)

    def seconds_until_drawn(self, condition: Callable[[str], bool], what: str) -> float:
        """The same, but until all that is drawn with it is there: the moment of the last byte."""
        began = time.perf_counter()
        seconds = self.seconds_until(condition, what)
        while self._read(QUIET_S):
            seconds = time.perf_counter() - began
        return seconds

    def close(self) -> None:
        """End the program."""
        self._child.close(force=True)

    def _read(self, timeout: float) -> int:
        ready, _, _ = select.select([self._child.child_fd], [], [], timeout)
        if not ready:
            return 0
        try:
            drawn = os.read(self._child.child_fd, 65_536)
        except OSError:  # Linux says so when the other end has gone
            drawn = b""
        if not drawn:
            raise RuntimeError(f"The program ended:\n{self.text}")
        self._unseen += drawn
        return len(drawn)


def mlflow_tui(*arguments: str) -> list[str]:
    """How to start the program."""
    return [sys.executable, "-m", "mlflow_tui", *arguments]


def environment_in(home: Path) -> dict[str, str]:
    """The environment of a user with a true-colour terminal and nothing in their home directory."""
    return {
        **os.environ,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LC_ALL": "C.UTF-8",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_STATE_HOME": str(home / ".local/state"),
    }


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of ``values`` that at least ``share`` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def _ms(began: float, ended: float | None) -> float | None:
    return None if ended is None else 1000 * (ended - began)

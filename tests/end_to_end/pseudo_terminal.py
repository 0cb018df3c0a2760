"""The program in a pseudo-terminal, seen through a terminal emulator: what a person would see."""

from __future__ import annotations

import os
import signal
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pexpect
import pyte

PROGRAM = "from mlflow_tui.cli import main; main()"
PATIENCE_SECONDS = 120.0
"""How long something may take on a machine that is busy with other things."""


class Terminal:
    """``mlflow-tui`` with ``arguments`` on a screen of ``columns`` by ``lines``."""

    def __init__(
        self,
        *arguments: str,
        cwd: Path,
        columns: int = 120,
        lines: int = 40,
        environment: Mapping[str, str] | None = None,
        program: str = PROGRAM,
    ) -> None:
        usual = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
        environment = {**os.environ, **usual, **(environment or {})}
        self._child = pexpect.spawn(
            sys.executable,
            ["-c", program, *arguments],
            env=environment,
            cwd=str(cwd),
            dimensions=(lines, columns),
            timeout=PATIENCE_SECONDS,
        )
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.received = bytearray()

    @property
    def lines(self) -> list[str]:
        """What stands on the screen now."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """The same as one text."""
        return "\n".join(self.lines)

    def press(self, *keys: str) -> None:
        """Send keys, or text, as typed."""
        for key in keys:
            self._child.send(key)

    def wait_for(self, *texts: str, gone: str = "") -> None:
        """Until all of ``texts`` are on the screen and ``gone`` is not."""
        self.wait_until(
            lambda: all(text in self.text for text in texts) and not (gone and gone in self.text),
            f"{texts} did not come" + (f", or {gone!r} did not go" if gone else ""),
        )

    def wait_until(self, condition: Callable[[], bool], complaint: str) -> None:
        """Read what the program draws until ``condition`` holds."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < end, f"{complaint}:\n{self.text}"
            self._read()

    def _read(self, timeout: float = 1.0) -> bool:
        try:
            drawn = self._child.read_nonblocking(65536, timeout=timeout)
        except pexpect.TIMEOUT:
            return False
        except pexpect.EOF:
            raise AssertionError(f"The program ended:\n{self.text}") from None
        self.received += drawn
        self._stream.feed(drawn)
        return True

    def drawn_within(self, seconds: float) -> int:
        """Read what is drawn until nothing has come for ``seconds``; how many bytes came."""
        before = len(self.received)
        while self._read(seconds):
            pass
        return len(self.received) - before

    def has_ended_within(self, seconds: float) -> bool:
        """Read what is drawn until nothing has come for ``seconds``; whether the program ended."""
        try:
            self.drawn_within(seconds)
        except AssertionError:  # says so at the end of what is drawn
            return True
        return False

    def resize(self, columns: int, lines: int) -> None:
        """As when the window is drawn larger or smaller."""
        self._screen.resize(lines, columns)
        self._child.setwinsize(lines, columns)

    def modes(self) -> int:
        """The local modes of the terminal, as the program left them: ``termios.ICANON`` and so on."""
        return int(termios.tcgetattr(self._child.child_fd)[3])

    def signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        self._child.kill(number)

    @property
    def is_stopped(self) -> bool:
        """Whether the program has been suspended, and not only begun to be."""
        status = Path(f"/proc/{self._child.pid}/stat").read_text(encoding="ascii", errors="replace")
        return status.rpartition(")")[2].split()[0] == "T"

    def wait_for_end(self) -> int:
        """Read until the program ends; its exit code, negative for a signal."""
        self.received += self._child.read()
        return self._ended()

    def wait_for_end_unread(self) -> int:
        """The same, but nobody reads what it draws, as on a line that has stalled."""
        return self._ended()

    def _ended(self) -> int:
        end = time.monotonic() + PATIENCE_SECONDS
        while self._child.isalive():
            assert time.monotonic() < end, f"The program did not end:\n{self.text}"
            time.sleep(0.01)
        status = self._child.exitstatus
        return -int(self._child.signalstatus) if status is None else int(status)

    def kill(self) -> None:
        """``kill -9``: no chance to say or save anything."""
        self._child.kill(signal.SIGKILL)
        self._child.wait()

    def leave(self) -> int:
        """Press ``q``; the exit code."""
        self.press("q")
        code = self.wait_for_end()
        assert code >= 0, "ended by a signal"
        return code

    def close(self) -> None:
        """End it if it has not ended."""
        try:
            self._child.close(force=True)
        except pexpect.ExceptionPexpect:  # killed, and on a busy machine not gone a moment later
            self._child.wait()

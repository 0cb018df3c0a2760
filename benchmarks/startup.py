"""Time to first paint, in a pseudo-terminal of 120 by 40, against the smallest Textual app there is; bytes of it."""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pexpect  # type: ignore[import-untyped]

from benchmarks.figures import Figure
from benchmarks.terminal import Terminal, environment_in, mlflow_tui

_HIGHEST_RATIO = 1.5
_ESCAPES = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]"
)
_VISIBLE = 10
"""Characters that are not blank: so many, and something has been painted."""
_PATIENCE_S = 60.0
_MOST_BYTES = 45_000
_SETTLED_S = 2.0
_SMALLEST_APP = """
from textual.app import App
from textual.widgets import Static
class Smallest(App):
    def compose(self):
        yield Static("The smallest Textual app there is.")
Smallest().run()
"""


def measure(runs: int) -> list[Figure]:
    """Medians of ``runs`` paired starts, after one of each that warms the caches."""
    ours, smallest = mlflow_tui(), [sys.executable, "-c", _SMALLEST_APP]
    with tempfile.TemporaryDirectory() as home:
        pairs = [
            (first_paint(ours, Path(home)), first_paint(smallest, Path(home)))
            for _ in range(runs + 1)
        ][1:]
        size = _first_screen(ours, Path(home))
    ratio = statistics.median(own / other for own, other in pairs)
    return [
        Figure("first paint of mlflow-tui", f"{statistics.median(a for a, _ in pairs):.2f} s"),
        Figure("first paint of a minimal app", f"{statistics.median(b for _, b in pairs):.2f} s"),
        Figure("ratio", f"{ratio:.2f}", f"≤ {_HIGHEST_RATIO}", ratio <= _HIGHEST_RATIO),
        Figure("bytes of the first screen", f"{size:,}", f"≤ {_MOST_BYTES:,}", size <= _MOST_BYTES),
    ]


def _first_screen(command: list[str], home: Path) -> int:
    """Bytes until nothing more is drawn."""
    terminal = Terminal(command, home)
    try:
        size = drawn = terminal.idle(_SETTLED_S)
        while drawn or not terminal.text.strip():
            drawn = terminal.idle(_SETTLED_S)
            size += drawn
    finally:
        terminal.close()
    return size


def first_paint(command: list[str], home: Path) -> float:
    """Seconds from the start of the process until text is on the screen.

    Raises ``RuntimeError`` with the output if nothing is painted within a minute.
    """
    began = time.perf_counter()
    child = pexpect.spawn(
        command[0], command[1:], env=environment_in(home), dimensions=(40, 120), echo=False
    )
    seen = b""
    try:
        while time.perf_counter() - began < _PATIENCE_S:
            try:
                seen += child.read_nonblocking(65_536, timeout=1.0)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                break
            if len(b"".join(_ESCAPES.sub(b"", seen).split())) >= _VISIBLE:
                return time.perf_counter() - began
    finally:
        child.close(force=True)
    raise RuntimeError(f"Nothing was painted by {command}: {seen[-2000:]!r}")

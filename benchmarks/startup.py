"""Time to first paint, in a pseudo-terminal, against the smallest Textual app there is."""

from __future__ import annotations

import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pexpect  # type: ignore[import-untyped]

from benchmarks.figures import Figure

_HIGHEST_RATIO = 1.5
_ESCAPES = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]"
)
_VISIBLE = 10
"""Characters that are not blank: so many, and something has been painted."""
_PATIENCE_S = 60.0
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
    ours, smallest = [sys.executable, "-m", "mlflow_tui"], [sys.executable, "-c", _SMALLEST_APP]
    with tempfile.TemporaryDirectory() as home:
        pairs = [
            (first_paint(ours, Path(home)), first_paint(smallest, Path(home)))
            for _ in range(runs + 1)
        ][1:]
    ratio = statistics.median(own / other for own, other in pairs)
    return [
        Figure("first paint of mlflow-tui", f"{statistics.median(a for a, _ in pairs):.2f} s"),
        Figure("first paint of a minimal app", f"{statistics.median(b for _, b in pairs):.2f} s"),
        Figure("ratio", f"{ratio:.2f}", f"≤ {_HIGHEST_RATIO}", ratio <= _HIGHEST_RATIO),
    ]


def first_paint(command: list[str], home: Path) -> float:
    """Seconds from the start of the process until text is on the screen.

    Raises ``RuntimeError`` with the output if nothing is painted within a minute.
    """
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_STATE_HOME": str(home / ".local/state"),
    }
    began = time.perf_counter()
    child = pexpect.spawn(command[0], command[1:], env=environment, dimensions=(24, 80), echo=False)
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

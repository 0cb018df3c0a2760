"""Run a command to its end, and watch how much memory it and all its children take meanwhile."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Run:
    """What a command printed, and what it took."""

    output: str
    seconds: float
    """From the start of the process to its end."""
    peak_bytes: int
    """Highest sum of the proportional set sizes (PSS) of the process and its children, looked at five times
    a second: memory that several share is counted once."""


def run(command: Sequence[str], environment: Mapping[str, str]) -> Run:
    """Run ``command``. Raises ``RuntimeError`` with what it said if it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    peak = 0
    ended = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(_EVERY_S):
            peak = max(peak, sum(map(_pss, _family(process.pid))))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    output, complaint = process.communicate()
    seconds = time.perf_counter() - began
    ended.set()
    watcher.join()
    if process.returncode != 0:
        raise RuntimeError(
            f"{' '.join(command)} ended with {process.returncode}:\n{complaint[-2000:]}"
        )
    return Run(output, seconds, peak)


def _family(process_id: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        children.setdefault(int(fields[1]), []).append(int(status.parent.name))
    family = [process_id]
    for each in family:
        family += children.get(each, [])
    return family


def _pss(process_id: int) -> int:
    """Proportional set size in bytes; 0 if the process has ended."""
    try:
        lines = Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)

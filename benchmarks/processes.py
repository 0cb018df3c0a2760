"""Run a command to its end: timed, or watched for how much memory it and all its children take."""

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


def run(command: Sequence[str], environment: Mapping[str, str]) -> Run:
    """Run ``command`` and time it. Raises ``RuntimeError`` with what it said if it fails."""
    began = time.perf_counter()
    output = _output(_started(command, environment))
    return Run(output, time.perf_counter() - began)


def peak_memory(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run ``command``: the highest sum of the proportional set sizes (PSS) of it and its children, in bytes.

    Memory that several share is counted once. To look, five times a second, takes the kernel a tenth of a core
    for processes of 1 GB in all, and holds up those that ask for memory meanwhile: so what is timed is not
    watched. Raises ``RuntimeError`` with what it said if it fails.
    """
    process = _started(command, environment)
    peak = 0
    ended = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(_EVERY_S):
            peak = max(peak, sum(map(_pss, _family(process.pid))))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        _output(process)
    finally:
        ended.set()
        watcher.join()
    return peak


def _started(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _output(process: subprocess.Popen[str]) -> str:
    """What it printed, once it has ended. Raises ``RuntimeError`` with what it said if it failed."""
    output, complaint = process.communicate()
    if process.returncode != 0:
        assert isinstance(process.args, list)
        raise RuntimeError(
            f"{' '.join(process.args)} ended with {process.returncode}:\n{complaint[-2000:]}"
        )
    return output


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

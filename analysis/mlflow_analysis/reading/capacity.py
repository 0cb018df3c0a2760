"""How many workers this machine has room for."""

from __future__ import annotations

import os
from pathlib import Path

BYTES_A_WORKER = 300_000_000
"""What a worker may come to need: its libraries, and a slice of long traces."""
MOST_WORKERS = 8
"""More than these wait for the store, or for the process that collects what they read."""
_CGROUP = Path("/sys/fs/cgroup")


def default_workers() -> int:
    """As many workers as there are processors for them and memory that is free; at least one."""
    return int(max(1, min(processors(), free_memory() // BYTES_A_WORKER, MOST_WORKERS)))


def processors() -> int:
    """Processors that this process may use, as far as the system and its container say."""
    there = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    quota, _, period = _told(_CGROUP / "cpu.max").partition(" ")
    return max(1, min(there, int(quota) // int(period))) if quota.isdigit() else there


def free_memory() -> int:
    """Bytes that can be had without swapping; half of all there are where the system does not say."""
    free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    for line in _told(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemAvailable:"):
            free = int(line.split()[1]) * 1024
    limit = _told(_CGROUP / "memory.max")
    return min(free, int(limit) // 2) if limit.isdigit() else free


def _told(path: Path) -> str:
    """What a file of the system says; "" where there is none."""
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""

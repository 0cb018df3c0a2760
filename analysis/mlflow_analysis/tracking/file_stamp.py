"""Whether a SQLite file was written to, told without opening it: to close it would undo SQLite's own locks on it."""

from __future__ import annotations

import time
from pathlib import Path

SETTLED_S = 2.0
"""File systems tell times so coarsely: of two writes within this time the second may not show."""


def file_stamp(path: Path) -> str | None:
    """What stays the same for as long as nobody writes to the SQLite file at ``path``.

    ``None`` if that cannot be told: it was written to just now, or is written to beside it (a write-ahead log).
    """
    try:
        path = path.resolve()  # what SQLite keeps beside a file is beside the file itself
        there = path.stat()
    except OSError:
        return None
    written_ns = max(there.st_mtime_ns, there.st_ctime_ns)
    is_settled = abs(time.time() - written_ns / 1e9) >= SETTLED_S
    if not is_settled or path.with_name(f"{path.name}-wal").exists():
        return None
    return f"{there.st_ino}-{there.st_size}-{there.st_mtime_ns}-{there.st_ctime_ns}"

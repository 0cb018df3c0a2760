"""The beginning of a SQLite file, told without closing it: that would undo SQLite's own locks on it.

Locks of a file belong to the process (POSIX): they go with the first of its descriptors that is closed.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path


def file_head(path: Path, size: int) -> bytes:
    """The first ``size`` bytes of the file, or all if it has fewer. Raises ``OSError``."""
    there = path.stat()
    return os.pread(_kept_open(path, there.st_dev, there.st_ino), size, 0)


@cache
def _kept_open(path: Path, _device: int, _inode: int) -> int:
    """A descriptor for the rest of the process; another file may come to stand at the same path."""
    return os.open(path, os.O_RDONLY)

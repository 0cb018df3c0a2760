"""Writes to copies of a store, each cut off at a random moment: a program of its own.

    python killed_writers.py STORE DIRECTORY KILLS

leaves ``KILLS`` copies in ``DIRECTORY`` and prints how many writes were cut off. Each is done by a copy of this
process, which has loaded MLflow and has no other threads: a copy of one that has may wait for ever for what they held.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

from test_writer import LIMITED, SLOW, filing, writer_of

_WITHIN_SECONDS = 120.0
_fork = multiprocessing.get_context("fork")


def _write(path: Path) -> None:
    writer_of(f"sqlite:///{path}").write(filing(LIMITED, SLOW, assess_traces=True))


def _write_and_end(path: Path) -> None:
    _write(path)
    os._exit(0)


def _written(path: Path, within_seconds: float) -> bool:
    """Whether a write to the store at ``path`` ended before it was cut off."""
    child = _fork.Process(target=_write_and_end, args=(path,))
    child.start()
    child.join(within_seconds)
    child.kill()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL), child.exitcode
    return child.exitcode == 0


def main(store: str, directory: str, kills: str) -> None:
    """See above."""
    _write(Path(shutil.copy(store, Path(directory) / "first.db")))  # loads what all of them need
    assert threading.active_count() == 1
    copies = [shutil.copy(store, Path(directory) / f"{number}.db") for number in range(int(kills))]
    whole_write = Path(shutil.copy(store, Path(directory) / "whole.db"))
    began = time.monotonic()
    assert _written(whole_write, _WITHIN_SECONDS)
    whole = time.monotonic() - began
    chosen = random.Random(0)
    print(sum(not _written(Path(copy), chosen.uniform(0.0, whole)) for copy in copies))


if __name__ == "__main__":
    main(*sys.argv[1:])

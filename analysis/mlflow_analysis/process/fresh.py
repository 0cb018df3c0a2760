"""How a process that begins fresh beside this one settles in, and where it writes."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from pathlib import Path

import pyarrow as pa
from platformdirs import user_log_path

from mlflow_analysis.process import collector


def log() -> Path | None:
    """Where they write instead of the screen; ``None`` where standard error is no screen."""
    if not sys.stderr.isatty():
        return None
    folder = Path(user_log_path("mlflow-tui"))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / "workers.log"


def settle_in(log: Path | None) -> None:
    """What each does first: it must neither draw on the screen nor outlive whoever started it.

    What it has to say goes to ``log``, or where its parent's goes if that is ``None``.
    """
    if log is not None:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(descriptor, sys.stderr.fileno())
        os.close(descriptor)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl+c reaches all; the parent says when to stop
    leave_pandas_out()
    collector.relax()
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


@contextmanager
def without(library: str) -> Iterator[None]:
    """Let what is loaded within do without a library that it would load, if it is installed, whether needed or not."""
    finder = _Nothing(library)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Nothing(MetaPathFinder):
    """Does not find a library, whatever is installed."""

    def __init__(self, library: str) -> None:
        self._library = library

    def find_spec(self, name: str, *_: object) -> None:
        """Nothing, and an error in place of the library."""
        if name == self._library:
            raise ImportError(name)


def leave_pandas_out() -> None:
    """Let pyarrow do without pandas, which it loads with its first array: half a second and 60 MB for nothing."""
    with without("pandas"):
        pa.array([])


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

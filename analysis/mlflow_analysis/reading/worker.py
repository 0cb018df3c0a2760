"""What a worker process does: begin, read slices, and end when it should.

It loads neither MLflow nor pandas of its own accord; the reader of a store may have to.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from ctypes import c_bool
from functools import partial
from importlib.abc import MetaPathFinder
from pathlib import Path

import pyarrow as pa

from mlflow_analysis.process import collector
from mlflow_analysis.reading.slices import SliceRead, reopen_and_read
from mlflow_analysis.records import TraceOutline
from mlflow_analysis.source import SourceSpec

_stopped: Callable[[], bool] | None = None


def begin(stopped: c_bool, log: Path | None) -> None:
    """Settle in: a worker must neither draw on the screen nor outlive whoever started it.

    What it has to say goes to ``log``, or where its parent's goes if that is ``None``.
    """
    global _stopped
    _stopped = partial(getattr, stopped, "value")
    if log is not None:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(descriptor, sys.stderr.fileno())
        os.close(descriptor)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl+c reaches all; the parent says when to stop
    leave_pandas_out()
    collector.relax()
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


class _NoPandas(MetaPathFinder):
    """Finds no pandas, whatever is installed."""

    @classmethod
    def find_spec(cls, name: str, *_: object) -> None:
        """Nothing, and an error in place of pandas."""
        if name == "pandas":
            raise ImportError(name)


def leave_pandas_out() -> None:
    """Let pyarrow do without pandas, which it loads with its first array: half a second and 60 MB for nothing."""
    sys.meta_path.insert(0, _NoPandas)
    pa.array([])
    sys.meta_path.remove(_NoPandas)


def read(spec: SourceSpec, outlines: Sequence[TraceOutline]) -> SliceRead:
    """Read and extract a slice, or the beginning of it once the run is stopped."""
    assert _stopped is not None, "A worker begins with begin."
    return reopen_and_read(spec, outlines, _stopped)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

"""Where slices are read: in this process, in processes of this machine, or on a Dask cluster (``cluster``).

Behind each is a ``concurrent.futures.Executor``, so the engine need not know which it has.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from ctypes import c_bool
from pathlib import Path
from typing import Protocol

from platformdirs import user_log_path

from mlflow_analysis.reading import nursery, worker
from mlflow_analysis.reading.slices import SliceRead, read_slice
from mlflow_analysis.records import TraceOutline
from mlflow_analysis.source import SourceSpec, TraceSource

FEWEST_FOR_PROCESSES = 1_000
"""Fewer traces are read before a worker has started."""


class Place(Protocol):
    """Where slices are read."""

    @property
    def workers(self) -> int:
        """How many slices are read at once."""

    def submit(self, outlines: Sequence[TraceOutline]) -> Future[SliceRead]:
        """Read these traces."""

    def renew(self) -> None:
        """Go on after workers were lost."""

    def stop(self) -> None:
        """Have slices that are being read end early."""

    def close(self) -> None:
        """Let go of all workers, without waiting for any of them."""


class ThisProcess:
    """One slice at a time, on a thread of its own, so that stopping need not wait for the store."""

    workers = 1

    def __init__(self, source: TraceSource) -> None:
        self._source = source
        self._stopped = threading.Event()
        self._thread = ThreadPoolExecutor(1, "reading")

    def submit(self, outlines: Sequence[TraceOutline]) -> Future[SliceRead]:
        """Read these traces."""
        return self._thread.submit(read_slice, self._source, outlines, self._stopped.is_set)

    def renew(self) -> None:
        """Nothing: there are no workers to lose."""

    def stop(self) -> None:
        """Have the slice that is being read end early."""
        self._stopped.set()

    def close(self) -> None:
        """Let go of the thread."""
        self.stop()
        self._thread.shutdown(wait=False, cancel_futures=True)


class Processes:
    """Processes of this machine, each with a connection of its own to the store."""

    def __init__(self, spec: SourceSpec, workers: int) -> None:
        self.workers = workers
        self._spec = spec
        self._context = nursery.context()
        self._stopped = self._context.RawValue(c_bool, False)
        """Seen by all workers, without a lock: one that is killed while it looks must not keep it from the others."""
        nursery.enter()
        self._pool = self._made()
        self._parent = self._pool.submit(os.getppid)
        """The process that the workers come from, once one of them has told."""

    def _made(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self.workers,
            self._context,
            initializer=worker.begin,
            initargs=(self._stopped, _log()),
        )

    def submit(self, outlines: Sequence[TraceOutline]) -> Future[SliceRead]:
        """Read these traces. Raises ``BrokenProcessPool``, as its future does, if a worker was lost."""
        return self._pool.submit(worker.read, self._spec, outlines)

    def renew(self) -> None:
        """Start the workers anew."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = self._made()

    def stop(self) -> None:
        """Have slices that are being read end early."""
        self._stopped.value = True

    def close(self) -> None:
        """Let the workers go; each ends when it has ended its slice early, or has got to begin."""
        self.stop()
        threading.Thread(target=self._let_go, name="workers end", daemon=True).start()

    def _let_go(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        try:
            parent = self._parent.result()
        except (BrokenExecutor, CancelledError):  # none got to tell
            parent = None
        nursery.leave(parent)


def get_ready_for(source: TraceSource, traces: int, workers: int = 1, engine: str = "") -> None:
    """Begin to load what ``place_for`` will need for as many traces, while this process does something else."""
    if source.spec is not None and not engine and _in_processes(traces, workers):
        nursery.prepare()


def place_for(source: TraceSource, traces: int, workers: int = 1, engine: str = "") -> Place:
    """Where to read so many traces of ``source``: see ``engine.options``.

    Raises ``ConnectionProblem`` if ``engine`` cannot be used.
    """
    if source.spec is None:
        return ThisProcess(source)
    if engine and traces:
        from mlflow_analysis.reading.cluster import Cluster

        return Cluster(source.spec, engine)
    if _in_processes(traces, workers):
        return Processes(source.spec, workers)
    return ThisProcess(source)


def _in_processes(traces: int, workers: int) -> bool:
    return workers > 1 and traces >= FEWEST_FOR_PROCESSES


def _log() -> Path | None:
    """Where workers write instead of the screen; ``None`` where standard error is no screen."""
    if not sys.stderr.isatty():
        return None
    folder = Path(user_log_path("mlflow-tui"))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / "workers.log"

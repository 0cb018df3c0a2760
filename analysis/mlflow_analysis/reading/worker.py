"""What a worker process does: begin, read slices, and end when it should.

It loads neither MLflow nor pandas of its own accord; the reader of a store may have to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from multiprocessing.synchronize import Event as Flag
from pathlib import Path

from mlflow_analysis.process.fresh import settle_in
from mlflow_analysis.reading.slices import SliceRead, reopen_and_read
from mlflow_analysis.records import TraceOutline
from mlflow_analysis.source import SourceSpec

_stopped: Callable[[], bool] | None = None


def begin(stopped: Flag, log: Path | None) -> None:
    """Settle in; slices end early once ``stopped``."""
    global _stopped
    _stopped = stopped.is_set
    settle_in(log)


def read(spec: SourceSpec, outlines: Sequence[TraceOutline]) -> SliceRead:
    """Read and extract a slice, or the beginning of it once the run is stopped."""
    assert _stopped is not None, "A worker begins with begin."
    return reopen_and_read(spec, outlines, _stopped)

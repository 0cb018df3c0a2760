"""What a worker may be made to do: die of a certain trace, or be busy asking. Workers import this by its plain name."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor

from mlflow_analysis.reading import worker
from mlflow_analysis.reading.executors import Processes
from mlflow_analysis.reading.slices import SliceRead, reopen_and_read
from mlflow_analysis.records import TraceOutline
from mlflow_analysis.source import SourceSpec


class Deadly(Processes):
    """Workers that are killed by the traces in ``deadly``."""

    def __init__(self, spec: SourceSpec, workers: int, deadly: frozenset[str]) -> None:
        super().__init__(spec, workers)
        self._deadly = deadly
        self.renewed = 0

    def submit(self, outlines: Sequence[TraceOutline]) -> Future[SliceRead]:
        pool: ProcessPoolExecutor = self._pool
        return pool.submit(_read, self._spec, outlines, self._deadly)

    def renew(self) -> None:
        self.renewed += 1
        super().renew()


def _read(spec: SourceSpec, outlines: Sequence[TraceOutline], deadly: frozenset[str]) -> SliceRead:
    if deadly & {each.trace_id for each in outlines}:
        os.kill(os.getpid(), signal.SIGKILL)
    return reopen_and_read(spec, outlines)


def look_again_and_again() -> None:
    """Ask whether to stop, and do nothing else."""
    assert worker._stopped is not None
    while not worker._stopped():
        pass

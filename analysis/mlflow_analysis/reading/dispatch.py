"""Slices are handed out, and what becomes of them is collected, whatever happens to the workers.

A worker that is lost (killed, or out of memory) takes all slices down that were being read. Each of them is
then read once more, alone, on new workers: so only the slice that a worker cannot survive is given up, its
traces with a reason, and nothing else.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass

from mlflow_analysis.features.batch import batch_of
from mlflow_analysis.reading.executors import Place
from mlflow_analysis.reading.slices import SliceRead
from mlflow_analysis.records import SkippedTrace, TraceOutline
from mlflow_analysis.tracking.problems import ConnectionProblem

logger = logging.getLogger(__name__)

_TICK = 0.1
"""Seconds after which whoever waits is told that nothing has come yet."""
_GRACE = 0.2
"""Seconds that a stopped run waits for slices that end early."""
_SLICE_SECONDS = 0.5
"""What reading a slice should take: long against handing it out, short against a person's patience."""
_SMALLEST, _LARGEST = 25, 1_000
_MOST_LOST = 3
"""Slices given up one after the other: then it is not the traces."""


class WorkersLost(ConnectionProblem):
    """No worker lives long enough to read a slice."""

    def __init__(self) -> None:
        super().__init__(
            "The processes that read the traces end again and again.",
            "Use one worker (--workers 1), or see whether there is enough memory.",
        )


@dataclass(slots=True)
class _Slice:
    outlines: Sequence[TraceOutline]
    failures: int = 0
    submitted: float = 0.0


class Reading:
    """Reads ``outlines`` at ``place``, in slices whose size follows from how long they take."""

    def __init__(
        self, place: Place, outlines: Sequence[TraceOutline], cancelled: Callable[[], bool]
    ) -> None:
        self._place, self._cancelled = place, cancelled
        self._outlines, self._taken = outlines, 0
        self._size = _SMALLEST
        self._suspects: deque[_Slice] = deque()
        """Slices that did not come back: to be read once more, one at a time."""
        self._in_flight: dict[Future[SliceRead], _Slice] = {}
        self._lost_in_a_row = 0

    def results(self) -> Iterator[SliceRead | None]:
        """What was read, in no promised order; ``None`` whenever nothing has come for a moment.

        Raises ``ConnectionProblem`` if the store is lost, or all workers are.
        """
        while not self._cancelled():
            self._hand_out()
            if not self._in_flight:
                if self._suspects:
                    continue
                return
            done, _ = wait(self._in_flight, _TICK, FIRST_COMPLETED)
            if not done:
                yield None
            yield from self._collected(done)
        self._place.stop()
        done, late = wait(self._in_flight, _GRACE)
        for future in done:
            if not future.cancelled() and future.exception() is None:
                yield future.result()
        for future in late:
            future.cancel()

    def _hand_out(self) -> None:
        """Keep the workers busy, and two slices ready for each; not more, since results take memory."""
        if self._suspects:
            if not self._in_flight:
                self._submit(self._suspects.popleft())
            return
        while len(self._in_flight) < 2 * self._place.workers and self._taken < len(self._outlines):
            some = self._outlines[self._taken : self._taken + self._next_size()]
            self._taken += len(some)
            if not self._submit(_Slice(some)):
                return

    def _next_size(self) -> int:
        """Smaller and smaller towards the end, so that all workers end together (guided self-scheduling)."""
        left = len(self._outlines) - self._taken
        return min(self._size, max(_SMALLEST, left // (2 * self._place.workers)))

    def _submit(self, each: _Slice) -> bool:
        each.submitted = time.monotonic()
        try:
            self._in_flight[self._place.submit(each.outlines)] = each
        except BrokenExecutor:  # lost between two slices: nobody knows yet whose fault it was
            self._suspects.append(each)
            if not self._in_flight:
                self._renew()
            return False
        return True

    def _collected(self, done: set[Future[SliceRead]]) -> Iterator[SliceRead]:
        alone = len(self._in_flight) == 1
        broken = False
        for future in done:
            each = self._in_flight.pop(future)
            error = None if future.cancelled() else future.exception()
            if isinstance(error, ConnectionProblem):
                raise error
            if future.cancelled() or isinstance(error, BrokenExecutor):
                broken = True
                yield from self._again(each, alone, "The process that read it ended.")
            elif error is not None:
                logger.error("A slice could not be read", exc_info=error)
                yield from self._again(
                    each, True, f"It could not be read ({type(error).__name__})."
                )
            else:
                self._resize(each)
                self._lost_in_a_row = 0
                yield future.result()
        if broken:
            for each in self._in_flight.values():
                self._suspects.append(each)
                each.failures += 1
            self._in_flight.clear()
            self._renew()

    def _again(self, each: _Slice, alone: bool, reason: str) -> Iterator[SliceRead]:
        """Read a slice once more, unless it failed again and nobody else can be to blame."""
        each.failures += 1
        if each.failures < 2 or not alone:
            self._suspects.append(each)
            return
        self._lost_in_a_row += 1
        if self._lost_in_a_row >= _MOST_LOST:
            raise WorkersLost
        yield SliceRead(
            batch_of([]), tuple(SkippedTrace(trace.trace_id, reason) for trace in each.outlines)
        )

    def _renew(self) -> None:
        logger.warning("A worker was lost; new ones are started")
        self._place.renew()

    def _resize(self, each: _Slice) -> None:
        """Slices of about half a second; they grow step by step."""
        took = (
            time.monotonic() - each.submitted
        ) / 2  # half of the time it waited for the one before
        fitting = len(each.outlines) * _SLICE_SECONDS / max(took, 1e-3)
        self._size = int(max(_SMALLEST, min(fitting, 2 * self._size, _LARGEST)))

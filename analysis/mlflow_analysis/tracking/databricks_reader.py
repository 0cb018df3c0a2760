"""Read the traces of an experiment of Databricks, which keeps the spans of each in a file of its own.

A trace takes three requests, one after the other, and most of that is waiting; so several are read at a
time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from mlflow_analysis.records import SkippedTrace, TraceInfo, TraceOutline
from mlflow_analysis.source import TraceOutcome, never
from mlflow_analysis.tracking.problems import TraceNotReadable
from mlflow_analysis.tracking.reader import StoreTraces

AT_A_TIME = 8

_Asked = TypeVar("_Asked", TraceInfo, TraceOutline)


class DatabricksTraces(StoreTraces):
    """The traces of one experiment, as a ``source.TraceSource``."""

    def traces(
        self, infos: Sequence[TraceInfo], *, cancelled: Callable[[], bool] = never
    ) -> Iterator[TraceOutcome]:
        """The traces of ``infos`` with spans, in that order; unreadable ones as ``SkippedTrace``."""
        return _several_at_a_time(infos, lambda info: next(self._read([info])), cancelled)

    def read(
        self, outlines: Sequence[TraceOutline], *, cancelled: Callable[[], bool] = never
    ) -> Iterator[TraceOutcome]:
        """The traces of ``outlines``, infos and spans, as they are now, in that order."""
        return _several_at_a_time(outlines, self._anew, cancelled)

    def _anew(self, outline: TraceOutline) -> TraceOutcome:
        try:
            return self.trace(outline.trace_id)
        except TraceNotReadable as problem:
            return SkippedTrace(outline.trace_id, problem.sentence)


def _several_at_a_time(
    asked: Sequence[_Asked], read: Callable[[_Asked], TraceOutcome], cancelled: Callable[[], bool]
) -> Iterator[TraceOutcome]:
    with ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="spans") as pool:
        ahead: deque[Future[TraceOutcome]] = deque()
        try:
            for each in asked:
                ahead.append(pool.submit(read, each))
                if len(ahead) > 2 * AT_A_TIME:
                    yield ahead.popleft().result()
                if cancelled():
                    return
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()

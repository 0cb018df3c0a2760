"""What has come or changed in an experiment since it was listed, as cheaply as its store can tell."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence

from mlflow_analysis.records import TraceInfo, TraceOutline
from mlflow_analysis.source import never, outline_of


class GrowingTraces(ABC):
    """An experiment that is written to while it is read, as a ``reading.listing.GrowingSource``."""

    @abstractmethod
    def infos(
        self, filter_string: str = "", *, cancelled: Callable[[], bool] = never
    ) -> Iterator[list[TraceInfo]]:
        """As ``source.TraceSource``."""

    @abstractmethod
    def _infos_of(self, trace_ids: Sequence[str]) -> dict[str, TraceInfo]: ...

    @abstractmethod
    def _check_still_there(self) -> None: ...

    def outlines(
        self,
        filter_string: str = "",
        *,
        marked: bool = True,
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[list[TraceOutline]]:
        """Pages of outlines, newest first; raises as ``infos`` does.

        MLflow's client tells nothing of spans in a listing, so a mark stands for what the info says
        of them: their number and size once the trace has ended. It costs nothing, so all are ``marked``.
        """
        for page in self.infos(filter_string, cancelled=cancelled):
            yield [outline_of(info) for info in page]

    def recent(
        self, since_ms: int, *, cancelled: Callable[[], bool] = never
    ) -> Iterator[list[TraceOutline]]:
        """Pages of outlines, newest first, that hold all traces that started at ``since_ms`` or later."""
        return self.outlines(f"trace.timestamp_ms >= {since_ms}", cancelled=cancelled)

    def stamp(self) -> str | None:
        """What stays the same for as long as nobody writes to the store, where it can tell that cheaply."""
        return None

    def infos_of(self, trace_ids: Sequence[str]) -> list[TraceInfo]:
        """The infos of these traces, in no order; those that are no longer there are left out."""
        return list(self._infos_of(trace_ids).values())

    def outlines_of(self, trace_ids: Sequence[str]) -> list[TraceOutline]:
        """The outlines of these traces, as ``infos_of``."""
        return [outline_of(info) for info in self.infos_of(trace_ids)]

    def assessed_since(self, since_ms: int) -> set[str]:
        """The traces that were assessed at ``since_ms`` or later, where the store can tell; else none."""
        del since_ms
        return set()

    def check_there(self) -> None:
        """Ask the store for a sign of life. Raises ``ConnectionProblem``."""
        self._check_still_there()

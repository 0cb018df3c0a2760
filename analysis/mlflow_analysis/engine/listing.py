"""Which traces an analysis is of: all of its window, or a stated sample of them."""

from __future__ import annotations

from collections.abc import Callable, Generator

from mlflow_analysis.engine.options import AnalysisOptions
from mlflow_analysis.engine.stage_clock import PROGRESS_EVERY, StageClock
from mlflow_analysis.events import Event, Progress
from mlflow_analysis.reading.executors import get_ready_for
from mlflow_analysis.reading.sampling import Scheme, spread, stated
from mlflow_analysis.records import TraceOutline
from mlflow_analysis.source import TraceSource


class Listing:
    """The outlines of a run, and what is known of them once they are listed."""

    def __init__(
        self, source: TraceSource, options: AnalysisOptions, cancelled: Callable[[], bool]
    ) -> None:
        self._source, self._options, self._cancelled = source, options, cancelled
        self.is_whole = False
        """Whether no trace of the experiment is missing."""
        self.stamp: str | None = None
        """That of the store while all traces were listed, if it had one."""
        self.notes: tuple[str, ...] = ()
        """What a reader of the findings must know of it."""

    @property
    def window(self) -> str:
        """The filter of the run, in MLflow's syntax."""
        since = self._options.since_ms
        bound = "" if since is None else f"trace.timestamp_ms >= {since}"
        return " AND ".join(part for part in (self._options.filter, bound) if part)

    def outlines(self) -> Generator[Event, None, list[TraceOutline]]:
        """Lists them; returns all, oldest last. Raises what the source raises.

        Nothing is asked of a store that was not written to since it was listed last.
        """
        known = self._options.known
        if known is not None:
            self.is_whole = not self.window
            return list(known.outlines)
        cache, stamp = self._options.cache, None
        if cache is not None and self._options.takes_all:
            cache.read_ahead()
            stamp = self._source.stamp()
        kept = cache.listing(stamp) if cache is not None and stamp is not None else None
        if kept is not None:
            self.is_whole = True
            yield Progress("listing traces", len(kept), len(kept), 0.0, None)
            return kept
        outlines = yield from self._listed_anew()
        if self.is_whole and stamp == self._source.stamp():
            self.stamp = stamp
        return outlines

    def _listed_anew(self) -> Generator[Event, None, list[TraceOutline]]:
        options, source = self._options, self._source
        total = source.count(self.window)
        clock = StageClock()
        outlines: list[TraceOutline] = []
        yield Progress("listing traces", 0, total, 0.0, None)
        most, newest = options.max_traces, options.sample is Scheme.NEWEST
        nothing_kept = options.cache is None or options.cache.is_empty()
        if nothing_kept and options.takes_all:
            get_ready_for(source, total or 0, options.workers, options.engine)
        # marks tell what has changed since it was read: where nothing was, they come with what is read
        marked = options.read is not None or not nothing_kept
        for page in source.outlines(self.window, marked=marked, cancelled=self._cancelled):
            outlines += page
            if newest and most is not None and len(outlines) > most:
                break
            if clock.due(PROGRESS_EVERY):
                yield clock.progress("listing traces", len(outlines), total)
        else:
            self.is_whole = not self.window and not self._cancelled()
        if most is not None and len(outlines) > most:
            seen = max(total or 0, len(outlines))
            outlines = outlines[:most] if newest else spread(outlines, most)
            self.is_whole = False
            self.notes = (stated(options.sample, len(outlines), seen),)
        yield clock.progress("listing traces", len(outlines), len(outlines))
        return outlines

"""What an experiment holds, kept up while traces arrive, for much less than listing all of them each time.

A look asks for what started lately, for traces that were running, for those that were assessed meanwhile, and
for the number of all. Where the number does not add up, or the store tells none, and every now and then for what
leaves no such trail (a tag set on an old trace), all are listed again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mlflow_analysis.records import TraceOutline
from mlflow_analysis.source import TraceSource, never

RUNNING = "IN_PROGRESS"
LATE_MS = 600_000
"""Many clients store a trace when it ends, under the time when it began: it is looked for so far back."""
_SKEW_MS = 300_000
"""Clocks of those who assess may be behind by so much."""
_ALL_AGAIN_S = 600.0
_ALL_SHARE = 0.02
"""Listing all again may take this share of the time."""


class GrowingSource(TraceSource, Protocol):
    """A source that can tell what is new: see ``tracking.growing``."""

    def recent(
        self, since_ms: int, *, cancelled: Callable[[], bool] = never
    ) -> Iterator[list[TraceOutline]]:
        """Pages of outlines, newest first, that hold all traces that started at ``since_ms`` or later."""

    def outlines_of(self, trace_ids: Sequence[str]) -> list[TraceOutline]:
        """The outlines of these traces; those that are no longer there are left out."""

    def assessed_since(self, since_ms: int) -> set[str]:
        """The traces that were assessed since then, where the store can tell."""


@dataclass(frozen=True, slots=True)
class News:
    """How two listings differ: ids of traces."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.gone)


def news(before: Mapping[str, TraceOutline], now: Mapping[str, TraceOutline]) -> News:
    """What is in ``now`` and was not in ``before``, is there with another mark, or has gone."""
    if before is now:
        return News()
    return News(
        tuple(each for each in now if each not in before),
        tuple(each for each in now if each in before and before[each].mark != now[each].mark),
        tuple(each for each in before if each not in now),
    )


class Listing:
    """The outlines of the traces of ``source`` that pass a filter, by id.

    ``known`` are those of an earlier listing, if there was one, which began at ``known_ms`` (ms since the epoch).
    """

    def __init__(
        self,
        source: GrowingSource,
        filter_string: str = "",
        known: Iterable[TraceOutline] | None = None,
        known_ms: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source, self._filter, self._clock = source, filter_string, clock
        self._all_due = clock() if known is None else clock() + _ALL_AGAIN_S
        self._looked_ms = known_ms
        """When the last look began; milliseconds since the epoch."""
        self.outlines: Mapping[str, TraceOutline] = _by_id(known or ())

    def look(self, cancelled: Callable[[], bool] = never) -> Mapping[str, TraceOutline]:
        """What is there now; the same object as before if nothing has changed.

        Raises what the source raises; what was known is then kept. A look that was ``cancelled`` changes nothing.
        """
        began_ms = int(time.time() * 1000)
        found = None if self._is_all_due() else self._what_is_recent(cancelled)
        if found is None and not cancelled():
            found = self._all(cancelled)
        if found is not None and not cancelled():
            self._looked_ms = began_ms
            if news(self.outlines, found):
                self.outlines = found
        return self.outlines

    def _is_all_due(self) -> bool:
        # a filter is the store's to evaluate, for traces that have changed, too
        return bool(self._filter) or self._clock() >= self._all_due

    def _what_is_recent(self, cancelled: Callable[[], bool]) -> dict[str, TraceOutline] | None:
        """All traces as far as can be told without listing them; ``None`` if it does not add up."""
        before = self.outlines
        count = self._source.count()  # first: what arrives meanwhile is then no contradiction
        if count is None:
            return None
        since = max((each.start_ms for each in before.values()), default=0) - LATE_MS
        found = dict(before)
        seen: set[str] = set()
        for page in self._source.recent(since, cancelled=cancelled):
            found |= _by_id(page)
            seen.update(each.trace_id for each in page)
        ask = {each.trace_id for each in before.values() if each.state == RUNNING}
        if self._looked_ms:
            ask |= self._source.assessed_since(self._looked_ms - _SKEW_MS) & before.keys()
        found |= _by_id(self._source.outlines_of(sorted(ask - seen)))
        arrived = len(found) - len(before)
        return found if 0 <= len(found) - count <= arrived else None

    def _all(self, cancelled: Callable[[], bool]) -> dict[str, TraceOutline]:
        began = self._clock()
        found: dict[str, TraceOutline] = {}
        for page in self._source.outlines(self._filter, cancelled=cancelled):
            found |= _by_id(page)
        now = self._clock()
        self._all_due = now + max(_ALL_AGAIN_S, (now - began) / _ALL_SHARE)
        return found


def _by_id(outlines: Iterable[TraceOutline]) -> dict[str, TraceOutline]:
    return {each.trace_id: each for each in outlines}

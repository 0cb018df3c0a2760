"""Watch mode: looks again and again for traces that are new or have changed, and tells what becomes of it.

The trace table grows, and the last analysis goes on from where it stopped. Nothing is told while nothing changes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from mlflow_analysis.protocol import Done, Pushed, TableGrew, WatchState
from mlflow_analysis.reading.listing import RUNNING, Listing, news
from mlflow_analysis.records import TraceOutline
from mlflow_analysis.service.concluded import Concluded, is_same
from mlflow_analysis.service.opened import Place
from mlflow_analysis.service.trace_table import TraceTable
from mlflow_analysis.tracking.problems import ConnectionProblem

BUSY_SHARE = 0.2
"""Looking, reading and testing may take this share of the time: after a long look there is a longer wait."""
_INFOS_AT_ONCE = 500

Send = Callable[[Pushed], None]
Outlines = Mapping[str, TraceOutline]


class Watched(Protocol):
    """What a watch needs to know of what is open, and of its analysis."""

    def place(self) -> Place | None:
        """What is open now."""

    def last_of(self, place: Place) -> Concluded | None:
        """The last analysis, if it is one of ``place`` and has ended."""

    def carry_on(
        self, place: Place, outlines: Outlines, cancelled: Callable[[], bool], send: Send
    ) -> str:
        """Let the last analysis go on with these traces; a sentence if there is something to say of it."""


class Watch:
    """Watches what is open now, until ``stop``, or until another experiment is open."""

    def __init__(self, watched: Watched, every_s: float, send: Send) -> None:
        self._watched, self._every_s, self._send = watched, every_s, send
        self._stopped = threading.Event()
        self._listing: Listing | None = None
        self._place: Place | None = None
        self._shown: Outlines = {}
        """What the table shows."""
        self._state = WatchState(watching=True)
        self._told: WatchState | None = None

    def stop(self) -> None:
        """End the watch; ``run`` returns soon."""
        self._stopped.set()

    def run(self) -> Done:
        """Watch. Whatever the store does, it goes on: a problem is told once, and again when it is over."""
        first = self._watched.place()
        self._say()
        while not self._stopped.is_set():
            place = self._watched.place()
            if first is None or place is None or not is_same(first.source, place.source):
                break
            began = time.monotonic()
            try:
                self.look(place)
                self._say(problem="", reading=0)
            except ConnectionProblem as problem:
                self._say(problem=f"{problem.sentence} {problem.remedy}".strip(), reading=0)
            took = time.monotonic() - began
            self._stopped.wait(max(self._every_s, took / BUSY_SHARE - took))
        self._say(watching=False)
        return Done()

    def look(self, place: Place) -> None:
        """Look once, and bring in what is new. Raises ``ConnectionProblem``."""
        if place.table.reading:  # by whoever opened it
            return
        place.source.check_there()
        if self._listing is None or self._place is None or not _is_alike(self._place, place):
            self._listing = self._begun(place)
        if self._place is None or self._place.table is not place.table:
            self._place = None
        is_first, self._place = self._place is None, place
        outlines = self._listing.look(self._stopped.is_set)
        if self._stopped.is_set():
            return
        if is_first:
            self._shown = _as_shown(place.table, outlines)
        self._bring_in(place, outlines)
        last = self._watched.last_of(place)
        differing = last.differs_from(outlines) if last is not None else 0
        if differing:
            self._say(reading=differing)
            said = self._watched.carry_on(place, outlines, self._stopped.is_set, self._send)
            if said:
                self._say(note=said)

    def _begun(self, place: Place) -> Listing:
        """A listing to begin with: what the last analysis found, if there was one."""
        last = self._watched.last_of(place)
        if last is None:
            return Listing(place.source, place.filter_string)
        known = last.outlines.values()
        return Listing(place.source, place.filter_string, known, last.began_ms)

    def _bring_in(self, place: Place, outlines: Outlines) -> None:
        """Put into the table what is not there as it is now."""
        found = news(self._shown, outlines)
        if not found:
            return
        ids = [*found.new, *found.changed]
        for start in range(0, len(ids), _INFOS_AT_ONCE):
            place.table.put(place.source.infos_of(ids[start : start + _INFOS_AT_ONCE]))
        place.table.drop(found.gone)
        self._shown = outlines
        self._send(TableGrew(len(place.table), len(place.table), complete=True))
        self._say(
            new=self._state.new + len(found.new), last_news_ms=int(time.time() * 1000), problem=""
        )

    def _say(self, **changes: object) -> None:
        """Tell how the watch stands, if that is news."""
        self._state = replace(self._state, **changes)  # type: ignore[arg-type]
        if self._state != self._told:
            self._told = self._state
            self._send(self._state)


_UNLIKE_ANY = TraceOutline("", 0, None, "", None, "")


def _as_shown(table: TraceTable, outlines: Outlines) -> Outlines:
    """What a table that was just read shows, as far as its rows tell: whether a trace was running."""
    running = table.ids(RUNNING)
    return {
        each: _UNLIKE_ANY
        if each not in outlines or (each in running and outlines[each].state != RUNNING)
        else outlines[each]
        for each in table.ids()
    }


def _is_alike(one: Place, other: Place) -> bool:
    return is_same(one.source, other.source) and one.filter_string == other.filter_string

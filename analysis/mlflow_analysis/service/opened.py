"""The experiment that is open: those of its traces that pass a filter, in a table that fills while they are listed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from mlflow_analysis.protocol import Pushed, TableGrew
from mlflow_analysis.service.concluded import is_same
from mlflow_analysis.service.seeking import Seeking
from mlflow_analysis.service.trace_table import TraceTable
from mlflow_analysis.tracking.problems import ConnectionProblem
from mlflow_analysis.tracking.reader import StoreTraces


@dataclass(frozen=True, slots=True)
class Place:
    """What is open: traces of a source that pass a filter, and the table that shows them."""

    source: StoreTraces
    filter_string: str
    table: TraceTable


class Follower(Protocol):
    """What depends on which experiment is open."""

    def leave(self) -> None:
        """Another experiment is open from now on. Called while nothing else can be opened."""

    def mark(self, table: TraceTable) -> None:
        """Write into ``table``, which is shown from now on, what is known of its traces."""


class Opened:
    """What is open, for one session; safe to call from several threads."""

    def __init__(self) -> None:
        self.seeking = Seeking()
        self._lock = threading.Lock()
        self._place: Place | None = None
        self._nothing = TraceTable()
        """What is shown before anything is open."""
        self._cancelled = threading.Event()
        """Set to stop the reading of the table that is being filled."""

    @property
    def table(self) -> TraceTable:
        """The table that is shown; an empty one before anything is open."""
        place = self._place
        return self._nothing if place is None else place.table

    @property
    def here(self) -> Place:
        """What is open now. Raises ``ConnectionProblem`` if nothing is."""
        place = self.place()
        if place is None:
            raise ConnectionProblem("No experiment is open yet.", "Choose an experiment first.")
        return place

    def place(self) -> Place | None:
        """What is open now, if anything is."""
        with self._lock:
            return self._place

    def has(self, source: StoreTraces) -> bool:
        """Whether the experiment of ``source`` is the one that is open."""
        place = self._place
        return place is not None and is_same(place.source, source)

    def open(
        self,
        source: StoreTraces,
        filter_string: str,
        follower: Follower,
        send: Callable[[Pushed], None],
    ) -> TableGrew:
        """List the traces of ``source`` that pass the filter; ``send`` is told as the table grows.

        Raises ``ConnectionProblem``; what was open then stays open, unless traces were listed already.
        """
        table, cancelled = TraceTable(source.experiment_id), threading.Event()
        with self._lock:
            self._cancelled.set()
            self._cancelled = cancelled
        total = source.count(filter_string)
        table.reading = True
        try:
            # The first page decides: if it cannot be read, what was open stays open.
            pages = source.infos(filter_string, cancelled=cancelled.is_set)
            page = next(pages, [])
            if not self._show(Place(source, filter_string, table), follower, cancelled):
                return TableGrew(0, total, complete=False)
            while page:
                table.extend(page)
                self.seeking.learn(page)
                if total is not None and total < len(table):
                    total = len(table)
                send(TableGrew(len(table), total, complete=False))
                page = next(pages, [])
        finally:
            table.reading = False
        complete = not cancelled.is_set()
        return TableGrew(len(table), len(table) if complete else total, complete)

    def _show(self, place: Place, follower: Follower, cancelled: threading.Event) -> bool:
        """Make ``place`` the open one, unless another was asked for meanwhile."""
        with self._lock:
            if cancelled.is_set():
                return False
            is_another = not self.has(place.source)
            self.seeking.begin_anew(same_experiment=not is_another)
            if is_another:
                follower.leave()
            else:
                place.table.take_searches(self.table)
            self._place = place
        follower.mark(place.table)
        return True

"""The trace table of the open experiment: every trace, sorted and filtered, a window at a time."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mlflow_analysis.protocol import RowPosition, RowQuery, Rows, TraceRow, Turn
from mlflow_analysis.records import TraceInfo
from mlflow_analysis.service.trace_columns import Mask, TraceColumns, block_of
from mlflow_analysis.untrusted import single_line

LONGEST_CELL = 300
"""Characters of request and response that a row carries; no screen shows more on a line."""
SLOWEST_SHARE = 0.1
_KEPT_ORDERS = 16
"""A screen asks for windows of one query again and again, and of few others."""
_KEPT_SEARCHES = 4
_SEVERITIES = {"low": 10_000, "medium": 20_000, "high": 30_000}
"""More than there are hypotheses apart: no number of findings outweighs a worse one."""
_RANKED = {
    "trace_id": "trace_id",
    "state": "state",
    "session_id": "session_id",
    "request": "request_key",
    "response": "response_key",
}
"""The columns of text that rows can be sorted by, and what decides."""
_SHOWN = (
    "trace_id", "start_ms", "state", "duration_ms", "total_tokens", "session_id", "request", "response",
)  # fmt: skip


class TraceTable:
    """Rows of ``TraceInfo``; more may come while it is read. May be used from several threads."""

    def __init__(self, experiment_id: str = "") -> None:
        self.experiment_id = experiment_id
        self.reading = False
        """Whether somebody is filling it."""
        self._lock = threading.RLock()
        self._columns = TraceColumns()
        self._affected: Mapping[str, frozenset[str]] = {}
        self._counts: Mapping[str, int] = {}
        self._worst: Mapping[str, str] = {}
        self._findings: npt.NDArray[np.int64] | None = None
        """What rows are sorted by for their findings, worked out when it is asked for."""
        self._in_tools: dict[str, tuple[set[str], set[str]]] = {}
        """By text: traces whose tools said it, and traces that were read for it."""
        self._newest: npt.NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self._orders: dict[RowQuery, npt.NDArray[np.intp]] = {}

    def __len__(self) -> int:
        return len(self._columns)

    def extend(self, infos: Iterable[TraceInfo]) -> None:
        """Add traces, in any order."""
        block = block_of(list(infos))
        with self._lock:
            self._columns.append(block)
            self._outdate()

    def put(self, infos: Iterable[TraceInfo]) -> None:
        """Add traces, in the place of what was there of them."""
        block = block_of(list(infos))
        with self._lock:
            self._columns.put(block)
            self._rows_changed()
            changed = set(block.trace_id.to_pylist())
            for hits, read in self._in_tools.values():  # what their tools answered may have changed
                hits -= changed
                read -= changed

    def drop(self, trace_ids: Collection[str]) -> None:
        """Take traces out."""
        if trace_ids:
            with self._lock:
                self._columns.drop(trace_ids)
                self._rows_changed()

    def ids(self, state: str = "") -> set[str]:
        """The traces that are in it, or those of them in that state."""
        with self._lock:
            return self._columns.ids(state)

    def mark(
        self,
        affected: Mapping[str, frozenset[str]],
        counts: Mapping[str, int],
        worst: Mapping[str, str],
    ) -> None:
        """Take in what findings say: trace ids by fingerprint, and by trace id how many and the worst severity."""
        with self._lock:
            self._affected, self._counts, self._worst = dict(affected), dict(counts), dict(worst)
            self._outdate()

    def unsearched(self, text: str) -> list[str]:
        """Traces whose tool outputs were not read for ``text`` yet, newest first."""
        with self._lock:
            read = self._in_tools.get(text, (set(), set()))[1]
            newest = self._newest_first()
            ids = self._columns.texts("trace_id").take(newest).to_pylist()
        return [each for each in ids if each not in read] if read else ids

    def searched(self, text: str, read: Iterable[str], found: Iterable[str]) -> None:
        """The tool outputs of ``read`` were looked through for ``text``; ``found`` have it."""
        with self._lock:
            if text not in self._in_tools and len(self._in_tools) >= _KEPT_SEARCHES:
                self._in_tools.pop(next(iter(self._in_tools)))
            hits, seen = self._in_tools.setdefault(text, (set(), set()))
            seen.update(read)
            if not hits.issuperset(found):
                hits.update(found)
                self._orders = {
                    query: order for query, order in self._orders.items() if query.text != text
                }

    def take_searches(self, before: TraceTable) -> None:
        """What was read for a text stays so when the same experiment is listed anew."""
        with before._lock:
            kept = {text: (set(hits), set(read)) for text, (hits, read) in before._in_tools.items()}
        with self._lock:
            self._in_tools = kept

    def _rows_changed(self) -> None:
        self._newest = np.empty(0, dtype=np.intp)
        self._outdate()

    def _outdate(self) -> None:
        self._findings, self._orders = None, {}

    def rows(self, query: RowQuery, start: int, stop: int) -> Rows:
        """Rows ``start`` to ``stop`` of a query; fewer at its end."""
        with self._lock:
            order = self._order(query)
            start = max(0, start)
            window = order[start : max(start, stop)]
            shown = tuple(self._row(*each) for each in self._columns.records(window, _SHOWN))
            return Rows(start, len(order), shown)

    def locate(self, query: RowQuery, trace_id: str) -> RowPosition:
        """Where a trace stands in a query."""
        with self._lock:
            row = self._columns.row_of(trace_id)
            if row is None:
                return RowPosition(None)
            found = np.flatnonzero(self._order(query) == row)
            return RowPosition(int(found[0]) if len(found) else None)

    def turns(self, session_id: str) -> tuple[Turn, ...]:
        """The traces of a session in order of time."""
        told = ("trace_id", "start_ms", "state", "request", "response")
        with self._lock:
            rows = np.flatnonzero(self._columns.equal("session_id", session_id))
            turns = [Turn(*each) for each in self._columns.records(rows, told)]
        return tuple(sorted(turns, key=lambda turn: (turn.start_ms, turn.trace_id)))

    def _row(
        self,
        trace_id: str,
        start_ms: int,
        state: str,
        duration_ms: float | None,
        total_tokens: float | None,
        session_id: str,
        request: str,
        response: str,
    ) -> TraceRow:
        return TraceRow(
            trace_id=trace_id,
            start_ms=start_ms,
            state=state,
            duration_ms=duration_ms,
            total_tokens=None if total_tokens is None else int(total_tokens),
            session_id=session_id,
            request=single_line(request)[:LONGEST_CELL],
            response=single_line(response)[:LONGEST_CELL],
            findings=self._counts.get(trace_id, 0),
            worst=self._worst.get(trace_id, ""),
        )

    def _order(self, query: RowQuery) -> npt.NDArray[np.intp]:
        """The rows of a query, by number, in its order."""
        order = self._orders.get(query)
        if order is None:
            order = self._sorted(query)
            while len(self._orders) >= _KEPT_ORDERS:
                self._orders.pop(next(iter(self._orders)))
            self._orders[query] = order
        return order

    def _sorted(self, query: RowQuery) -> npt.NDArray[np.intp]:
        keep = self._kept(query)
        newest_first = self._newest_first()
        order = newest_first if keep is None else newest_first[keep[newest_first]]
        if query.sort == "start_ms":
            return order if query.descending else order[::-1]
        # Ties stand newest first; rows without a value (NaN) stand last, whichever way it is sorted.
        values = self._sortable(query.sort)[order]
        return order[np.argsort(-values if query.descending else values, kind="stable")]

    def _kept(self, query: RowQuery) -> Mask | None:
        """The rows that meet every condition; ``None`` if there is no condition."""
        columns = self._columns
        masks: list[Mask] = []
        if query.failures_only:
            masks.append(columns.equal("state", "ERROR"))
        if query.slow_only:
            masks.append(_slowest(columns.numbers("duration_ms")))
        if query.session_id:
            masks.append(columns.equal("session_id", query.session_id))
        if query.finding:
            affected = self._affected.get(query.finding, frozenset())
            masks.append(columns.among("trace_id", list(affected)))
        if query.text:
            said = columns.containing(query.text)
            hits = self._in_tools.get(query.text, (set(), set()))[0]
            masks.append(said | columns.among("trace_id", list(hits)) if hits else said)
        return np.logical_and.reduce(masks) if masks else None

    def _sortable(self, column: str) -> npt.NDArray[Any]:
        if column in ("duration_ms", "total_tokens"):
            return self._columns.numbers(column)
        if column == "findings":
            return self._by_findings()
        if column in _RANKED:
            return self._columns.ranks(_RANKED[column])
        raise ValueError(f"There is no column {column!r} to sort by.")

    def _newest_first(self) -> npt.NDArray[np.intp]:
        if len(self._newest) != len(self._columns):
            # Traces come newest first, mostly: then this takes no time.
            self._newest = np.argsort(-self._columns.numbers("start_ms"), kind="stable")
        return self._newest

    def _by_findings(self) -> npt.NDArray[np.int64]:
        """The worst severity decides, then how many findings there are."""
        if self._findings is None:
            places = self._columns.places("trace_id", list(self._counts))
            weights = [
                _SEVERITIES.get(self._worst.get(trace_id, ""), 0) + count
                for trace_id, count in self._counts.items()
            ]
            self._findings = np.array([*weights, 0], dtype=np.int64)[
                places
            ]  # -1 is the 0 at the end
        return self._findings


def _slowest(durations: npt.NDArray[np.float64]) -> Mask:
    known = durations[~np.isnan(durations)]
    if not len(known):
        return np.zeros(len(durations), dtype=bool)
    return durations >= np.quantile(known, 1 - SLOWEST_SHARE, method="higher")

"""The trace table of the open experiment: every info, sorted and filtered, a window at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd

from mlflow_analysis.features.conversation import answer_text, request_text
from mlflow_analysis.protocol import RowPosition, RowQuery, Rows, TraceRow, Turn
from mlflow_analysis.records import TraceInfo
from mlflow_analysis.untrusted import printable, single_line

LONGEST_CELL = 300
"""Characters of request and response that a row carries; no screen shows more on a line."""
SLOWEST_SHARE = 0.1
_KEPT_ORDERS = 16
"""A screen asks for windows of one query again and again, and of few others."""


class TraceTable:
    """Rows of ``TraceInfo``; more may come while it is read. May be used from several threads."""

    def __init__(self, experiment_id: str = "") -> None:
        self.experiment_id = experiment_id
        self._lock = threading.RLock()
        self._infos: list[TraceInfo] = []
        self._requests: list[str] = []
        self._responses: list[str] = []
        self._frame: pd.DataFrame | None = None
        self._affected: Mapping[str, frozenset[str]] = {}
        self._counts: Mapping[str, int] = {}
        self._newest: npt.NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self._orders: dict[RowQuery, npt.NDArray[np.intp]] = {}

    def __len__(self) -> int:
        return len(self._infos)

    def extend(self, infos: Iterable[TraceInfo]) -> None:
        """Add traces, in any order."""
        infos = list(infos)
        requests = [spoken_request(info.request_preview) for info in infos]
        responses = [spoken_response(info.response_preview) for info in infos]
        with self._lock:
            self._infos += infos
            self._requests += requests
            self._responses += responses
            self._frame = None
            self._orders = {}

    def mark(self, affected: Mapping[str, frozenset[str]], counts: Mapping[str, int]) -> None:
        """Take in what findings say: trace ids by fingerprint, and findings by trace id."""
        with self._lock:
            self._affected, self._counts = dict(affected), dict(counts)
            if self._frame is not None:
                self._frame["findings"] = self._finding_counts()
            self._orders = {}

    def rows(self, query: RowQuery, start: int, stop: int) -> Rows:
        """Rows ``start`` to ``stop`` of a query; fewer at its end."""
        with self._lock:
            order = self._order(query)
            start = max(0, start)
            window = [self._row(int(at)) for at in order[start : max(start, stop)]]
            return Rows(start, len(order), tuple(window))

    def locate(self, query: RowQuery, trace_id: str) -> RowPosition:
        """Where a trace stands in a query."""
        with self._lock:
            for position, at in enumerate(self._order(query)):
                if self._infos[at].trace_id == trace_id:
                    return RowPosition(position)
            return RowPosition(None)

    def turns(self, session_id: str) -> tuple[Turn, ...]:
        """The traces of a session in order of time."""
        with self._lock:
            found = [at for at, info in enumerate(self._infos) if info.session_id == session_id]
            found.sort(key=lambda at: (self._infos[at].start_ms, self._infos[at].trace_id))
            return tuple(
                Turn(
                    self._infos[at].trace_id,
                    self._infos[at].start_ms,
                    self._infos[at].state,
                    self._requests[at],
                    self._responses[at],
                )
                for at in found
            )

    def _row(self, at: int) -> TraceRow:
        info = self._infos[at]
        return TraceRow(
            trace_id=info.trace_id,
            start_ms=info.start_ms,
            state=info.state,
            duration_ms=info.duration_ms,
            total_tokens=info.total_tokens,
            session_id=info.session_id or "",
            request=single_line(self._requests[at])[:LONGEST_CELL],
            response=single_line(self._responses[at])[:LONGEST_CELL],
            findings=self._counts.get(info.trace_id, 0),
        )

    def _order(self, query: RowQuery) -> npt.NDArray[np.intp]:
        """Positions in ``_infos`` of the query's rows, in its order."""
        order = self._orders.get(query)
        if order is None:
            order = self._sorted(query)
            while len(self._orders) >= _KEPT_ORDERS:
                self._orders.pop(next(iter(self._orders)))
            self._orders[query] = order
        return order

    def _sorted(self, query: RowQuery) -> npt.NDArray[np.intp]:
        newest_first = self._newest_first()
        if query == RowQuery():
            return newest_first  # asked for all the time while the table grows: no columns needed
        frame = self._columns()
        if query.sort not in frame.columns:
            raise ValueError(f"There is no column {query.sort!r} to sort by.")
        keep = np.ones(len(frame), dtype=bool)
        if query.failures_only:
            keep &= (frame["state"] == "ERROR").to_numpy()
        if query.slow_only:
            keep &= _slowest(frame["duration_ms"])
        if query.session_id:
            keep &= (frame["session_id"] == query.session_id).to_numpy()
        if query.finding:
            affected = self._affected.get(query.finding, frozenset())
            keep &= frame["trace_id"].isin(affected).to_numpy()
        if query.text:
            keep &= _containing(frame["text"], query.text.casefold())
        order = newest_first[keep[newest_first]]
        if query.sort == "start_ms":
            return order if query.descending else order[::-1]
        # Ties stand newest first; rows without a value stand last, whichever way it is sorted.
        ordered = (
            frame[query.sort]
            .iloc[order]
            .sort_values(ascending=not query.descending, kind="stable", na_position="last")
        )
        return ordered.index.to_numpy(dtype=np.intp)

    def _newest_first(self) -> npt.NDArray[np.intp]:
        if len(self._newest) != len(self._infos):
            starts = np.fromiter((-info.start_ms for info in self._infos), dtype=np.int64)
            self._newest = np.argsort(starts, kind="stable")
        return self._newest

    def _columns(self) -> pd.DataFrame:
        if self._frame is None:
            infos = self._infos
            columns: dict[str, Sequence[Any]] = {
                "trace_id": [info.trace_id for info in infos],
                "start_ms": [info.start_ms for info in infos],
                "state": [info.state for info in infos],
                "duration_ms": [info.duration_ms for info in infos],
                "total_tokens": [info.total_tokens for info in infos],
                "session_id": [info.session_id or "" for info in infos],
                "findings": self._finding_counts(),
                "request": self._requests,
                "response": self._responses,
            }
            frame = pd.DataFrame(columns)
            for column in ("duration_ms", "total_tokens"):
                frame[column] = frame[column].astype(float)
            for column in ("request", "response"):
                frame[column] = [text[:LONGEST_CELL].casefold() for text in columns[column]]
            frame["text"] = [
                f"{request}\n{response}".casefold()
                for request, response in zip(self._requests, self._responses, strict=True)
            ]
            self._frame = frame
        return self._frame

    def _finding_counts(self) -> list[int]:
        return [self._counts.get(info.trace_id, 0) for info in self._infos]


def spoken_request(preview: str) -> str:
    """What the user said, from a request preview, which is JSON or the beginning of it."""
    said = _unquoted(preview)
    return printable(request_text(said) or said)


def spoken_response(preview: str) -> str:
    """What was answered, from a response preview."""
    said = _unquoted(preview)
    return printable(answer_text(said) or said)


def _unquoted(preview: str) -> str:
    """A preview that is one JSON string as that string; "" for ``null``."""
    if preview == "null":
        return ""
    if preview.startswith('"'):
        try:
            return str(orjson.loads(preview))
        except orjson.JSONDecodeError:
            return preview
    return preview


def _slowest(durations: pd.Series[float]) -> npt.NDArray[np.bool_]:
    known = durations.dropna()
    if known.empty:
        return np.zeros(len(durations), dtype=bool)
    return (durations >= known.quantile(1 - SLOWEST_SHARE, interpolation="higher")).to_numpy()


def _containing(texts: pd.Series[str], sought: str) -> npt.NDArray[np.bool_]:
    return np.fromiter((sought in text for text in texts), dtype=bool, count=len(texts))

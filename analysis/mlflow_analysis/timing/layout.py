"""All span trees of an experiment as columns: who is whose child, and when, on one clock a trace.

Rows are the rows of ``features.spans`` (n of them), followed by one made row for each trace (the t rows
of ``features.traces``) that stands above its roots. So every recorded span has a parent row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
LAID_OUT = ["trace", "parent", "depth", "start_ms", "end_ms"]
"""The columns of ``features.spans`` that say where a span stands."""


@dataclass(frozen=True)
class Layout:
    """The span trees, clipped: a child starts and ends within its parent. All arrays have n + t rows."""

    spans: int
    """n: the rows before it are recorded spans, those from it on stand for traces."""
    trace: Rows
    """Row of the trace in ``features.traces``."""
    parent: Rows
    """Row of the parent, -1 for the row that stands for a trace."""
    start_ms: Floats
    """Since the first span of the trace began."""
    end_ms: Floats
    by_depth: tuple[Rows, ...]
    """Recorded rows by depth, the roots first: parents come before their children."""

    @property
    def duration_ms(self) -> Floats:
        """Duration of each row."""
        return self.end_ms - self.start_ms

    def own(self, values: Floats) -> Floats:
        """The part of ``values`` (n + t) that belongs to traces (t)."""
        return values[self.spans :]


def layout(spans: pd.DataFrame, traces: int) -> Layout:
    """Lay out the spans (columns ``LAID_OUT``), which belong to so many traces.

    A span without a recorded parent stands at the top, whatever its ``depth``. One that is still running
    ends with its last child. Children that outlive their parent are cut off with it; children that begin
    after it take no time at its end.
    """
    n, t = len(spans), traces
    trace, recorded = (spans[name].to_numpy(np.int64) for name in ("trace", "parent"))
    parent = np.concatenate([np.where(recorded >= 0, recorded, n + trace), np.full(t, -1)])
    depth = np.where(recorded >= 0, spans["depth"].to_numpy(np.int64), 0)
    order = np.argsort(depth, kind="stable").astype(np.int64)
    edges = np.cumsum(np.bincount(depth))[:-1]
    by_depth = tuple(np.split(order, edges)) if n else ()
    start, end = np.empty(n + t), np.empty(n + t)
    start[:n] = spans["start_ms"].to_numpy(dtype=float)
    end[:n] = spans["end_ms"].to_numpy(dtype=float)
    _end_what_is_running(start, end, parent, by_depth, n)
    start[n:], end[n:] = np.inf, -np.inf
    roots = by_depth[0] if by_depth else np.zeros(0, dtype=np.int64)
    np.minimum.at(start, parent[roots], start[roots])
    np.maximum.at(end, parent[roots], end[roots])
    start[n:][~np.isfinite(start[n:])] = 0.0
    end[n:] = np.maximum(np.where(np.isfinite(end[n:]), end[n:], 0.0), start[n:])
    trace = np.concatenate([trace, np.arange(t)])
    origin = start[n:][trace]
    start, end = start - origin, end - origin
    for rows in by_depth:
        low, high = start[parent[rows]], end[parent[rows]]
        start[rows] = np.clip(start[rows], low, high)
        end[rows] = np.clip(end[rows], start[rows], high)
    return Layout(n, trace, parent, start, end, by_depth)


def _end_what_is_running(
    start: Floats, end: Floats, parent: Rows, by_depth: tuple[Rows, ...], n: int
) -> None:
    running = np.isnan(end[:n])
    if not running.any():
        return
    end[:n][running] = start[:n][running]
    for rows in reversed(by_depth[1:]):
        open_above = rows[running[parent[rows]]]
        np.maximum.at(end, parent[open_above], end[open_above])

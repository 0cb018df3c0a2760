"""Span trees, with self times and the critical path: those of many traces at once, as columns.

Children are clipped to their parents, spans whose parent is missing stand at the top, and a span that
is still running ends with its last child.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter, ge
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mlflow_analysis.records import SpanRecord

Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
RUNNING = -(1 << 62)
"""The end of a span that has none yet; all times are later."""
_NEVER = 1 << 62
NS_IN_MS = 1e6


@dataclass(frozen=True, slots=True)
class Forest:
    """Span trees depth first, children in order of start: an entry a span, times in nanoseconds."""

    row: Places
    """Which of the spans as they were recorded, trace after trace."""
    start_ns: Places
    end_ns: Places
    """``RUNNING`` where there is none."""
    depth: Places
    ancestors_failed: Flags
    """Every span from its parent to the root failed."""
    self_ns: Places
    """Duration not covered by children."""
    critical_ns: Places
    """Time on the trace's critical path that is this span's own."""


class Recorded(NamedTuple):
    """Where the spans of a trace stand: an entry a span, in order of start."""

    starts: array[int]
    """In nanoseconds."""
    ends: array[int]
    """Likewise; ``RUNNING`` where there is none."""
    parents: array[int]
    """The place of each one's parent, -1 for those that stand at the top."""


class TimedSpan(NamedTuple):
    """A span and where it stands; times in milliseconds."""

    record: SpanRecord
    depth: int
    self_ms: float
    critical_ms: float


def timed(spans: Sequence[SpanRecord]) -> list[TimedSpan]:
    """The spans of one trace as ``forest`` lays them out; siblings that start together are in order of their ids."""
    spans = sorted(spans, key=attrgetter("start_ns", "span_id"))
    laid_out = forest([recorded(spans)], np.zeros(len(spans), dtype=bool))
    self_ms, critical_ms = laid_out.self_ns / NS_IN_MS, laid_out.critical_ns / NS_IN_MS
    return [
        TimedSpan(spans[row], *where)
        for row, *where in zip(
            *(each.tolist() for each in (laid_out.row, laid_out.depth, self_ms, critical_ms)),
            strict=True,
        )
    ]


def recorded(spans: Sequence[SpanRecord]) -> Recorded:
    """Where the spans of a trace stand. Raises ``TypeError`` if a time is no whole number."""
    places: dict[str | None, int] = {span.span_id: place for place, span in enumerate(spans)}
    parents = [places.get(span.parent_id, -1) for span in spans]
    if any(map(ge, parents, range(len(parents)))):
        # as a rule parents begin before their children, and then there is no circle
        parents = _without_circles(parents)
    return Recorded(
        _nanoseconds([span.start_ns for span in spans]),
        _nanoseconds([RUNNING if span.end_ns is None else span.end_ns for span in spans]),
        array("q", parents),
    )


def _nanoseconds(times: list[int]) -> array[int]:
    try:
        return array("q", times)
    except OverflowError:  # a damaged record
        return array("q", [min(max(time, RUNNING), _NEVER) for time in times])


def _without_circles(parents: list[int]) -> list[int]:
    """A span that is its own parent stands at the top, and so do spans above which nothing does."""
    parents = [-1 if parent == place else parent for place, parent in enumerate(parents)]
    rooted: dict[int, bool] = {-1: True}
    for place in range(len(parents)):
        path = []
        while place not in rooted:
            path.append(place)
            rooted[place] = False
            place = parents[place]
        rooted.update(dict.fromkeys(path, rooted[place]))
    return [parent if rooted[place] else -1 for place, parent in enumerate(parents)]


def forest(traces: Sequence[Recorded], failed: Flags) -> Forest:
    """Lay out the spans of these traces, which stay in their order; ``failed``: which of all spans did.

    The critical path is walked backwards from the end of each root: the child that ends last is on it,
    then the child that runs until that one starts, and so on; what no child covers is the parent's own
    (as in Zhang et al. 2022, "CRISP: Critical Path Analysis of Large-Scale Microservice Architectures").
    """
    starts, ends, parents = (
        _end_to_end(columns) for columns in zip(*(traces or [recorded(())]), strict=True)
    )
    counts = np.array([len(each.parents) for each in traces], np.int64)
    parents = np.where(parents < 0, -1, parents + np.repeat(np.cumsum(counts) - counts, counts))
    rows, edges = _by_depth(parents)
    place = np.empty_like(rows)
    place[rows] = np.arange(len(rows))
    levels = list(pairwise(edges))
    below = [slice(low, high) for low, high in levels[1:]]
    # from here on, spans are numbered level by level: siblings stand together, in order of start
    starts, ends, failed = starts[rows], ends[rows], failed[rows]
    up = np.where(parents[rows] < 0, -1, place[parents[rows]])
    as_recorded = ends
    ends = _ended(starts, ends, up, below)
    depth_first, ancestors_failed = _depth_first(up, below), np.ones(len(rows), dtype=bool)
    for level in below:
        above = up[level]
        ancestors_failed[level] = ancestors_failed[above] & failed[above]
    depth = np.repeat(np.arange(len(levels)), np.diff(edges))
    self_ns, critical_ns = _self_ns(starts, ends, up), _critical_ns(starts, ends, up, below)
    return Forest(
        rows[depth_first],
        starts[depth_first],
        as_recorded[depth_first],
        depth[depth_first],
        ancestors_failed[depth_first],
        self_ns[depth_first],
        critical_ns[depth_first],
    )


def _end_to_end(columns: Sequence[array[int]]) -> Places:
    whole = array("q")
    for each in columns:
        whole += each
    return np.array(whole, np.int64)


def _by_depth(parents: Places) -> tuple[Places, list[int]]:
    """The rows level by level, the children of one after those of the other; and where levels end."""
    by_parent = np.argsort(parents, kind="stable")
    children = np.bincount(parents + 1, minlength=len(parents) + 1)
    begin = np.cumsum(children) - children  # of the roots, then of the children of each row
    levels, edges = [by_parent[: children[0]]], [0, int(children[0])]
    while len(levels[-1]):
        above = levels[-1] + 1
        many = children[above]
        into = np.repeat(begin[above] - (np.cumsum(many) - many), many)
        levels.append(by_parent[into + np.arange(len(into))])
        edges.append(edges[-1] + len(into))
    return np.concatenate(levels), edges[:-1]


def _ended(starts: Places, ends: Places, up: Places, below: list[slice]) -> Places:
    """The ends; a span that is running gets that of its last child."""
    running = ends == RUNNING
    if running.any():
        ends = np.where(running, starts, ends)
        for level in reversed(below):
            open_above = running[up[level]]
            np.maximum.at(ends, up[level][open_above], ends[level][open_above])
    return ends


def _depth_first(up: Places, below: list[slice]) -> Places:
    """The spans in the order in which they are met."""
    size = np.ones(len(up), np.int64)
    for level in reversed(below):
        np.add.at(size, up[level], size[level])
    before = np.cumsum(size) - size
    met = before - before[_first_sibling(up)]
    for level in below:
        met[level] += met[up[level]] + 1
    order = np.empty_like(met)
    order[met] = np.arange(len(met))
    return order


def _self_ns(starts: Places, ends: Places, up: Places) -> Places:
    free = ends - starts
    children = slice(np.searchsorted(up, 0), None)
    up = up[children]
    begin, stop = np.maximum(starts[children], starts[up]), np.minimum(ends[children], ends[up])
    cursor = np.maximum(begin, _highest_before(stop, up))
    np.subtract.at(free, up, np.maximum(stop - cursor, 0))
    return np.maximum(free, 0)


def _critical_ns(starts: Places, ends: Places, up: Places, below: list[slice]) -> Places:
    roots = up < 0
    # between which moments each span is on the path, if it is at all
    low, high = np.where(roots, starts, 0), np.where(roots, ends, 0)
    last_first = np.lexsort((-ends, up))
    own = high - low
    for level in below:
        child = last_first[level]
        parent = up[child]
        begin, stop = np.maximum(starts[child], low[parent]), np.minimum(ends[child], high[parent])
        since = np.where(begin < stop, begin, _NEVER)
        stop = np.minimum(stop, -_highest_before(-since, parent))
        on_path = begin < stop
        child, parent, begin, stop = (each[on_path] for each in (child, parent, begin, stop))
        low[child], high[child], own[child] = begin, stop, stop - begin
        np.subtract.at(own, parent, stop - begin)
    return np.maximum(own, 0)


def _highest_before(values: Places, groups: Places) -> Places:
    """For each entry the highest one before it in its group, or ``-_NEVER``; groups ascend."""
    ascending = np.lexsort((values, groups))
    rank = np.empty_like(ascending)
    rank[ascending] = np.arange(len(rank))
    highest = values[ascending[np.maximum.accumulate(rank)]]
    before = np.full(len(values), -_NEVER)
    same = groups[1:] == groups[:-1]
    before[1:][same] = highest[:-1][same]
    return before


def _first_sibling(up: Places) -> Places:
    opens = np.zeros(len(up), np.int64)
    opens[1:] = np.where(up[1:] != up[:-1], np.arange(1, len(up)), 0)
    return np.maximum.accumulate(opens)

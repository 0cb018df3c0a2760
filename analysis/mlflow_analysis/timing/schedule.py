"""The order of events below each parent, and the durations that follow from it.

Below one parent every child starts and ends once. Walking these events in order of time, a child
starts ``gap`` after the latest end so far; the parent lasts until the latest end, and its ``tail``.
Parents are walked from the leaves up, and all parents of the same height at once, event by event.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from mlflow_analysis.timing.layout import Floats, Layout, Rows


@dataclass(frozen=True)
class Schedule:
    """Events in the order in which they are walked: by height of the parent, then by rank below it."""

    child: Rows
    """The row that starts or ends, one entry an event (2 n)."""
    starts: npt.NDArray[np.bool_]
    """Whether the event is a start."""
    steps: Rows
    """Edges of the slices that are walked at once (steps + 1)."""
    parent: Rows
    """Row of the parent of each row (n + t), as in ``Layout``."""
    gap_ms: Floats
    """For each row: from the latest end before it (or the parent's start) to its start."""
    idle_ms: Floats
    """The part of ``gap_ms`` in which no sibling runs: the parent's own time."""
    tail_ms: Floats
    """For each row: from the last end of a child to its own end; its duration if it has none."""
    own_ms: Floats
    """For each row: the time in which none of its children runs."""

    def durations(
        self,
        scale: Floats,
        own: Floats,
        *,
        follows: Rows | None = None,
        only: npt.NDArray[np.bool_] | None = None,
    ) -> Floats:
        """Durations (n + t) with times scaled: ``scale`` for all of a row, ``own`` for its own time.

        ``follows`` (n): a row whose start this one follows, or -1. ``only`` (n + t): rows worth walking,
        whole traces; what the others get means nothing.
        """
        child, starts, steps = self.child, self.starts, self.steps
        if only is not None:
            kept = np.flatnonzero(only[child])
            steps = np.searchsorted(kept, steps)
            child, starts = child[kept], starts[kept]
        # a gap below a parent is the parent's own time, and what is gone takes its pause along
        above, spans = self.parent, slice(len(self.child) // 2)
        gap = self.gap_ms[spans] - self.idle_ms[spans] * (1 - own[above[spans]])
        gap *= scale[above[spans]] * (scale[spans] > 0)
        lasting = self.tail_ms * own * scale
        started, latest = np.zeros(len(above)), np.zeros(len(above))
        for low, high in pairwise(steps):
            if low == high:
                continue
            rows, begins = child[low:high], starts[low:high]
            first, last = rows[begins], rows[~begins]
            if len(first):
                base = latest[above[first]]
                if follows is not None:
                    leader = follows[first]
                    base = np.where(leader >= 0, np.minimum(base, started[leader]), base)
                started[first] = base + gap[first]
            if len(last):
                # all that is below it has been walked: it lasts until the last end, and its tail
                own_end = started[last] + lasting[last] + latest[last]
                upper = above[last]
                latest[upper] = np.maximum(latest[upper], own_end)
        return latest + lasting


def schedule(tree: Layout) -> Schedule:
    """The schedule of these span trees."""
    n, rows = tree.spans, np.arange(tree.spans, dtype=np.int64)
    parent, start, end = tree.parent, tree.start_ms, tree.end_ms
    siblings = rows[np.argsort(parent[:n], kind="stable")]
    # of each row its start, then its end: sorting keeps this order where all else is equal
    child = np.repeat(siblings, 2)
    is_start = np.tile([True, False], n)
    time = np.column_stack([start[siblings], end[siblings]]).ravel()
    group = parent[child]
    order = _in_time(group, time, is_start, (end[:n] <= start[:n])[child])
    child, is_start, time = child[order], is_start[order], time[order]
    opens = np.ones(2 * n, dtype=bool)
    opens[1:] = group[1:] != group[:-1]
    first = np.maximum.accumulate(np.where(opens, np.arange(2 * n), 0))
    rank = np.arange(2 * n) - first
    idle = _idle(time, is_start, opens, first, start[group])
    before = np.maximum.accumulate(np.where(is_start, -1, np.arange(2 * n)))
    before = np.concatenate([[-1], before[:-1]]) if n else before
    followed = before >= first
    since = np.where(followed, time[before], start[group])
    idle_since = np.where(followed, idle[before], 0.0)
    gap, idle_gap = np.zeros(len(parent)), np.zeros(len(parent))
    gap[child[is_start]] = (time - since)[is_start]
    idle_gap[child[is_start]] = (idle - idle_since)[is_start]
    tail, own = end - start, end - start
    closes = np.append(opens[1:], True) if n else opens
    tail[group[closes]] = end[group[closes]] - time[closes]
    own[group[closes]] = idle[closes] + tail[group[closes]]
    levels, ranks = (_in_few_bits(each) for each in (_heights(tree)[group], rank))
    walk = np.lexsort((ranks, levels))
    levels, ranks = levels[walk], ranks[walk]
    new = np.ones(2 * n, dtype=bool)
    new[1:] = (levels[1:] != levels[:-1]) | (ranks[1:] != ranks[:-1])
    steps = np.append(np.flatnonzero(new), 2 * n)
    return Schedule(child[walk], is_start[walk], steps, parent, gap, idle_gap, tail, own)


def _in_time(
    group: Rows,
    time: Floats,
    is_start: npt.NDArray[np.bool_],
    instant: npt.NDArray[np.bool_],
) -> Rows:
    """The order of time of events that stand group by group.

    At one moment: first what ends, then what takes no time, then what starts.
    """
    phase = np.where(instant, 1, np.where(is_start, 2, 0)).astype(np.int8)
    # most siblings come one after the other, and stand so: only the others are sorted
    early = (group[1:] == group[:-1]) & (
        (time[1:] < time[:-1]) | ((time[1:] == time[:-1]) & (phase[1:] < phase[:-1]))
    )
    astray = np.flatnonzero(np.isin(group, group[1:][early]))
    order = np.arange(len(group))
    order[astray] = astray[np.lexsort((phase[astray], time[astray], group[astray]))]
    return order


def _idle(
    time: Floats,
    is_start: npt.NDArray[np.bool_],
    opens: npt.NDArray[np.bool_],
    first: Rows,
    begun: Floats,
) -> Floats:
    """At each event, how long no sibling has run since the parent began."""
    running = np.cumsum(np.where(is_start, 1, -1))
    previous = np.concatenate([begun[:1], time[:-1]])
    previous = np.where(opens, begun, previous)
    none_before = opens | (np.concatenate([[0], running[:-1]]) == 0)
    total = np.cumsum(np.where(none_before, time - previous, 0.0))
    base = np.where(first > 0, total[first - 1], 0.0)
    return np.asarray(total - base)


def _in_few_bits(numbers: Rows) -> npt.NDArray[np.unsignedinteger[Any]]:
    """The same, sorted many times quicker: by their digits, if there are 16 bits at most."""
    return numbers.astype(np.min_scalar_type(int(numbers.max(initial=0))))


def _heights(tree: Layout) -> Rows:
    """For each row, the number of levels below it."""
    height = np.zeros(len(tree.parent), dtype=np.int64)
    for rows in reversed(tree.by_depth):
        np.maximum.at(height, tree.parent[rows], height[rows] + 1)
    return height

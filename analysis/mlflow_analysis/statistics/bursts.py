"""Events that crowd together in time more than the units they happen to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlflow_analysis.statistics.clustering import Codes, Floats, cluster_codes
from mlflow_analysis.statistics.permutations import sequential_p

PERMUTATIONS = 499
_HOUR_MS = 3_600_000
WIDTHS_MS = (_HOUR_MS // 2, _HOUR_MS, 3 * _HOUR_MS, 12 * _HOUR_MS)
_FEWEST_EVENTS = 5


@dataclass(frozen=True)
class Burst:
    """The window where events are most crowded."""

    start_ms: float
    end_ms: float
    observed: int
    expected: float
    """Events that its units would have at the overall rate."""
    p_value: float


def scan(
    event: npt.ArrayLike,
    times_ms: npt.ArrayLike,
    cluster: npt.ArrayLike,
    seed: int = 0,
    permutations: int = PERMUTATIONS,
) -> Burst | None:
    """Kulldorff's scan statistic over windows of 0.5, 1, 3 and 12 hours that start at an event.

    ``event`` (n, bool) says which units are events, ``times_ms`` (n,) when each unit was, ``cluster`` (n,)
    what it belongs to. The p-value is the share of orders of the clusters, laid one behind the other over
    the units' times, whose best window is at least as unlikely; it stops at 25 of those (Besag & Clifford
    1991, Biometrika 78:301), and is 1 without ``permutations``. ``None`` with fewer than five events.
    Kulldorff (1997), Communications in Statistics 26:1481.
    """
    times = np.asarray(times_ms, dtype=float)
    order = np.argsort(times, kind="stable")
    y, times = np.asarray(event, dtype=bool)[order], times[order]
    if y.sum() < _FEWEST_EVENTS or y.all():
        return None
    stops = np.array([np.searchsorted(times, times + width, side="right") for width in WIDTHS_MS])
    best, start, stop = _best_window(np.flatnonzero(y), stops)
    codes = cluster_codes(np.asarray(cluster)[order])
    sizes = np.bincount(codes)
    # units one cluster behind the other: where each event stands within its cluster
    contiguous = np.argsort(codes, kind="stable")
    within = np.empty(len(codes), dtype=np.int64)
    within[contiguous] = np.arange(len(codes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    of_event, place = codes[y], within[y]
    generator = np.random.default_rng(seed)
    needed = _events_needed(stops, len(of_event), best - 1e-12)

    def reached() -> bool:
        turn = generator.permutation(len(sizes))
        starts = np.empty(len(sizes), dtype=np.int64)
        laid = sizes.take(turn)
        starts[turn] = np.cumsum(laid) - laid
        moved = starts.take(of_event) + place
        before = np.zeros(len(times) + 1, dtype=np.int32)
        before[moved + 1] = 1
        np.cumsum(before, out=before)
        begun = before.take(moved)
        inside = before.take(stops.take(moved, axis=1)) - begun
        return bool((inside >= needed.take(moved, axis=1)).any())

    return Burst(
        float(times[start]),
        float(times[stop - 1]),
        int(y[start:stop].sum()),
        float(y.mean() * (stop - start)),
        sequential_p(reached, permutations),
    )


def _events_needed(stops: Codes, total: int, ratio: float) -> Codes:
    """How many events make a window's likelihood ratio at least ``ratio``; ``total`` + 1 if none do.

    For each width and first unit (widths, n). The ratio grows with the events once these are more than
    expected, so that each order of the clusters need only be counted.
    """
    if ratio <= 0:
        return np.zeros_like(stops)
    n = stops.shape[1]
    units, inverse = np.unique(stops - np.arange(n), return_inverse=True)
    expected = total * units / n
    too_few = np.maximum(np.floor(expected).astype(np.int64), 2)
    enough = np.full(len(units), total + 1)
    while ((enough - too_few) > 1).any():
        middle = (too_few + enough) // 2
        reached = _likelihood_ratio(middle, expected, total) >= ratio
        enough = np.where(reached, middle, enough)
        too_few = np.where(reached, too_few, middle)
    return np.asarray(enough[inverse.reshape(stops.shape)], dtype=np.int64)


def _best_window(events: Codes, stops: Codes) -> tuple[float, int, int]:
    """Largest log likelihood ratio of a window, and its first and one-past-last unit.

    ``events`` (k,) are positions of the events in time, ascending; ``stops`` (widths, n) where a window
    that starts at a unit ends.
    """
    total, n = len(events), stops.shape[1]
    ends = stops[:, events]
    inside = np.searchsorted(events, ends) - np.arange(total)
    ratio = _likelihood_ratio(inside, total * (ends - events) / n, total)
    width, top = np.unravel_index(int(ratio.argmax()), ratio.shape)
    if ratio[width, top] <= 0:
        return 0.0, 0, n
    return float(ratio[width, top]), int(events[top]), int(ends[width, top])


def _likelihood_ratio(inside: Codes, expected: Floats, total: int) -> Floats:
    """Kulldorff's log likelihood ratio of windows; 0 with less than three events or no more than expected."""
    outside, rest = total - inside, total - expected
    ratio = inside * np.log(inside / expected)
    ratio += np.where(
        outside > 0, outside * np.log(np.maximum(outside, 1) / np.maximum(rest, 1e-12)), 0.0
    )
    return np.where((inside > expected) & (inside >= 3), ratio, 0.0)

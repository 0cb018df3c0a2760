"""Events that crowd together in time more than the units they happen to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlflow_analysis.statistics.clustering import cluster_codes
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
    event: npt.ArrayLike, times_ms: npt.ArrayLike, cluster: npt.ArrayLike, seed: int = 0
) -> Burst | None:
    """Kulldorff's scan statistic over windows of 0.5, 1, 3 and 12 hours that start at an event.

    ``event`` (n, bool) says which units are events, ``times_ms`` (n,) when each unit was, ``cluster`` (n,)
    what it belongs to. The p-value is the share of orders of the clusters, laid one behind the other over
    the units' times, whose best window is at least as unlikely; it stops at 25 of those (Besag & Clifford
    1991, Biometrika 78:301). ``None`` with fewer than five events. Kulldorff (1997), Communications in
    Statistics 26:1481.
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

    def shuffled() -> float:
        turn = generator.permutation(len(sizes))
        starts = np.empty(len(sizes), dtype=np.int64)
        starts[turn] = np.cumsum(sizes[turn]) - sizes[turn]
        return _best_window(np.sort(starts[of_event] + place), stops)[0]

    return Burst(
        float(times[start]),
        float(times[stop - 1]),
        int(y[start:stop].sum()),
        float(y.mean() * (stop - start)),
        sequential_p(lambda: shuffled() >= best - 1e-12, PERMUTATIONS),
    )


def _best_window(
    events: npt.NDArray[np.int64], stops: npt.NDArray[np.int64]
) -> tuple[float, int, int]:
    """Largest log likelihood ratio of a window, and its first and one-past-last unit.

    ``events`` (k,) are positions of the events in time, ascending; ``stops`` (widths, n) where a window
    that starts at a unit ends.
    """
    total, n = len(events), stops.shape[1]
    ends = stops[:, events]
    inside = np.searchsorted(events, ends) - np.arange(total)
    expected = total * (ends - events) / n
    outside, rest = total - inside, total - expected
    ratio = inside * np.log(inside / expected)
    ratio += np.where(
        outside > 0, outside * np.log(np.maximum(outside, 1) / np.maximum(rest, 1e-12)), 0.0
    )
    ratio = np.where((inside > expected) & (inside >= 3), ratio, 0.0)
    width, top = np.unravel_index(int(ratio.argmax()), ratio.shape)
    if ratio[width, top] <= 0:
        return 0.0, 0, n
    return float(ratio[width, top]), int(events[top]), int(ends[width, top])

"""Events that crowd together in time more than the units they happen to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlflow_analysis.statistics.clustering import ClusterExchange, Floats

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

    ``event`` (n, bool) says which units are events. The p-value counts the exchanges of whole
    clusters whose best window is at least as unlikely. ``None`` with fewer than five events.
    Kulldorff (1997), Communications in Statistics 26:1481.
    """
    times = np.asarray(times_ms, dtype=float)
    order = np.argsort(times, kind="stable")
    y, times = np.asarray(event, dtype=float)[order], times[order]
    if y.sum() < _FEWEST_EVENTS or y.all():
        return None
    best, start, stop = _best_window(y, times)
    exchange = ClusterExchange(np.asarray(cluster, dtype=object)[order])
    generator = np.random.default_rng(seed)
    reached = sum(
        _best_window(exchange.permuted(y, generator), times)[0] >= best - 1e-12
        for _ in range(PERMUTATIONS)
    )
    observed = int(y[start:stop].sum())
    return Burst(
        float(times[start]),
        float(times[stop - 1]),
        observed,
        float(y.mean() * (stop - start)),
        (1 + reached) / (1 + PERMUTATIONS),
    )


def _best_window(y: Floats, times: Floats) -> tuple[float, int, int]:
    """Largest log likelihood ratio of a window, and its first and one-past-last unit."""
    cumulative = np.concatenate([[0.0], np.cumsum(y)])
    total, n = cumulative[-1], len(y)
    starts = np.flatnonzero(y)
    best = (0.0, 0, n)
    for width in WIDTHS_MS:
        stops = np.searchsorted(times, times[starts] + width, side="right")
        inside = cumulative[stops] - cumulative[starts]
        expected = total * (stops - starts) / n
        outside, rest = total - inside, total - expected
        ratio = inside * np.log(np.maximum(inside, 1e-12) / expected)
        ratio += np.where(
            outside > 0, outside * np.log(np.maximum(outside, 1e-12) / np.maximum(rest, 1e-12)), 0.0
        )
        ratio = np.where((inside > expected) & (inside >= 3), ratio, 0.0)
        top = int(ratio.argmax())
        if ratio[top] > best[0]:
            best = (float(ratio[top]), int(starts[top]), int(stops[top]))
    return best

"""One step in a series: where it is most likely, how large, and whether chance would do it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from mlflow_analysis.statistics.clustering import Floats, cluster_codes, design_effect
from mlflow_analysis.statistics.intervals import CONFIDENCE, Interval, newcombe
from mlflow_analysis.statistics.permutations import sequential_p

PERMUTATIONS = 999
_EDGE = 0.1
_SMALLEST_SEGMENT = 20
_MOST_BLOCKS = 1_000


@dataclass(frozen=True)
class Change:
    """The level steps from ``before`` to ``after`` at unit ``index`` (the first one after)."""

    index: int
    before: float
    after: float
    interval: Interval
    """Of ``after - before``, at 95 %."""
    p_value: float


def rate_change(outcome: npt.ArrayLike, cluster: npt.ArrayLike, seed: int = 0) -> Change | None:
    """The most likely step in the rate of ``outcome`` (n, bool, in order of time).

    ``None`` if there are fewer than 40 units or all are alike. The p-value is that of the largest
    standardised difference over all cuts, under permutation of the order of clusters (James, James &
    Siegmund 1987, Biometrika 74:71); more than 1,000 clusters are permuted in 1,000 blocks of neighbours,
    which are as exchangeable as they are themselves.
    """
    y = np.asarray(outcome, dtype=float)
    found = _largest_step(y, cluster, seed)
    if found is None:
        return None
    index, p_value = found
    before, after = y[:index], y[index:]
    interval = newcombe(
        after.sum(), len(after), before.sum(), len(before), design_effect(y, cluster)
    )
    return Change(index, float(before.mean()), float(after.mean()), interval, p_value)


def level_change(values: npt.ArrayLike, cluster: npt.ArrayLike, seed: int = 0) -> Change | None:
    """The same for the mean of ``values`` (n,), such as log durations; Welch's interval."""
    y = np.asarray(values, dtype=float)
    found = _largest_step(y, cluster, seed)
    if found is None:
        return None
    index, p_value = found
    before, after = y[:index], y[index:]
    spread = design_effect(y, cluster)
    error = float(
        np.sqrt((before.var(ddof=1) / len(before) + after.var(ddof=1) / len(after)) * spread)
    )
    half = float(stats.norm.ppf(0.5 + CONFIDENCE / 2)) * error
    step = float(after.mean() - before.mean())
    return Change(
        index, float(before.mean()), float(after.mean()), (step - half, step + half), p_value
    )


def _largest_step(y: Floats, cluster: npt.ArrayLike, seed: int) -> tuple[int, float] | None:
    """Cut of the largest standardised step, in units, and its p-value."""
    n = len(y)
    if n < 2 * _SMALLEST_SEGMENT or y.std() == 0:
        return None
    _, first, codes = np.unique(cluster_codes(cluster), return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))[codes]  # clusters numbered by their first unit in time
    sizes = np.bincount(rank).astype(np.float64)
    sums = np.bincount(rank, weights=y - y.mean()).astype(np.float64)
    _, cut = _maximum(sizes, sums, n)
    if cut is None:
        return None
    p_value = _permutation_p(sizes, sums, n, seed)
    # the cut lies between clusters; in units it is where the next cluster begins
    index = int(np.sort(first)[cut])
    index = min(max(index, _SMALLEST_SEGMENT), n - _SMALLEST_SEGMENT)
    return index, p_value


def _permutation_p(sizes: Floats, sums: Floats, n: int, seed: int) -> float:
    block = np.arange(len(sizes)) * min(len(sizes), _MOST_BLOCKS) // len(sizes)
    sizes, sums = (np.asarray(np.bincount(block, each), dtype=np.float64) for each in (sizes, sums))
    observed, _ = _maximum(sizes, sums, n)
    generator = np.random.default_rng(seed)

    def reached() -> bool:
        order = generator.permutation(len(sizes))
        return _maximum(sizes[order], sums[order], n)[0] >= observed - 1e-12

    return sequential_p(reached, PERMUTATIONS)


def _maximum(sizes: Floats, sums: Floats, n: int) -> tuple[float, int | None]:
    """Largest |standardised mean difference| over the cuts, and the cluster after the cut."""
    left = np.cumsum(sizes)[:-1]
    edge = max(_SMALLEST_SEGMENT, _EDGE * n)
    allowed = (left >= edge) & (n - left >= edge)
    if not allowed.any():
        return 0.0, None
    total = np.cumsum(sums)[:-1]
    step = np.abs(total) * np.sqrt(n / (left * (n - left)))
    best = int(np.where(allowed, step, -1.0).argmax())
    return float(step[best]), best + 1

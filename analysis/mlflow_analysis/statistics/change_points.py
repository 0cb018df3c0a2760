"""One step in a series: where it is most likely, how large, and whether chance would do it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from mlflow_analysis.statistics.clustering import ClusterExchange, Codes, Floats, design_effect
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


def rate_change(
    outcome: npt.ArrayLike, cluster: npt.ArrayLike | ClusterExchange, seed: int = 0
) -> Change | None:
    """The most likely step in the rate of ``outcome`` (n, bool, in order of time).

    ``None`` if there are fewer than 40 units or all are alike. The p-value is that of the largest
    standardised difference over all cuts, under permutation of the order of clusters (James, James &
    Siegmund 1987, Biometrika 74:71); more than 1,000 clusters are permuted in 1,000 blocks of neighbours,
    which are as exchangeable as they are themselves.
    """
    y, exchange = np.asarray(outcome, dtype=float), ClusterExchange.of(cluster)
    found = _largest_step(y, exchange, seed)
    if found is None:
        return None
    index, p_value = found
    before, after = y[:index], y[index:]
    interval = newcombe(
        after.sum(), len(after), before.sum(), len(before), design_effect(y, exchange)
    )
    return Change(index, float(before.mean()), float(after.mean()), interval, p_value)


def level_change(
    values: npt.ArrayLike, cluster: npt.ArrayLike | ClusterExchange, seed: int = 0
) -> Change | None:
    """The same for the mean of ``values`` (n,), such as log durations; Welch's interval."""
    y, exchange = np.asarray(values, dtype=float), ClusterExchange.of(cluster)
    found = _largest_step(y, exchange, seed)
    if found is None:
        return None
    index, p_value = found
    before, after = y[:index], y[index:]
    spread = design_effect(y, exchange)
    error = float(
        np.sqrt((before.var(ddof=1) / len(before) + after.var(ddof=1) / len(after)) * spread)
    )
    half = float(scipy.stats.norm.ppf(0.5 + CONFIDENCE / 2)) * error
    step = float(after.mean() - before.mean())
    return Change(
        index, float(before.mean()), float(after.mean()), (step - half, step + half), p_value
    )


def _largest_step(y: Floats, exchange: ClusterExchange, seed: int) -> tuple[int, float] | None:
    """Cut of the largest standardised step, in units, and its p-value."""
    n = len(y)
    if n < 2 * _SMALLEST_SEGMENT or y.std() == 0:
        return None
    # clusters are numbered by their first unit in time
    sizes = exchange.sizes
    sums = np.bincount(exchange.codes, weights=y - y.mean()).astype(np.float64)
    left = np.cumsum(sizes)[:-1].astype(np.int64)
    scale = _scale_of_cuts(n)
    if not scale[left].any():
        return None
    cut = int((np.abs(np.cumsum(sums)[:-1]) * scale[left]).argmax()) + 1
    p_value = _permutation_p(sizes, sums, scale, seed)
    # the cut lies between clusters; in units it is where the next cluster begins
    index = int((exchange.codes == cut).argmax())
    index = min(max(index, _SMALLEST_SEGMENT), n - _SMALLEST_SEGMENT)
    return index, p_value


def _permutation_p(sizes: Floats, sums: Floats, scale: Floats, seed: int) -> float:
    block = np.arange(len(sizes)) * min(len(sizes), _MOST_BLOCKS) // len(sizes)
    units = np.bincount(block, sizes).astype(np.int64)
    totals = np.asarray(np.bincount(block, sums), dtype=np.float64)

    def largest(units: Codes, totals: Floats) -> float:
        steps: Floats = np.cumsum(totals)[:-1]
        np.abs(steps, out=steps)
        steps *= scale.take(np.cumsum(units)[:-1])
        return float(steps.max(initial=0.0))

    observed = largest(units, totals) - 1e-12
    generator = np.random.default_rng(seed)

    def reached() -> bool:
        order = generator.permutation(len(units))
        return largest(units.take(order), totals.take(order)) >= observed

    return sequential_p(reached, PERMUTATIONS)


def _scale_of_cuts(n: int) -> Floats:
    """What turns the sum before a cut after 0 … n units into a standardised step; 0 near the ends, (n + 1,)."""
    left = np.arange(n + 1, dtype=float)
    edge = max(_SMALLEST_SEGMENT, _EDGE * n)
    scale = np.zeros(n + 1)
    allowed = (left >= edge) & (n - left >= edge)
    left = left[allowed]
    scale[allowed] = np.sqrt(n / (left * (n - left)))
    return scale

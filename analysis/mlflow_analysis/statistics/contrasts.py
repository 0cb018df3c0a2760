"""Differences between two groups of units that come in clusters: size, interval, p-value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from mlflow_analysis.statistics.clustering import (
    ClusterExchange,
    Floats,
    bootstrap_counts,
    cluster_codes,
    design_effect,
)
from mlflow_analysis.statistics.intervals import Interval, newcombe

PERMUTATIONS = 999
RESAMPLES = 499
_ENOUGH_EXCEEDANCES = 10


@dataclass(frozen=True)
class Difference:
    """Rate in the group minus rate outside, with a Newcombe interval."""

    value: float
    interval: Interval
    rate_in: float
    rate_out: float
    p_value: float


@dataclass(frozen=True)
class Ratio:
    """Median in the group over median outside, with a cluster-bootstrap interval."""

    value: float
    interval: Interval
    median_in: float
    median_out: float
    p_value: float


def difference_of_rates(
    outcome: npt.ArrayLike, group: npt.ArrayLike, cluster: npt.ArrayLike, seed: int = 0
) -> Difference:
    """Compare the rate of ``outcome`` (n, bool) inside and outside ``group`` (n, bool).

    The p-value is two-sided: Fisher's exact test where every cluster holds one unit, else by
    exchanging whole clusters (``ClusterExchange``); where too few of 999 exchanges reach the observed
    difference to tell it well, from the closed form of ``association_p``.
    """
    y, g = np.asarray(outcome, dtype=float), np.asarray(group, dtype=float)
    n1, n2 = g.sum(), (1 - g).sum()
    k1, k2 = y @ g, y @ (1 - g)
    rate_in, rate_out = (float(k1 / n1) if n1 else 0.0), (float(k2 / n2) if n2 else 0.0)
    exchange = ClusterExchange(cluster)
    effect = 1.0 if exchange.trivial else design_effect(y, cluster)
    interval = newcombe(float(k1), float(n1), float(k2), float(n2), effect)
    p_value = association_p(y, g, exchange)
    if not exchange.trivial and n1 and n2 and 0 < y.sum() < len(y):
        expected = g.mean() * y.sum()
        observed = abs(k1 - expected)
        generator = np.random.default_rng(seed)
        reached = sum(
            abs(y @ exchange.permuted(g, generator) - expected) >= observed - 1e-9
            for _ in range(PERMUTATIONS)
        )
        if reached >= _ENOUGH_EXCEEDANCES:
            p_value = (1 + reached) / (1 + PERMUTATIONS)
    return Difference(rate_in - rate_out, interval, rate_in, rate_out, p_value)


def association_p(outcome: Floats, group: Floats, exchange: ClusterExchange) -> float:
    """Two-sided p of the association of two 0/1 columns, in closed form.

    Fisher's exact test on the 2×2 table divided by the design effect of the association: the variance
    of Σ outcome·group when whole clusters are exchanged, over the variance when single units are
    (Rao & Scott 1981, J. Am. Stat. Assoc. 76:221, applied to the permutation variance).
    """
    n, k, m, both = len(outcome), outcome.sum(), group.sum(), outcome @ group
    if n < 2 or k in (0, n) or m in (0, n):
        return 1.0
    effect = 1.0
    if not exchange.trivial:
        _, clustered = exchange.covariance_moments(outcome, group)
        single = k * (n - k) * m * (n - m) / (n * n * (n - 1))
        effect = max(1.0, clustered / single)
    table = np.array([[both, m - both], [k - both, n - m - k + both]])
    return float(stats.fisher_exact(np.rint(table / effect).astype(int)).pvalue)


def ratio_of_medians(
    values: npt.ArrayLike, group: npt.ArrayLike, cluster: npt.ArrayLike, seed: int = 0
) -> Ratio:
    """Compare the median of positive ``values`` (n,) inside and outside ``group`` (n, bool).

    Interval by bootstrap of clusters (percentiles of the log ratio), p by exchanging whole clusters.
    Raises ``ValueError`` if a side is empty.
    """
    x, g = np.asarray(values, dtype=float), np.asarray(group, dtype=bool)
    if not g.any() or g.all():
        raise ValueError("A ratio of medians needs values inside and outside the group.")
    generator = np.random.default_rng(seed)
    codes = cluster_codes(cluster)
    median_in, median_out = float(np.median(x[g])), float(np.median(x[~g]))
    observed = float(np.log(max(median_in, 1e-9) / max(median_out, 1e-9)))
    counts = bootstrap_counts(int(codes.max()) + 1, RESAMPLES, generator)
    logs = np.log(np.maximum(_weighted_medians(x[g], counts[:, codes[g]]), 1e-9)) - np.log(
        np.maximum(_weighted_medians(x[~g], counts[:, codes[~g]]), 1e-9)
    )
    low, high = np.nanpercentile(logs, [2.5, 97.5])
    exchange, flags = ClusterExchange(cluster), g.astype(float)
    reached = 0
    for _ in range(PERMUTATIONS):
        inside = exchange.permuted(flags, generator).astype(bool)
        shuffled = np.log(max(np.median(x[inside]), 1e-9) / max(np.median(x[~inside]), 1e-9))
        reached += abs(shuffled) >= abs(observed) - 1e-12
    p_value = (1 + reached) / (1 + PERMUTATIONS)
    return Ratio(
        float(np.exp(observed)),
        (float(np.exp(low)), float(np.exp(high))),
        median_in,
        median_out,
        float(p_value),
    )


def share_of_total(
    part: npt.ArrayLike, whole: npt.ArrayLike, cluster: npt.ArrayLike, seed: int = 0
) -> tuple[float, Interval]:
    """Σ ``part`` / Σ ``whole`` (both (n,), ≥ 0), with a cluster-bootstrap percentile interval."""
    parts, wholes = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    if wholes.sum() <= 0:
        return 0.0, (0.0, 1.0)
    codes = cluster_codes(cluster)
    part_sums, whole_sums = np.bincount(codes, parts), np.bincount(codes, wholes)
    counts = bootstrap_counts(len(part_sums), RESAMPLES, np.random.default_rng(seed))
    resampled = counts @ whole_sums
    shares = (counts @ part_sums)[resampled > 0] / resampled[resampled > 0]
    low, high = np.percentile(shares, [2.5, 97.5])
    return float(parts.sum() / wholes.sum()), (float(low), float(high))


def reversed_strata(
    outcome: npt.NDArray[np.bool_], group: npt.NDArray[np.bool_], strata: npt.NDArray[np.object_]
) -> list[str]:
    """Names of the strata (n, text; "" is none) in which the group's rate is clearly the lower one.

    Clearly: the upper bound of the Newcombe interval of the difference is below zero (Simpson 1951,
    J. R. Stat. Soc. B 13:238).
    """
    found = []
    for stratum in sorted({str(each) for each in strata if isinstance(each, str) and each}):
        inside = strata == stratum
        of_group, of_rest = outcome[inside & group], outcome[inside & ~group]
        _, high = newcombe(of_group.sum(), len(of_group), of_rest.sum(), len(of_rest))
        if high < 0:
            found.append(stratum)
    return found


def _weighted_medians(values: Floats, weights: Floats) -> Floats:
    """Median of ``values`` (n,) under each row of ``weights`` (b, n); NaN where all weigh nothing."""
    order = np.argsort(values, kind="stable")
    ranked, cumulative = values[order], np.cumsum(weights[:, order], axis=1)
    total = cumulative[:, -1]
    position = (cumulative >= total[:, None] / 2).argmax(axis=1)
    return np.where(total > 0, ranked[position], np.nan)

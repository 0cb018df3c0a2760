"""Differences between two groups of units that come in clusters: size, interval, p-value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.statistics.clustering import (
    USUAL_CORRELATION,
    ClusterExchange,
    Floats,
    cluster_codes,
    few_clusters,
    shrunk,
)
from mlflow_analysis.statistics.exact import fisher_p
from mlflow_analysis.statistics.intervals import Interval, newcombe, recovered, wilson
from mlflow_analysis.statistics.ratios import ratio_intervals


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
    """Median in the group over median outside, with its interval at 95 %."""

    value: float
    interval: Interval
    median_in: float
    median_out: float
    p_value: float


def difference_of_rates(
    outcome: npt.ArrayLike,
    group: npt.ArrayLike,
    cluster: npt.ArrayLike | ClusterExchange,
    seed: int = 0,
) -> Difference:
    """Compare the rate of ``outcome`` (n, bool) inside and outside ``group`` (n, bool).

    Newcombe's interval at the design effect of the difference (``difference_effect``), and the
    two-sided p-value of ``association_p``. Nothing is drawn at random: ``seed`` changes nothing.
    """
    y, g = np.asarray(outcome, dtype=float), np.asarray(group, dtype=bool)
    n1, n2 = int(g.sum()), int((~g).sum())
    k1, k2 = float(y[g].sum()), float(y[~g].sum())
    rate_in, rate_out = (k1 / n1 if n1 else 0.0), (k2 / n2 if n2 else 0.0)
    exchange = ClusterExchange.of(cluster)
    residual = y - np.where(g, rate_in, rate_out)
    effect = difference_effect(
        residual, g, exchange, rate_in * (1 - rate_in), rate_out * (1 - rate_out)
    )
    interval = newcombe(k1, n1, k2, n2, effect)
    p_value = association_p(y, g.astype(float), exchange)
    return Difference(rate_in - rate_out, interval, rate_in, rate_out, p_value)


def association_p(outcome: Floats, group: Floats, exchange: ClusterExchange) -> float:
    """Two-sided p of the association of two 0/1 columns (n,), in closed form.

    Fisher's exact test on the 2×2 table divided by the design effect of the association
    (``ClusterExchange.design_effects``; Rao & Scott 1981, J. Am. Stat. Assoc. 76:221). 1 where one of the
    columns does not vary.
    """
    n, k, m, both = len(outcome), outcome.sum(), group.sum(), outcome @ group
    if n < 2 or k in (0, n) or m in (0, n):
        return 1.0
    effect = float(exchange.design_effects(outcome, group[None, :] > 0)[0])
    cells = np.rint(np.array([both, m - both, k - both, n - m - k + both]) / effect)
    return float(
        fisher_p(cells[0], cells[0] + cells[1], cells[0] + cells[2], cells.sum(), two_sided=True)[0]
    )


def difference_effect(
    residual: Floats,
    group: npt.NDArray[np.bool_],
    exchange: ClusterExchange,
    variance_in: float,
    variance_out: float,
) -> float:
    """Design effect (≥ 1) of a difference of two means whose units share clusters.

    Its variance by clusters (the sandwich: Liang & Zeger 1986, Biometrika 73:13, with C / (C - 2)) over
    that of single units, drawn towards Moulton's factor at an intra-class correlation of 0.2 as if three
    clusters more had shown that, and for few clusters widened by (t/z)² with C - 2 degrees of freedom.
    ``residual`` (n,) is what is left of the outcome in each group; the variances are those of one unit.
    """
    n1, n2 = int(group.sum()), int((~group).sum())
    single = variance_in / n1 + variance_out / n2 if n1 and n2 else 0.0
    clusters = len(exchange.sizes)
    if exchange.trivial or clusters < 2 or single <= 0:
        return 1.0
    weighted = residual * np.where(group, 1 / n1, -1 / n2)
    sums = np.bincount(exchange.codes, weighted)
    sandwich = float((sums**2).sum()) * clusters / max(1, clusters - 2) / single
    group_effect = exchange.design_effects(group.astype(float), group[None, :])[0]
    # the factor of a group with itself holds its correlation squared: its root is the correlation
    size = float((exchange.sizes**2).sum()) / exchange.n - 1.0
    correlation = float(np.sqrt(max(0.0, group_effect - 1.0) / size)) if size > 0 else 0.0
    usual = 1.0 + USUAL_CORRELATION * correlation * size
    effect = max(1.0, shrunk(sandwich, usual, clusters))
    return 1.0 + (effect - 1.0) * few_clusters(clusters - 2)


def ratio_of_medians(
    values: npt.ArrayLike, group: npt.ArrayLike, cluster: npt.ArrayLike, seed: int = 0
) -> Ratio:
    """Compare the median of positive ``values`` (n,) inside and outside ``group`` (n, bool).

    The interval of each median lies between the values at Wilson's bounds for one half (Woodruff 1952,
    J. Am. Stat. Assoc. 47:635), at the design effect of the difference; that of the ratio follows from the
    two on the log scale (``recovered``). The p-value is that of Mood's median test: whether values above
    the common median go with the group (``association_p``). Nothing is drawn at random: ``seed`` changes
    nothing. Raises ``ValueError`` if a side is empty.
    """
    x, g = np.asarray(values, dtype=float), np.asarray(group, dtype=bool)
    if not g.any() or g.all():
        raise ValueError("A ratio of medians needs values inside and outside the group.")
    exchange = ClusterExchange(cluster)
    logs = np.log(np.maximum(x, 1e-9))
    middle_in, middle_out = float(np.median(logs[g])), float(np.median(logs[~g]))
    above = (logs > np.where(g, middle_in, middle_out)) - 0.5
    effect = difference_effect(above, g, exchange, 0.25, 0.25)
    low, high = recovered(
        middle_in, _around_median(logs[g], effect), middle_out, _around_median(logs[~g], effect)
    )
    return Ratio(
        float(np.exp(middle_in - middle_out)),
        (float(np.exp(low)), float(np.exp(high))),
        float(np.median(x[g])),
        float(np.median(x[~g])),
        association_p((logs > np.median(logs)).astype(float), g.astype(float), exchange),
    )


def share_of_total(
    part: npt.ArrayLike, whole: npt.ArrayLike, cluster: npt.ArrayLike, seed: int = 0
) -> tuple[float, Interval]:
    """Σ ``part`` / Σ ``whole`` (both (n,), ≥ 0, part ≤ whole), with the interval of ``ratio_intervals``.

    Without any whole: 0 in (0, 1). Nothing is drawn at random: ``seed`` changes nothing.
    """
    codes = cluster_codes(cluster)
    parts, wholes = (
        np.asarray(np.bincount(codes, np.asarray(each, dtype=float))[:, None], dtype=np.float64)
        for each in (part, whole)
    )
    if not len(codes) or wholes.sum() <= 0:
        return 0.0, (0.0, 1.0)
    low, high = ratio_intervals(parts, wholes)
    return float(parts.sum() / wholes.sum()), (float(low[0]), float(high[0]))


def reversed_strata(
    outcome: npt.NDArray[np.bool_],
    group: npt.NDArray[np.bool_],
    strata: npt.NDArray[np.object_] | pd.Categorical,
) -> list[str]:
    """Names of the strata (n, text; "" is none) in which the group's rate is clearly the lower one.

    Clearly: the upper bound of the Newcombe interval of the difference is below zero (Simpson 1951,
    J. R. Stat. Soc. B 13:238).
    """
    named = pd.Categorical(strata)
    codes = named.codes.astype(np.int64)
    cells = np.bincount(
        (4 * codes + 2 * group + outcome)[codes >= 0], minlength=4 * len(named.categories)
    ).reshape(-1, 4)
    found = []
    for name, (rest_without, rest_with, group_without, group_with) in zip(
        named.categories, cells.tolist(), strict=True
    ):
        of_group, of_rest = group_with + group_without, rest_with + rest_without
        if name and of_group and of_rest and group_with / of_group < rest_with / of_rest:
            _, high = newcombe(group_with, of_group, rest_with, of_rest)
            if high < 0:
                found.append(str(name))
    return found


def _around_median(logs: Floats, effect: float) -> Interval:
    """The values at Wilson's bounds for one half, interpolated."""
    n = len(logs)
    places = (np.arange(n) + 0.5) / n
    low, high = np.interp(wilson(0.5 * n, n, effect), places, np.sort(logs))
    return float(low), float(high)

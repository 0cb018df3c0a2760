"""How much of a total the largest units hold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mlflow_analysis.statistics.clustering import Codes, Floats, bootstrap_counts
from mlflow_analysis.statistics.intervals import Interval

RESAMPLES = 499
_MOST_GROUPS = 1_000
_BINS = 100


def top_share(
    values: npt.ArrayLike, cluster: Codes, top: float, seed: int = 0
) -> tuple[float, Interval]:
    """Share of Σ ``values`` (n, > 0) that the largest ``top`` of the units hold (one minus Lorenz's ordinate).

    95 % percentile interval of 499 bootstrap resamples of whole clusters (n, codes from 0). For that the ranked
    units are put into 100 bins, a unit standing for its bin's mean, and more than 1,000 clusters together
    at random into 1,000 groups (random groups, Wolter 2007).
    """
    amounts = np.asarray(values, dtype=float)
    order = np.argsort(-amounts, kind="stable")
    ranked, codes = amounts[order], cluster[order]
    generator = np.random.default_rng(seed)
    clusters = int(codes.max()) + 1
    groups = min(clusters, _MOST_GROUPS)
    if clusters > groups:
        codes = generator.permutation(clusters)[codes] % groups
    cell = codes * _BINS + np.arange(len(ranked)) * _BINS // len(ranked)
    size = np.bincount(cell, minlength=groups * _BINS).reshape(groups, _BINS).astype(float)
    held = np.bincount(cell, ranked, minlength=groups * _BINS).reshape(groups, _BINS)
    counts = bootstrap_counts(groups, RESAMPLES, generator)
    shares = _share_of_top(counts @ size, counts @ held, top)
    low, high = np.percentile(shares, [2.5, 97.5])
    (value,) = _share_of_top(np.ones((1, len(ranked))), ranked[None, :], top)
    return float(value), (float(low), float(high))


def _share_of_top(size: Floats, held: Floats, top: float) -> Floats:
    """For each row (b, k) of sizes and sums of ranked bins, the share that the first ``top`` holds."""
    cumulative = np.cumsum(size, axis=1)
    within = np.clip(top * cumulative[:, -1:] - (cumulative - size), 0.0, size)
    part = np.divide(within, size, out=np.zeros_like(size), where=size > 0)
    return np.asarray((part * held).sum(axis=1) / held.sum(axis=1))

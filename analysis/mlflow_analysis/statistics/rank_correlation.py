"""Spearman's correlation where units come in clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from mlflow_analysis.statistics.clustering import Codes, Floats, cluster_codes
from mlflow_analysis.statistics.intervals import Interval

RESAMPLES = 200
_EDGE = 0.999999


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's ρ with a 95 % interval and a two-sided p-value."""

    value: float
    interval: Interval
    p_value: float


def rank_correlation(
    x: npt.ArrayLike, y: npt.ArrayLike, cluster: npt.ArrayLike, seed: int = 0
) -> RankCorrelation:
    """Correlation of the mid-ranks of ``x`` and ``y`` (n,).

    The interval is Fisher's z ± 1.96 standard errors, the error being the standard deviation of z over
    200 bootstrap samples of whole clusters (Field & Welsh 2007, J. R. Stat. Soc. B 69:369), ranks drawn
    anew in each; p from z over its error. Without variation or with fewer than three clusters ρ is 0
    and the interval (-1, 1).
    """
    first, second = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    codes = cluster_codes(cluster)
    clusters = int(codes.max()) + 1 if len(codes) else 0
    nothing = RankCorrelation(0.0, (-1.0, 1.0), 1.0)
    if clusters < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return nothing
    # units with equal x and y are as one with their weight: many fewer than there are units
    one, other = (np.unique(each, return_inverse=True)[1] for each in (first, second))
    values = int(other.max()) + 1
    known, pair = np.unique(one * values + other, return_inverse=True)
    pairs = np.stack(np.divmod(known, values))
    in_cluster = scipy.sparse.csr_array(
        (np.ones(len(pair)), (pair, codes)), shape=(pairs.shape[1], clusters)
    )
    value = _correlation(pairs, np.bincount(pair).astype(float))
    generator = np.random.default_rng(seed)
    drawn = [
        _correlation(
            pairs,
            in_cluster @ np.bincount(generator.integers(0, clusters, clusters), minlength=clusters),
        )
        for _ in range(RESAMPLES)
    ]
    z = float(np.arctanh(np.clip(value, -_EDGE, _EDGE)))
    error = float(np.std(np.arctanh(np.clip(drawn, -_EDGE, _EDGE)), ddof=1))
    if error == 0:
        return nothing
    margin = float(scipy.stats.norm.ppf(0.975)) * error
    interval = float(np.tanh(z - margin)), float(np.tanh(z + margin))
    return RankCorrelation(value, interval, float(2 * scipy.stats.norm.sf(abs(z) / error)))


def _correlation(places: Codes, weights: Floats) -> float:
    """Pearson's correlation of the mid-ranks of ``places`` (2, m) under ``weights`` (m,); 0 without variation."""
    ranks = []
    for place in places:
        counts = np.bincount(place, weights)
        ranks.append((np.cumsum(counts) - counts / 2)[place])
    total = weights.sum()
    a, b = (rank - weights @ rank / total for rank in ranks)
    spread = float(np.sqrt((weights @ a**2) * (weights @ b**2)))
    return float(weights @ (a * b)) / spread if spread > 0 else 0.0

"""What it costs that units come in clusters (traces of one session resemble each other)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def cluster_codes(cluster: npt.ArrayLike) -> Codes:
    """Cluster names as 0 … C-1, in order of first appearance of the sorted names."""
    _, codes = np.unique(np.asarray(cluster, dtype=object).astype(str), return_inverse=True)
    return codes.astype(np.int64)


def design_effect(outcome: npt.ArrayLike, cluster: npt.ArrayLike) -> float:
    """Kish's design effect 1 + (m - 1) ρ of the mean of ``outcome`` (n,), never below 1.

    ρ is the intra-class correlation of the one-way analysis of variance, m the mean cluster size
    weighted by size. Donner & Klar (2000), Design and Analysis of Cluster Randomization Trials, ch. 1.
    """
    values = np.asarray(outcome, dtype=float)
    codes = cluster_codes(cluster)
    n = len(values)
    sizes = np.bincount(codes).astype(float) if n else np.zeros(0)
    clusters = len(sizes)
    if n == 0 or clusters < 2 or clusters == n or values.std() == 0:
        return 1.0
    sums = np.bincount(codes, weights=values)
    means = sums / sizes
    between = float((sizes * (means - values.mean()) ** 2).sum()) / (clusters - 1)
    within = float(((values - means[codes]) ** 2).sum()) / (n - clusters)
    m0 = (n - float((sizes**2).sum()) / n) / (clusters - 1)
    total = between + (m0 - 1) * within
    correlation = (between - within) / total if total > 0 else 0.0
    weighted_size = float((sizes**2).sum()) / n
    return max(1.0, 1.0 + (weighted_size - 1.0) * correlation)


class ClusterExchange:
    """Exchanging whole clusters of equal size: the permutations under which tests are calibrated.

    Under the null hypothesis that outcome and group are unrelated, the group labels of one session
    might as well be those of another session of the same length.
    """

    def __init__(self, cluster: npt.ArrayLike) -> None:
        codes = cluster_codes(cluster)
        order = np.argsort(codes, kind="stable")
        sizes = np.bincount(codes) if len(codes) else np.zeros(0, dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        self.n = len(codes)
        self.strata: list[Codes] = []
        """For each cluster size: positions of its members, shape (clusters, size)."""
        for size in np.unique(sizes):
            members = starts[sizes == size][:, None] + np.arange(size)[None, :]
            self.strata.append(order[members].astype(np.int64))

    @property
    def trivial(self) -> bool:
        """Every cluster holds one unit."""
        return all(stratum.shape[1] == 1 for stratum in self.strata)

    def permuted(self, group: Floats, generator: np.random.Generator) -> Floats:
        """``group`` (n,) with the labels of whole clusters exchanged."""
        result = group.copy()
        for stratum in self.strata:
            result[stratum] = group[stratum[generator.permutation(len(stratum))]]
        return result

    def covariance_moments(self, outcome: Floats, group: Floats) -> tuple[float, float]:
        """Mean and variance of Σ outcome·group over all exchanges, in closed form.

        For a linear permutation statistic Σ_c M[c, π(c)] the variance is Σ d² / (C - 1), d being the
        doubly centred M (Hoeffding 1951); M = Y Gᵀ has the rank of the cluster size, so Σ d² is a
        trace of two small matrices.
        """
        mean = variance = 0.0
        for stratum in self.strata:
            y, g = outcome[stratum], group[stratum]
            mean += float(y.mean(axis=0) @ g.sum(axis=0))
            if len(stratum) > 1:
                y, g = y - y.mean(axis=0), g - g.mean(axis=0)
                variance += float(((y.T @ y) * (g.T @ g)).sum()) / (len(stratum) - 1)
        return mean, variance


def bootstrap_counts(clusters: int, resamples: int, generator: np.random.Generator) -> Floats:
    """How often each cluster is drawn in each resample, shape (resamples, clusters)."""
    counts = np.zeros((resamples, clusters))
    draws = generator.integers(0, clusters, size=(resamples, clusters))
    for row in range(resamples):
        counts[row] = np.bincount(draws[row], minlength=clusters)
    return counts

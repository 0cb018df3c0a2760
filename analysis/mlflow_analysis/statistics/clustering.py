"""What it costs that units come in clusters (traces of one session resemble each other)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
USUAL_CORRELATION = 0.2
"""Of outcomes within a session, before any is seen; 0.1 to 0.5 in conversations with agents."""
_AS_MANY_AS = 3
_DENSE = 16
"""Numbers up to so many times their count are looked up in an array."""
_FEW_COLUMNS = 4
"""Up to so many are summed one by one: sorting the units by cluster would cost more."""


def cluster_codes(cluster: npt.ArrayLike) -> Codes:
    """Cluster names or numbers as 0 … C-1, in order of first appearance."""
    names = np.asarray(cluster)
    if names.dtype.kind not in "iu":
        names = names.astype(object)
    elif len(names) and names.min() >= 0 and names.max() < _DENSE * len(names):
        return _renumbered(names)
    return np.asarray(pd.factorize(names)[0], dtype=np.int64)


def _renumbered(numbers: npt.NDArray[np.integer[Any]]) -> Codes:
    """The same for small numbers, which need no table of hashes."""
    first = np.full(int(numbers.max()) + 1, -1)
    places = np.arange(len(numbers))
    first[numbers[::-1]] = places[::-1]  # of equal numbers the first is written last
    appears = np.flatnonzero(first[numbers] == places)
    codes = np.zeros(len(first), dtype=np.int64)
    codes[numbers[appears]] = np.arange(len(appears))
    return codes[numbers]


def correlations(sums: Floats, squares: Floats, sizes: Floats) -> Floats:
    """Intra-class correlation of each of m columns, by one-way analysis of variance; at least -1.

    ``sums`` (C, m) are the columns' sums in each cluster, ``squares`` (m,) the sums of their squares,
    ``sizes`` (C,) the clusters' sizes. 0 where it is not defined: a single cluster, nothing but clusters
    of one, or a column that does not vary. Donner & Klar (2000), Design and Analysis of Cluster
    Randomization Trials, ch. 1.
    """
    n, clusters = float(sizes.sum()), len(sizes)
    if clusters < 2 or clusters == n:
        return np.zeros(sums.shape[1])
    explained = (sums**2 / sizes[:, None]).sum(axis=0)
    between = (explained - sums.sum(axis=0) ** 2 / n) / (clusters - 1)
    within = np.maximum(squares - explained, 0.0) / (n - clusters)
    usual_size = (n - float((sizes**2).sum()) / n) / (clusters - 1)
    total = between + (usual_size - 1) * within
    varies = total > 1e-12 * np.maximum(squares, 1.0) / n
    result = np.zeros(sums.shape[1])
    np.divide(between - within, total, out=result, where=varies)
    return np.clip(result, -1.0, 1.0)


def design_effect(outcome: npt.ArrayLike, cluster: npt.ArrayLike | ClusterExchange) -> float:
    """Kish's design effect 1 + (m - 1) ρ of the mean of ``outcome`` (n,), never below 1.

    ρ is the intra-class correlation, m the mean cluster size weighted by size (Kish 1965, Survey Sampling,
    §5.4). A few clusters can't tell ρ: it is drawn towards 0.2 as if three clusters more had shown that.
    What it adds to 1 is multiplied by (t/z)², t having C - 1 degrees of freedom (Korn & Graubard 1998,
    Survey Methodology 24:193), so that an interval at n / DEFF covers what it should from 20 units on.
    1 where every cluster holds one unit.
    """
    values = np.asarray(outcome)
    exchange = ClusterExchange.of(cluster)
    sizes, clusters = exchange.sizes, len(exchange.sizes)
    if clusters < 2 or exchange.trivial:
        return 1.0
    if values.dtype == bool:  # of which few are true as a rule
        counts = np.bincount(exchange.codes[values], minlength=clusters)
        sums, squares = counts.astype(float), float(counts.sum())
    else:
        values = values.astype(float)
        sums, squares = np.bincount(exchange.codes, values, clusters), values @ values
    correlation = float(correlations(sums[:, None], np.array([squares]), sizes)[0])
    likely = shrunk(max(correlation, 0.0), USUAL_CORRELATION, clusters)
    size = float((sizes**2).sum()) / exchange.n
    return 1.0 + (size - 1.0) * likely * few_clusters(clusters - 1)


def shrunk(estimate: float, usual: float, clusters: int) -> float:
    """An estimate from ``clusters`` clusters, drawn towards what is usual as if three more had shown that."""
    return (clusters * estimate + _AS_MANY_AS * usual) / (clusters + _AS_MANY_AS)


def few_clusters(freedom: int) -> float:
    """(t/z)²: what a variance from ``freedom`` degrees of freedom needs for a 95 % interval."""
    t, z = scipy.special.stdtrit(max(1, freedom), 0.975), scipy.special.ndtri(0.975)
    return float((t / z) ** 2)


class ClusterExchange:
    """Units that come in clusters: what that costs a test of two columns that should be unrelated.

    Under the null hypothesis the group labels of one session might as well be those of another.
    """

    def __init__(self, cluster: npt.ArrayLike) -> None:
        codes = cluster_codes(cluster)
        self.n = len(codes)
        self.codes = codes
        """The cluster of each unit, 0 … C-1."""
        self.sizes = np.bincount(codes).astype(float) if self.n else np.zeros(0)
        """Units in each cluster, shape (C,)."""

    @classmethod
    def of(cls, cluster: npt.ArrayLike | ClusterExchange) -> ClusterExchange:
        """Of clusters, which may have been numbered before."""
        return cluster if isinstance(cluster, ClusterExchange) else cls(cluster)

    @property
    def trivial(self) -> bool:
        """Every cluster holds one unit."""
        return len(self.sizes) == self.n

    @cached_property
    def _members(self) -> scipy.sparse.csr_array:
        order = np.argsort(self.codes, kind="stable")
        ends = np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int64)
        return scipy.sparse.csr_array(
            (np.ones(self.n), order, ends), shape=(len(self.sizes), self.n)
        )

    def sums(self, groups: npt.NDArray[np.bool_]) -> Floats:
        """How many units of each cluster are in each row of ``groups`` (m, n); shape (m, C)."""
        return np.asarray((self._members @ groups.T.astype(np.float32)).T, dtype=np.float64)

    def design_effects(self, outcome: Floats, groups: npt.NDArray[np.bool_]) -> Floats:
        """Moulton's factor of the association of ``outcome`` (n,) with each row of ``groups`` (m, n).

        The variance of Σ outcome·group under no association is that of unclustered units times
        1 + ρ_outcome ρ_group (m - 1), m being the mean cluster size weighted by size (Scott & Holt 1982,
        J. Am. Stat. Assoc. 77:848; Moulton 1990, Rev. Econ. Stat. 72:334). It needs no two clusters of
        one size, and is no smaller than 1 here: sessions never make a test sharper. Shape (m,).
        """
        if self.trivial or not self.n:
            return np.ones(len(groups))
        columns = np.vstack([outcome[None, :], groups]).astype(float)
        if len(columns) <= _FEW_COLUMNS:
            sums = np.stack([np.bincount(self.codes, each) for each in columns], axis=1)
        else:
            sums = self._members @ columns.T
        found = correlations(
            np.asarray(sums, dtype=np.float64), (columns**2).sum(axis=1), self.sizes
        )
        size = float((self.sizes**2).sum()) / self.n
        return np.maximum(1.0, 1.0 + found[0] * found[1:] * (size - 1.0))


def bootstrap_counts(clusters: int, resamples: int, generator: np.random.Generator) -> Floats:
    """How often each cluster is drawn in each resample, shape (resamples, clusters)."""
    draws = generator.integers(0, clusters, size=(resamples, clusters))
    draws += clusters * np.arange(resamples)[:, None]
    counts = np.bincount(draws.ravel(), minlength=resamples * clusters)
    return counts.reshape(resamples, clusters).astype(float)

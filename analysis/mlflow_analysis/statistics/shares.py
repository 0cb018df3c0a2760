"""Shares of a total, for many subjects at once, where units come in clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlflow_analysis.statistics.clustering import Codes, Floats, bootstrap_counts

RESAMPLES = 499
_MOST_GROUPS = 1_000


@dataclass(frozen=True)
class Shares:
    """Σ part / Σ whole of each of k subjects, with its 95 % interval."""

    value: Floats
    low: Floats
    high: Floats


def shares_of_totals(
    part: npt.ArrayLike,
    whole: npt.ArrayLike,
    subject: Codes,
    cluster: Codes,
    subjects: int,
    seed: int = 0,
) -> Shares:
    """Shares by ``subject`` (n, 0 … k-1) of ``part`` and ``whole`` (n, ≥ 0), by cluster bootstrap.

    All subjects are computed on the same 499 resamples of whole clusters (n, codes from 0); percentile
    intervals. More than 1,000 clusters are first put together at random into 1,000 groups, which leaves
    the spread as it is (random groups, Wolter 2007, Introduction to Variance Estimation, ch. 2).
    A subject without any whole has share 0 and the interval (0, 1).
    """
    parts, wholes = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    generator = np.random.default_rng(seed)
    clusters = int(cluster.max()) + 1 if len(cluster) else 0
    groups = min(clusters, _MOST_GROUPS)
    if clusters > groups:
        cluster = generator.permutation(clusters)[cluster] % groups
    cell = cluster * subjects + subject
    sums = [
        np.bincount(cell, each, minlength=groups * subjects).reshape(groups, subjects)
        for each in (parts, wholes)
    ]
    totals = [each.sum(axis=0) for each in sums]
    known = totals[1] > 0
    value = np.divide(totals[0], totals[1], out=np.zeros(subjects), where=known)
    low, high = np.zeros(subjects), np.ones(subjects)
    if known.any():
        counts = bootstrap_counts(groups, RESAMPLES, generator)
        resampled = [counts @ each[:, known] for each in sums]
        shares = np.full(resampled[0].shape, np.nan)
        np.divide(resampled[0], resampled[1], out=shares, where=resampled[1] > 0)
        low[known], high[known] = np.nanpercentile(shares, [2.5, 97.5], axis=0)
    return Shares(value, low, high)

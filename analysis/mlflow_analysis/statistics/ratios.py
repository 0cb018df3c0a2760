"""Ratios of two totals whose units come in clusters."""

from __future__ import annotations

import numpy as np
import scipy

from mlflow_analysis.statistics.clustering import Floats


def ratio_intervals(parts: Floats, wholes: Floats) -> tuple[Floats, Floats]:
    """95 % bounds of Σ part / Σ whole, a share between 0 and 1, for each of k columns.

    ``parts`` and ``wholes`` (C, k) are sums by cluster. The variance is the jackknife's, linearised: squared
    residuals part - share · whole, each over 1 - its share of the whole (Cochran 1977, Sampling
    Techniques, ch. 6; MacKinnon & White 1985, J. Econometrics 29:305). The interval is symmetric on the
    logit scale, with t for 2 (Σv)² / Σv² degrees of freedom, v being what each cluster adds to the
    variance, at most C - 1: where few clusters make up the total it says so. A share of 0 or 1 has the
    interval of the rule of three over the clusters (Hanley & Lippman-Hand 1983, JAMA 249:1743), one from
    fewer than two clusters (0, 1). Returns low and high, shape (k,).
    """
    clusters = (wholes > 0).sum(axis=0)
    totals = wholes.sum(axis=0)
    known = (clusters >= 2) & (totals > 0)
    low, high = np.zeros(len(totals)), np.ones(len(totals))
    share = np.divide(parts.sum(axis=0), totals, out=np.zeros(len(totals)), where=totals > 0)
    third = 3.0 / np.maximum(clusters, 3)
    never, always = known & (share <= 1e-12), known & (share >= 1 - 1e-12)
    high[never] = third[never]
    low[always] = 1.0 - third[always]
    inner = known & ~never & ~always
    if not inner.any():
        return low, high
    some, p = wholes[:, inner], share[inner]
    leverage = np.minimum(some / totals[inner], 1 - 1e-9)
    variances = ((parts[:, inner] - p * some) / (1 - leverage)) ** 2
    spread = variances.sum(axis=0)
    squares = np.maximum((variances**2).sum(axis=0), np.finfo(float).tiny)
    freedom = np.clip(2 * spread**2 / squares, 1.0, clusters[inner] - 1)
    error = np.sqrt(spread * (clusters[inner] - 1) / clusters[inner]) / totals[inner]
    half = scipy.special.stdtrit(freedom, 0.975) * error / (p * (1 - p))
    low[inner] = scipy.special.expit(scipy.special.logit(p) - half)
    high[inner] = scipy.special.expit(scipy.special.logit(p) + half)
    return low, high

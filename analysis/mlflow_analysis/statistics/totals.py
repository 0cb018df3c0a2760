"""How much there is at the least of something that adds up: seconds, tokens, money."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy

from mlflow_analysis.statistics.clustering import cluster_codes
from mlflow_analysis.statistics.intervals import CONFIDENCE


def lower_total(amounts: npt.ArrayLike, cluster: npt.ArrayLike) -> float:
    """Lower bound of the 95 % interval of Σ ``amounts`` (n,), which are 0 or more.

    Clusters are taken to turn up as a Poisson process, each with its own sum s: the total has mean
    m = Σ s and variance v = Σ s², and the bound is the 2.5 % quantile of the gamma distribution of
    shape m²/v and scale v/m (Fay & Feuer 1997, Statistics in Medicine 16:791). For equal sums it is
    Garwood's exact limit for a count; it is never below 0, and 0 where there is nothing.
    """
    values = np.maximum(np.nan_to_num(np.asarray(amounts, dtype=float)), 0.0)
    present = values > 0
    if not present.any():
        return 0.0
    codes = cluster_codes(np.asarray(cluster)[present])
    sums = np.bincount(codes, values[present])
    mean, variance = float(sums.sum()), float((sums**2).sum())
    return float(
        scipy.stats.gamma.ppf((1 - CONFIDENCE) / 2, mean**2 / variance, scale=variance / mean)
    )

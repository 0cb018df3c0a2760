"""Shares of a total, for many subjects at once, where units come in clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlflow_analysis.statistics.clustering import Codes, Floats
from mlflow_analysis.statistics.ratios import ratio_intervals


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
    """Shares by ``subject`` (n, 0 … k-1) of ``part`` and ``whole`` (n, ≥ 0), by the clusters (n, from 0).

    The intervals are those of ``ratio_intervals``; nothing is drawn at random: ``seed`` changes nothing.
    A subject without any whole has share 0 and the interval (0, 1).
    """
    parts, wholes = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    clusters = int(cluster.max()) + 1 if len(cluster) else 0
    cell = cluster * subjects + subject
    sums = [
        np.asarray(np.bincount(cell, each, minlength=clusters * subjects), dtype=np.float64)
        for each in (parts, wholes)
    ]
    part_sums, whole_sums = (each.reshape(clusters, subjects) for each in sums)
    totals = whole_sums.sum(axis=0)
    value = np.divide(part_sums.sum(axis=0), totals, out=np.zeros(subjects), where=totals > 0)
    low, high = ratio_intervals(part_sums, whole_sums)
    return Shares(value, low, high)

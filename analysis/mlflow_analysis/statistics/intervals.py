"""Intervals for shares and their differences, widened where units come in clusters."""

from __future__ import annotations

from functools import cache

import numpy as np
import scipy

Interval = tuple[float, float]
CONFIDENCE = 0.95


@cache
def normal_quantile(share: float) -> float:
    """The value that a standard normal variable stays below with a probability of ``share``."""
    return float(scipy.special.ndtri(share))


def wilson(affected: float, eligible: float, design_effect: float = 1.0) -> Interval:
    """Wilson score interval of ``affected / eligible`` at 95 %.

    ``design_effect`` (≥ 1) divides both counts: n / DEFF is the effective sample size. Without
    eligible units the interval is (0, 1). Wilson (1927), J. Am. Stat. Assoc. 22:209.
    """
    if eligible <= 0:
        return 0.0, 1.0
    z, n = normal_quantile(0.5 + CONFIDENCE / 2), eligible / design_effect
    rate = affected / eligible
    middle = rate + z * z / (2 * n)
    half = z * float(np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)))
    return max(0.0, (middle - half) / (1 + z * z / n)), min(1.0, (middle + half) / (1 + z * z / n))


def newcombe(k1: float, n1: float, k2: float, n2: float, design_effect: float = 1.0) -> Interval:
    """Newcombe's hybrid-score interval of ``k1/n1 - k2/n2`` at 95 %.

    ``design_effect`` (≥ 1) is that of the difference and divides all counts. Newcombe (1998), Statistics in
    Medicine 17:873, method 10. Without units in a group: (-1, 1).
    """
    if n1 <= 0 or n2 <= 0:
        return -1.0, 1.0
    return recovered(k1 / n1, wilson(k1, n1, design_effect), k2 / n2, wilson(k2, n2, design_effect))


def recovered(first: float, of_first: Interval, second: float, of_second: Interval) -> Interval:
    """Interval of ``first - second`` from the intervals of the two.

    Each bound takes its variance from the side it lies on (MOVER): Zou & Donner (2008), Statistics in
    Medicine 27:1693.
    """
    difference = first - second
    below = float(np.hypot(first - of_first[0], of_second[1] - second))
    above = float(np.hypot(of_first[1] - first, second - of_second[0]))
    return difference - below, difference + above

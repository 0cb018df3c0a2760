"""How many more units would decide: sample sizes for a power of 80 % at today's estimate."""

from __future__ import annotations

import math

from mlflow_analysis.statistics.intervals import CONFIDENCE, normal_quantile

POWER = 0.80
_LARGEST = 10_000_000


def units_to_decide(
    affected: int, eligible: int, threshold: float, design_effect: float = 1.0
) -> int | None:
    """How many more eligible units put ``threshold`` outside the 95 % interval of a share, with 80 % power.

    At today's rate, by the sample size of the test of one proportion: Fleiss, Levin & Paik (2003),
    Statistical Methods for Rates and Proportions, eq. 2.14, times the design effect. ``None`` if the rate
    is so close to the threshold that ten million units would not do, or without eligible units; 0 of n is
    taken for half a unit, so that 0 of 3 is not taken for never.
    """
    if eligible <= 0:
        return None
    rate = affected / eligible if affected else min(0.5 / eligible, threshold / 2)
    edge, reach = _quantiles()
    spread = edge * math.sqrt(threshold * (1 - threshold)) + reach * math.sqrt(rate * (1 - rate))
    return _more(eligible, design_effect * spread**2, (rate - threshold) ** 2)


def units_to_measure(
    eligible: int, value: float, interval: tuple[float, float], threshold: float
) -> int | None:
    """The same for any effect, of which ``eligible`` units gave the 95 % ``interval``.

    An interval narrows with the square root of the number of units; for a power of 80 % the threshold must
    lie 1.96 + 0.84 standard errors from today's estimate.
    """
    edge, reach = _quantiles()
    error = (interval[1] - interval[0]) / 2 / edge
    needed = eligible * ((edge + reach) * error) ** 2
    return _more(eligible, needed, (value - threshold) ** 2)


def units_beyond_chance(eligible: int, p_value: float, needed: float) -> int | None:
    """The same for a p-value that ``eligible`` units gave, and that must fall to ``needed`` (two-sided)."""
    if not 0 < p_value < 1 or needed <= 0:
        return None
    reached, wanted = (-normal_quantile(p / 2) for p in (p_value, min(needed, 1.0)))
    return _more(eligible, eligible * (wanted + normal_quantile(POWER)) ** 2, reached**2)


def _quantiles() -> tuple[float, float]:
    """How many standard errors from the estimate the interval ends, and how many more the power takes."""
    return normal_quantile(0.5 + CONFIDENCE / 2), normal_quantile(POWER)


def _more(eligible: int, numerator: float, denominator: float) -> int | None:
    if not (math.isfinite(numerator) and denominator > 0):
        return None
    needed = numerator / denominator
    return max(1, math.ceil(needed) - eligible) if needed <= _LARGEST else None

"""Intervals for shares and their differences, widened where units come in clusters."""

from __future__ import annotations

from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

Interval = tuple[float, float]
CONFIDENCE = 0.95


def wilson(affected: float, eligible: float, design_effect: float = 1.0) -> Interval:
    """Wilson score interval of ``affected / eligible`` at 95 %.

    ``design_effect`` (≥ 1) divides both counts: n / DEFF is the effective sample size. Without
    eligible units the interval is (0, 1). Wilson (1927), J. Am. Stat. Assoc. 22:209.
    """
    if eligible <= 0:
        return 0.0, 1.0
    low, high = proportion_confint(
        affected / design_effect, eligible / design_effect, alpha=1 - CONFIDENCE, method="wilson"
    )
    return max(0.0, float(low)), min(1.0, float(high))


def newcombe(k1: float, n1: float, k2: float, n2: float, design_effect: float = 1.0) -> Interval:
    """Newcombe's hybrid-score interval of ``k1/n1 - k2/n2`` at 95 %.

    Newcombe (1998), Statistics in Medicine 17:873, method 10. Without units in a group: (-1, 1).
    """
    if n1 <= 0 or n2 <= 0:
        return -1.0, 1.0
    low, high = confint_proportions_2indep(
        k1 / design_effect,
        n1 / design_effect,
        k2 / design_effect,
        n2 / design_effect,
        compare="diff",
        method="newcomb",
        alpha=1 - CONFIDENCE,
    )
    return float(low), float(high)

"""How many more units would decide."""

from __future__ import annotations

from mlflow_analysis.statistics.intervals import wilson

_LARGEST = 10_000_000


def units_to_decide(
    affected: int, eligible: int, threshold: float, design_effect: float = 1.0
) -> int | None:
    """How many more eligible units put ``threshold`` outside the Wilson interval, at today's rate.

    ``None`` if the rate lies so close to the threshold that no number of units up to ten million
    would; the rate is taken with one pseudo-unit so that 0 of 3 is not taken for never.
    """
    if eligible <= 0:
        return None
    rate = affected / eligible if affected else min(0.5 / eligible, threshold / 2)

    def decided(n: int) -> bool:
        low, high = wilson(rate * n, n, design_effect)
        return low > threshold or high < threshold

    if not decided(_LARGEST):
        return None
    low, high = eligible, _LARGEST
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if decided(middle) else (middle + 1, high)
    return max(1, low - eligible)

"""How many draws a permutation test needs."""

from __future__ import annotations

from collections.abc import Callable

_ENOUGH_REACHED = 25


def sequential_p(reached: Callable[[], bool], most: int) -> float:
    """p-value of a permutation test that stops once it is clear that there is nothing.

    ``reached`` draws one permutation and says whether its statistic is as extreme as the observed one. After
    25 of those the p-value is 25 over the draws so far; after ``most`` draws it is (1 + reached) /
    (1 + draws). Both are valid p-values: Besag & Clifford (1991), Biometrika 78:301.
    """
    count = 0
    for draw in range(1, most + 1):
        count += reached()
        if count == _ENOUGH_REACHED:
            return count / draw
    return (1 + count) / (1 + most)

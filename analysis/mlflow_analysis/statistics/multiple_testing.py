"""Many tests at once."""

from __future__ import annotations

from collections.abc import Sequence

FALSE_DISCOVERY_RATE = 0.10


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """q-values, in the order of ``p_values``. Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57:289."""
    from statsmodels.stats.multitest import multipletests

    if not p_values:
        return []
    return [float(q) for q in multipletests(list(p_values), method="fdr_bh")[1]]


def told(q_value: float) -> str:
    """``q = 0.012``, or ``q < 0.001``: permutations and floats tell no more of a smaller one."""
    return f"q = {q_value:.2g}" if q_value >= 0.001 else "q < 0.001"

"""Exact tests of 2×2 tables, many at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mlflow_analysis.statistics.clustering import ClusterExchange, Floats

_TIES = 1e-7
"""Relative tolerance below which two probabilities are the same, as in R's ``fisher.test``."""


def fisher_p(
    both: npt.ArrayLike,
    with_attribute: npt.ArrayLike,
    affected: npt.ArrayLike,
    total: npt.ArrayLike,
    *,
    two_sided: bool = False,
) -> Floats:
    """p-values of Fisher's exact test for tables given by their margins, arrays of one shape (m,).

    Of ``total`` units ``affected`` are affected and ``with_attribute`` have the attribute, ``both`` both.
    The alternative is that the attribute goes with being affected; ``two_sided`` sums all tables that
    are no more probable than the observed one. Fisher (1935), The Design of Experiments.

    The hypergeometric probabilities follow from one another by their ratios, which is exact to rounding
    where differences of log-gammas lose digits in large tables.
    """
    columns = np.broadcast_arrays(both, with_attribute, affected, total)
    tables = np.column_stack([np.rint(each).astype(np.int64).ravel() for each in columns])
    distinct, inverse = np.unique(tables, axis=0, return_inverse=True)
    p_values = np.zeros(len(distinct), dtype=np.float64)
    for place, (k, having, marked, n) in enumerate(distinct.tolist()):
        p_values[place] = _one(k, having, marked, n, two_sided)
    return p_values[inverse.reshape(-1)]


def _one(both: int, having: int, affected: int, total: int, two_sided: bool) -> float:
    lowest, highest = max(0, having + affected - total), min(having, affected)
    if lowest >= highest or not lowest <= both <= highest:
        return 1.0
    x = np.arange(lowest, highest, dtype=float)
    ratios = np.log((having - x) * (affected - x)) - np.log(
        (x + 1) * (total - having - affected + x + 1)
    )
    logs = np.concatenate([[0.0], np.cumsum(ratios)])
    weights = np.exp(logs - logs.max())
    observed = weights[both - lowest]
    extreme = weights <= observed * (1 + _TIES) if two_sided else slice(both - lowest, None)
    return float(min(1.0, weights[extreme].sum() / weights.sum()))


def association_p_values(
    outcome: Floats, groups: npt.NDArray[np.bool_], exchange: ClusterExchange
) -> Floats:
    """One-sided p of each row of ``groups`` (m, n) going with ``outcome`` (n, 0/1), in closed form.

    Fisher's exact test on the 2×2 table divided by the design effect of the association
    (``ClusterExchange.design_effects``), as Rao & Scott (1981), J. Am. Stat. Assoc. 76:221, do.
    """
    n, k = len(outcome), float(outcome.sum())
    having = groups.sum(axis=1, dtype=float)
    # single precision holds these counts exactly up to 16 million units, at half the cost
    both = np.rint(groups.astype(np.float32) @ outcome.astype(np.float32)).astype(float)
    tellable = (having > 0) & (having < n) & (0 < k < n) & (n > 1)
    effect = np.ones(len(groups))
    if not exchange.trivial and tellable.any():
        effect[tellable] = exchange.design_effects(outcome, groups[tellable])
    cells = np.rint(np.stack([both, having - both, k - both, n - having - k + both]) / effect)
    p_values = fisher_p(cells[0], cells[0] + cells[1], cells[0] + cells[2], cells.sum(axis=0))
    return np.where(tellable, p_values, 1.0)

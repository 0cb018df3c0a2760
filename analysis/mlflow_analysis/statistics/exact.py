"""Exact tests of 2×2 tables, many at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mlflow_analysis.statistics.clustering import ClusterExchange, Floats

_TIES = 1e-7
"""Relative tolerance below which two probabilities are the same, as in R's ``fisher.test``."""
_SHARED = 0.95
"""Share of the units that have an attribute if and only if most of their cluster do."""


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
    rows = np.column_stack([np.rint(each).astype(np.int64).ravel() for each in columns])
    tables = [(k, having, marked, n) for k, having, marked, n in rows.tolist()]
    p_of = {each: _one(*each, two_sided) for each in set(tables)}
    return np.array([p_of[each] for each in tables], dtype=np.float64)


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

    What whole clusters share (a session's model, release, user) is tested by clusters where at most half
    of them are affected: Fisher's exact test of having an affected unit against having the attribute,
    which is the exact distribution of exchanging the attribute between clusters. A cluster has what more
    than half of its units have, and nearly all units (``_SHARED``) must have what their cluster has.

    Else Fisher's exact test on the 2×2 table of units divided by the design effect of the association
    (``ClusterExchange.design_effects``), as Rao & Scott (1981), J. Am. Stat. Assoc. 76:221, do. Which of
    the two it is depends on either column alone, never on how they go together.
    """
    n, k = len(outcome), float(outcome.sum())
    having = groups.sum(axis=1, dtype=float)
    tellable = (having > 0) & (having < n) & (0 < k < n) & (n > 1)
    p_values = np.ones(len(groups))
    by_cluster = np.zeros(len(groups), dtype=bool)
    if not exchange.trivial and tellable.any():
        struck = np.bincount(exchange.codes, outcome) > 0
        if struck.sum() <= len(struck) / 2:
            has, by_cluster = _shared_by_clusters(groups, exchange)
            by_cluster &= tellable
            of = has[by_cluster]
            p_values[by_cluster] = fisher_p(
                (of & struck).sum(axis=1), of.sum(axis=1), struck.sum(), len(struck)
            )
    rest = tellable & ~by_cluster
    if rest.any():
        groups, having = groups[rest], having[rest]
        # single precision holds these counts exactly up to 16 million units, at half the cost
        both = np.rint(groups.astype(np.float32) @ outcome.astype(np.float32)).astype(float)
        effect = np.ones(len(groups))
        if not exchange.trivial:
            effect = exchange.design_effects(outcome, groups)
        cells = np.rint(np.stack([both, having - both, k - both, n - having - k + both]) / effect)
        p_values[rest] = fisher_p(
            cells[0], cells[0] + cells[1], cells[0] + cells[2], cells.sum(axis=0)
        )
    return p_values


def _shared_by_clusters(
    groups: npt.NDArray[np.bool_], exchange: ClusterExchange
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which clusters have each group (m, C), by majority, and which groups (m,) whole clusters share."""
    inside = exchange.sums(groups)
    has = inside > exchange.sizes / 2
    astray = np.where(has, exchange.sizes - inside, inside).sum(axis=1)
    return has, astray <= (1 - _SHARED) * exchange.n

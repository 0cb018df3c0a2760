"""The quick exact tests give the p-values of the slow ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mlflow_analysis.statistics.clustering import ClusterExchange
from mlflow_analysis.statistics.contrasts import association_p
from mlflow_analysis.statistics.exact import association_p_values, fisher_p


def tables(count: int, largest: int, seed: int = 3) -> np.ndarray:
    """Random margins with a possible number of both: columns both, having, affected, total."""
    generator = np.random.default_rng(seed)
    total = generator.integers(2, largest, count)
    having, affected = (generator.integers(0, total + 1) for _ in range(2))
    low, high = np.maximum(0, having + affected - total), np.minimum(having, affected)
    return np.column_stack([generator.integers(low, high + 1), having, affected, total])


@pytest.mark.parametrize(("count", "largest"), [(300, 60), (60, 5_000), (6, 90_000)])
@pytest.mark.parametrize("two_sided", [False, True])
def test_p_is_fishers_to_nine_digits(count: int, largest: int, two_sided: bool) -> None:
    chosen = tables(count, largest)
    expected = [
        stats.fisher_exact(
            [[both, having - both], [affected - both, total - having - affected + both]],
            alternative="two-sided" if two_sided else "greater",
        ).pvalue
        for both, having, affected, total in chosen.tolist()
    ]
    np.testing.assert_allclose(
        fisher_p(*chosen.T, two_sided=two_sided), expected, rtol=1e-9, atol=1e-9
    )


def test_tables_of_one_row_or_column_say_nothing() -> None:
    assert fisher_p([3, 0, 4], [3, 0, 10], [10, 4, 4], [10, 10, 10]).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("sizes", [(1,), (1, 2, 3), (2, 40)])
def test_clusters_widen_it_as_they_do_one_by_one(sizes: tuple[int, ...]) -> None:
    generator = np.random.default_rng(5)
    drawn = generator.choice(sizes, 60)
    cluster = np.repeat(np.arange(60), drawn).astype(object)
    lean = np.repeat(generator.random(60), drawn)
    outcome = (generator.random(len(cluster)) < lean).astype(float)
    groups = generator.random((8, len(cluster))) < lean * generator.random((8, 1))
    exchange = ClusterExchange(cluster)
    together = exchange.design_effects(outcome, groups)
    alone = [float(exchange.design_effects(outcome, each[None, :])[0]) for each in groups]
    np.testing.assert_allclose(together, alone, rtol=1e-9)
    assert (together.max() > 1.0) == (max(sizes) > 1)
    single = association_p_values(outcome, groups, exchange)
    for p_value, group in zip(single, groups, strict=True):
        # two-sided is at least as much as the side that shows, and at most about twice of it
        two_sided = association_p(outcome, group.astype(float), exchange)
        side = min(p_value, association_p_values(outcome, ~group[None], exchange)[0])
        assert side <= two_sided + 1e-9


def test_a_group_of_nobody_or_everybody_is_no_evidence() -> None:
    outcome = np.array([1.0, 0.0, 1.0, 0.0])
    groups = np.array([[True] * 4, [False] * 4])
    exchange = ClusterExchange(np.arange(4).astype(object))
    assert association_p_values(outcome, groups, exchange).tolist() == [1.0, 1.0]
    assert association_p_values(np.ones(4), groups, exchange).tolist() == [1.0, 1.0]


def test_what_sessions_share_is_tested_by_sessions() -> None:
    """All of five failing sessions of forty ran on a model that eight have: as rare as their choice."""
    cluster = np.repeat(np.arange(40), 20)
    outcome = ((cluster < 5) & (np.arange(800) % 20 < 3)).astype(float)
    group = cluster < 8
    (found,) = association_p_values(outcome, group[None], ClusterExchange(cluster))
    assert found == pytest.approx(stats.hypergeom(40, 5, 8).sf(4))


def test_what_differs_within_sessions_or_strikes_most_of_them_is_tested_by_units() -> None:
    cluster = np.repeat(np.arange(40), 20)
    exchange = ClusterExchange(cluster)
    units = np.arange(800)
    within = units % 2 == 0
    rare = ((cluster < 5) & within).astype(float)
    everywhere = (units % 4 == 0).astype(float)
    group = cluster < 20
    assert association_p_values(rare, within[None], exchange)[0] < 1e-6
    assert association_p_values(everywhere, group[None], exchange)[0] > 0.4


@pytest.mark.parametrize("rate", [0.03, 0.2])
def test_no_more_false_alarms_than_promised_where_sessions_share_the_value(rate: float) -> None:
    generator = np.random.default_rng(4)
    alarms = tests = 0
    for _ in range(60):
        cluster = np.repeat(np.arange(70), generator.integers(1, 20, 70))
        lean = generator.beta(rate, 1 - rate, 70)
        outcome = (generator.random(len(cluster)) < lean[cluster]).astype(float)
        groups = (generator.random((10, 70)) < 0.3)[:, cluster]
        p_values = association_p_values(outcome, groups, ClusterExchange(cluster))
        alarms, tests = alarms + int((p_values < 0.05).sum()), tests + 10
    assert alarms / tests < 0.06

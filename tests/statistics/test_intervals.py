"""Intervals: published values, coverage, and what clusters cost."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mlflow_analysis.statistics.clustering import ClusterExchange, design_effect
from mlflow_analysis.statistics.intervals import newcombe, wilson
from mlflow_analysis.statistics.power import units_to_decide


def test_wilson_agrees_with_scipy() -> None:
    expected = stats.binomtest(7, 50).proportion_ci(0.95, method="wilson")
    assert wilson(7, 50) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_newcombe_agrees_with_the_published_example() -> None:
    # Newcombe (1998), table II, method 10: 56/70 − 48/80
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-4)


def test_nothing_eligible_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert newcombe(0, 0, 3, 10) == (-1.0, 1.0)


@pytest.mark.parametrize("n", [20, 60, 200, 500])
def test_wilson_covers_the_true_rate(n: int) -> None:
    generator = np.random.default_rng(n)
    rates = generator.uniform(0.05, 0.5, 2_000)
    covered = [
        low <= rate <= high
        for rate, (low, high) in ((r, wilson(generator.binomial(n, r), n)) for r in rates)
    ]
    assert 0.93 <= np.mean(covered) <= 0.97


def test_identical_units_in_a_cluster_count_once() -> None:
    outcome = np.repeat([1, 0, 0, 1, 0, 0, 0, 1], 5)
    cluster = np.repeat(np.arange(8), 5)
    assert design_effect(outcome, cluster) == pytest.approx(5.0, rel=0.05)


def test_unrelated_units_in_a_cluster_count_whole() -> None:
    generator = np.random.default_rng(0)
    cluster = np.repeat(np.arange(400), 3)
    assert design_effect(generator.random(1_200) < 0.2, cluster) < 1.15


def test_exchange_keeps_clusters_whole() -> None:
    cluster = ["a", "b", "b", "c", "d", "d"]
    group = np.array([1.0, 1, 1, 0, 0, 0])
    permuted = ClusterExchange(cluster).permuted(group, np.random.default_rng(3))
    assert permuted[1] == permuted[2]
    assert permuted[4] == permuted[5]
    assert permuted.sum() == group.sum()


def test_closed_form_moments_are_those_of_the_exchanges() -> None:
    generator = np.random.default_rng(5)
    cluster = np.repeat(np.arange(60), generator.integers(1, 4, 60))
    outcome = (generator.random(len(cluster)) < 0.3).astype(float)
    group = (generator.random(60) < 0.4).astype(float)[cluster]
    exchange = ClusterExchange(cluster)
    mean, variance = exchange.covariance_moments(outcome, group)
    drawn = [outcome @ exchange.permuted(group, generator) for _ in range(4_000)]
    assert mean == pytest.approx(np.mean(drawn), rel=0.03)
    assert variance == pytest.approx(np.var(drawn), rel=0.1)


def test_power_is_honoured_by_the_interval() -> None:
    more = units_to_decide(8, 100, 0.05)
    assert more is not None
    n = 100 + more
    assert wilson(0.08 * n, n)[0] > 0.05
    assert wilson(0.08 * (n - 2), n - 2)[0] <= 0.05


def test_a_rate_at_the_threshold_is_never_decided() -> None:
    assert units_to_decide(5, 100, 0.05) is None

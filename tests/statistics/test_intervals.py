"""Intervals: published values, coverage, and what clusters cost."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mlflow_analysis.statistics.clustering import design_effect
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
    assert design_effect(outcome, cluster) == pytest.approx(5.0, rel=0.15)


def test_unrelated_units_in_a_cluster_count_whole() -> None:
    generator = np.random.default_rng(0)
    cluster = np.repeat(np.arange(400), 3)
    assert design_effect(generator.random(1_200) < 0.2, cluster) < 1.15


def test_a_rate_at_the_threshold_is_never_decided() -> None:
    assert units_to_decide(5, 100, 0.05) is None

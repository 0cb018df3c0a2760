"""Spearman's correlation under clustering: value, interval and size of the test."""

import numpy as np
import pytest
from scipy import stats

from mlflow_analysis.statistics.rank_correlation import rank_correlation


def test_the_value_is_spearmans() -> None:
    draw = np.random.default_rng(0)
    x = draw.integers(0, 9, 200)
    y = x + draw.integers(0, 9, 200)
    found = rank_correlation(x, y, np.arange(200))
    assert found.value == pytest.approx(stats.spearmanr(x, y).statistic)
    assert found.interval[0] < found.value < found.interval[1]
    assert found.p_value < 1e-6


def test_the_interval_covers_and_the_test_keeps_its_size_under_clustering() -> None:
    """Sessions of five share both values; 300 experiments without any correlation."""
    covered = rejected = 0
    for seed in range(300):
        draw = np.random.default_rng(seed)
        session = np.repeat(np.arange(40), 5)
        x, y = draw.normal(size=40)[session], draw.normal(size=40)[session]
        found = rank_correlation(
            x + draw.normal(0, 0.3, 200), y + draw.normal(0, 0.3, 200), session, seed
        )
        covered += found.interval[0] <= 0 <= found.interval[1]
        rejected += found.p_value < 0.05
    assert 0.91 <= covered / 300 <= 0.98
    assert rejected / 300 <= 0.09


@pytest.mark.parametrize(
    ("x", "y", "cluster"),
    [([], [], []), ([1, 1, 1], [1, 2, 3], "abc"), ([1, 2, 3], [3, 2, 1], "aab")],
)
def test_without_variation_or_clusters_nothing_is_said(
    x: list[float], y: list[float], cluster: str
) -> None:
    found = rank_correlation(x, y, list(cluster))
    assert (found.value, found.interval, found.p_value) == (0.0, (-1.0, 1.0), 1.0)

"""Contrasts find what is there, and no more often than they should what is not."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_analysis.statistics.bursts import scan
from mlflow_analysis.statistics.change_points import level_change, rate_change
from mlflow_analysis.statistics.clustering import ClusterExchange
from mlflow_analysis.statistics.contrasts import (
    association_p,
    difference_of_rates,
    ratio_of_medians,
    reversed_strata,
    share_of_total,
)
from mlflow_analysis.statistics.multiple_testing import benjamini_hochberg
from mlflow_analysis.statistics.similarity import near_identical, similarity


def clustered(generator: np.random.Generator, sessions: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Correlated outcomes in sessions of 1 to 8, and the session of each."""
    cluster = np.repeat(np.arange(sessions), generator.integers(1, 9, sessions))
    return generator.random(len(cluster)) < generator.beta(0.4, 1.6, sessions)[cluster], cluster


def test_type_one_error_holds_under_session_clustering() -> None:
    rejected = naive = 0
    for seed in range(1_000):
        generator = np.random.default_rng(seed)
        outcome, cluster = clustered(generator)
        group = (generator.random(80) < 0.3)[cluster]
        exchange = ClusterExchange(cluster)
        rejected += association_p(outcome.astype(float), group.astype(float), exchange) < 0.05
        alone = ClusterExchange(np.arange(len(cluster)))
        naive += association_p(outcome.astype(float), group.astype(float), alone) < 0.05
    assert rejected / 1_000 <= 0.06
    assert naive / 1_000 > 0.10  # what is lost without regard to sessions


def test_a_real_difference_is_found() -> None:
    generator = np.random.default_rng(1)
    cluster = np.repeat(np.arange(200), 3)
    group = (np.arange(200) % 3 == 0)[cluster]
    found = difference_of_rates(generator.random(600) < np.where(group, 0.25, 0.05), group, cluster)
    assert found.interval[0] > 0.08
    assert found.p_value < 0.001
    assert found.value == pytest.approx(found.rate_in - found.rate_out)


def test_medians() -> None:
    generator = np.random.default_rng(2)
    group = np.arange(400) % 2 == 0
    values = generator.lognormal(size=400) * np.where(group, 3.0, 1.0)
    found = ratio_of_medians(values, group, np.arange(400))
    assert found.interval[0] > 2
    assert found.p_value < 0.01
    with pytest.raises(ValueError, match="inside and outside"):
        ratio_of_medians(values, np.ones(400), np.arange(400))


def test_share_of_total() -> None:
    share, (low, high) = share_of_total(np.full(100, 2.0), np.full(100, 8.0), np.arange(100))
    assert share == low == high == 0.25


def test_a_step_is_located() -> None:
    generator = np.random.default_rng(3)
    outcome = generator.random(1_000) < np.where(np.arange(1_000) < 600, 0.02, 0.15)
    found = rate_change(outcome, np.arange(1_000))
    assert found is not None
    assert abs(found.index - 600) < 60
    assert found.interval[0] > 0.05
    assert found.p_value < 0.01


def test_no_step_no_alarm() -> None:
    alarms = 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        outcome, cluster = clustered(generator)
        found = rate_change(outcome, cluster, seed)
        alarms += found is not None and found.p_value < 0.05
    assert alarms <= 7  # 5 % of 60, and chance


def test_a_level_step_is_located() -> None:
    values = np.random.default_rng(4).normal(0, 1, 400) + (np.arange(400) >= 250)
    found = level_change(values, np.arange(400))
    assert found is not None
    assert abs(found.index - 250) < 40
    assert found.interval[0] < 1 < found.interval[1]


def test_a_burst_is_located() -> None:
    times = np.arange(1_000) * 600_000.0
    events = np.random.default_rng(6).random(1_000) < 0.01
    events[500:512] = True
    found = scan(events, times, np.arange(1_000))
    assert found is not None
    assert found.p_value < 0.01
    assert found.start_ms >= times[495]
    assert found.end_ms <= times[590]


def test_benjamini_hochberg_keeps_the_order() -> None:
    assert benjamini_hochberg([0.01, 0.5, 0.02]) == pytest.approx([0.03, 0.5, 0.03])
    assert benjamini_hochberg([]) == []


def test_near_identical_texts_share_a_group_unless_numbers_differ() -> None:
    groups = near_identical(
        ["Where is order 12?", "where is order 12", "Where is order 13?", "How do I return it?"]
    )
    assert groups == [0, 0, 1, 2]
    assert similarity("Where is it?", "where is it") == 1.0


def test_a_reversal_within_a_stratum_is_named() -> None:
    strata = np.array(["easy"] * 200 + ["hard"] * 200, dtype=object)
    group = np.arange(400) % 4 < np.where(strata == "hard", 3, 1)
    rate = np.where(strata == "hard", np.where(group, 0.5, 0.5), np.where(group, 0.0, 0.4))
    outcome = np.arange(400) * 0.618 % 1 < rate
    assert reversed_strata(outcome, group, strata) == ["easy"]

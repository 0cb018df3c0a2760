"""The number of units said to decide does decide, four times out of five."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mlflow_analysis.statistics.intervals import wilson
from mlflow_analysis.statistics.power import (
    units_beyond_chance,
    units_to_decide,
    units_to_measure,
)


@pytest.mark.parametrize(
    ("affected", "eligible", "threshold"), [(6, 50, 0.05), (2, 60, 0.10), (30, 100, 0.20)]
)
def test_so_many_units_decide_a_share_with_power_80(
    affected: int, eligible: int, threshold: float
) -> None:
    more = units_to_decide(affected, eligible, threshold)
    assert more is not None
    rate, n = affected / eligible, eligible + more
    drawn = np.random.default_rng(1).binomial(n, rate, 3_000)
    bounds = [wilson(int(k), n) for k in drawn]
    decided = np.mean([low > threshold or high < threshold for low, high in bounds])
    assert 0.76 <= decided <= 0.88


def test_clusters_ask_for_more() -> None:
    alone, clustered = (units_to_decide(6, 50, 0.05, each) for each in (1.0, 3.0))
    assert alone is not None
    assert clustered is not None
    assert clustered + 50 == pytest.approx(3 * (alone + 50), rel=0.02)


def test_so_many_units_decide_a_mean_with_power_80() -> None:
    more = units_to_measure(100, 0.3, (0.3 - 1.96 * 0.3, 0.3 + 1.96 * 0.3), 0.0)
    assert more is not None
    error = 0.3 * np.sqrt(100 / (100 + more))
    assert stats.norm.sf(1.96 - 0.3 / error) == pytest.approx(0.8, abs=0.01)


def test_so_many_units_push_p_below_with_power_80() -> None:
    more = units_beyond_chance(200, 0.04, 0.001)
    assert more is not None
    shift = stats.norm.isf(0.02) * np.sqrt((200 + more) / 200)
    assert stats.norm.sf(stats.norm.isf(0.0005) - shift) == pytest.approx(0.8, abs=0.01)


def test_what_no_number_decides_has_none() -> None:
    assert units_to_decide(5, 100, 0.05) is None
    assert units_to_decide(0, 0, 0.05) is None
    assert units_to_measure(100, 0.2, (0.1, 0.3), 0.2) is None
    assert units_to_measure(100, 0.2, (0.1, float("inf")), 0.1) is None
    assert units_beyond_chance(100, 1.0, 0.01) is None


def test_none_seen_is_not_taken_for_never() -> None:
    few, many = units_to_decide(0, 3, 0.01), units_to_decide(0, 200, 0.01)
    assert few is not None
    assert many is not None
    assert few > many

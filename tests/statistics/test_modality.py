"""Two heaps are told from one, and cut between."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_analysis.statistics.modality import two_modes


def test_two_heaps_are_found_and_cut_between():
    generator = np.random.default_rng(1)
    found = two_modes(np.concatenate([generator.normal(0, 1, 40), generator.normal(8, 1, 30)]))

    assert found.p_value < 0.02
    assert 2 < found.cut < 6


@pytest.mark.parametrize("shape", ["normal", "gumbel"])
def test_one_heap_is_called_two_no_more_than_chance_would(shape):
    p_values = []
    for seed in range(25):
        found = two_modes(getattr(np.random.default_rng(seed), shape)(size=50), seed)
        p_values.append(found.p_value if found is not None else 1.0)

    # binomial: 5 of 25 or more at 5 % happen by chance in less than 1 of 100 such tests
    assert sum(p < 0.05 for p in p_values) < 5


def test_the_same_values_and_seed_give_the_same_answer():
    values = np.random.default_rng(2).normal(size=40)

    assert two_modes(values, 3) == two_modes(values[::-1], 3)


def test_a_handful_of_values_has_no_modes():
    assert two_modes([1.0] * 30 + [2.0] * 5) is None

"""Clusters are numbered in order of first appearance, whatever they are called."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from mlflow_analysis.statistics.clustering import cluster_codes, design_effect


@pytest.mark.parametrize(
    "cluster",
    [
        np.array(["b", "a", "b", "d", "a"], dtype=object),
        np.array([1, 0, 1, 3, 0]),  # with a number that none has
        np.array([1, 0, 1, 3, 0], dtype=np.int32),
        np.array([7, -1, 7, 3, -1]),  # below zero
        np.array([10**12, 5, 10**12, 6, 5]),  # far apart
    ],
)
def test_clusters_are_numbered_as_they_appear(cluster: npt.NDArray[np.generic]) -> None:
    assert cluster_codes(cluster).tolist() == [0, 1, 0, 2, 1]


def test_no_units_have_no_clusters() -> None:
    assert cluster_codes(np.zeros(0, dtype=np.int64)).tolist() == []


def test_a_yes_or_no_costs_what_the_same_numbers_cost() -> None:
    cluster = np.repeat(np.arange(30), 4)
    outcome = np.random.default_rng(1).random(120) < 0.2 + 0.5 * (cluster % 3 == 0)
    assert design_effect(outcome, cluster) == design_effect(outcome.astype(float), cluster) > 1

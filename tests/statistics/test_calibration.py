"""A small piece of the calibration that ``benchmarks.calibration`` measures in full."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import calibration


def test_sessions_of_all_different_lengths_can_be_told_apart_and_raise_no_alarm() -> None:
    cluster = np.repeat(np.arange(30), np.arange(1, 31))
    generator = np.random.default_rng(1)
    alarms = 0
    for _ in range(150):
        sample = calibration.Sessions(cluster, generator)
        outcome = sample.uniforms(0.3) < 0.3
        found = calibration.difference_of_rates(outcome, sample.group("mixed"), cluster)
        alarms += found.p_value < 0.05
    assert alarms <= 14  # binomial: more than 14 of 150 at 5 % in 1 of 100 such tests
    group = sample.group("within")
    worse = outcome | (group & (generator.random(len(cluster)) < 0.3))
    assert calibration.difference_of_rates(worse, group, cluster).p_value < 0.001


@pytest.mark.parametrize("name", list(calibration.ESTIMATORS))
def test_intervals_hold_the_true_value(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "UNITS", (60,))
    covered = calibration.coverage(calibration.ESTIMATORS[name], 60, seed=2)
    assert 0.90 <= covered[60] <= 0.99  # three standard errors of 180 samples about 93 to 97 %

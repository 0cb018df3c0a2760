"""What the hypothesis regression finds, and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest
from quiet_traces import DAY_MS, confirmed_subjects

from mlflow_analysis.hypotheses.operational.regression import Regression
from trace_factory import EPOCH_MS, features_of, model, trace


def run(failing, latency, seed=7, count=240, days=4.0, versions=("1.4", "1.5")):
    """Traces at even intervals; ``failing`` and ``latency`` (ms) are functions of the share of time gone."""
    generator = np.random.default_rng(seed)
    records = []
    for n in range(count):
        gone = n / count
        failed = generator.random() < failing(gone)
        records.append(
            trace(
                model(ms=latency(gone) * float(np.exp(generator.normal(0, 0.3)))),
                start_ms=EPOCH_MS + gone * days * DAY_MS,
                state="ERROR" if failed else "OK",
                root_message="500 Internal Server Error" if failed else "",
                metadata={"app_version": versions[int(gone >= 0.6)]},
            )
        )
    return features_of(*records)


def step(before, after, at=0.6):
    return lambda gone: after if gone >= at else before


def level(value):
    return lambda gone: value


def test_a_rise_of_the_failure_rate_is_found_with_the_version_that_came_with_it():
    features = run(step(0.03, 0.3), level(1_000))

    assert confirmed_subjects(Regression(), features) == ["failures"]
    failures, _ = Regression().cases(features)
    assert (
        "The nearest change is app_version 1.5, first seen 2026-06-03 09:36 UTC."
        in failures.statement
    )
    changed = EPOCH_MS + 0.6 * 4 * DAY_MS
    assert abs(failures.onset_ms - changed) < DAY_MS / 6
    assert (features.traces.loc[failures.affected["unit"], "start_ms"] > changed - DAY_MS / 6).all()
    assert features.traces.loc[failures.affected["unit"], "failed"].all()


def test_longer_durations_are_found():
    features = run(level(0.03), step(1_000, 1_800))

    assert confirmed_subjects(Regression(), features) == ["latency"]
    _, latency = Regression().cases(features)
    assert latency.statement.startswith("The median trace took 1.0 s until 2026-06-03")
    assert 1.5 < latency.contrast.effect.value < 2.1
    assert latency.seconds_lost > 0


def test_a_drift_below_a_fifth_is_not_flagged():
    assert (
        confirmed_subjects(Regression(), run(level(0.1), lambda gone: 1_000 * (1 + 0.15 * gone)))
        == []
    )


def test_an_improvement_is_not_flagged():
    assert confirmed_subjects(Regression(), run(step(0.4, 0.02), step(2_000, 900))) == []


def test_a_spell_that_passed_is_not_flagged():
    def spell(gone):
        return 0.7 if 0.4 <= gone < 0.55 else 0.03

    assert confirmed_subjects(Regression(), run(spell, level(1_000))) == []


@pytest.mark.parametrize("days", [3.0, 6.0])
def test_slow_hours_that_come_back_every_day_are_not_flagged(days):
    def daily(gone):
        return 1_000 * float(np.exp(0.5 * np.sin(2 * np.pi * gone * days)))

    assert confirmed_subjects(Regression(), run(level(0.05), daily, days=days)) == []


def test_few_traces_and_no_failures_cannot_be_tested():
    few, short = Regression().cases(run(level(0.2), level(1_000), count=30))
    assert few.test_without_effect == "fewer than 40 complete traces"
    assert short.test_without_effect == "fewer than 40 complete traces ended well with a duration"
    none, _ = Regression().cases(run(level(0.0), level(1_000)))
    assert none.test_without_effect == "all traces ended alike"

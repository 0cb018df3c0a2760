"""What the hypothesis fast-and-slow-failures finds, and what it leaves alone."""

from __future__ import annotations

import numpy as np
from quiet_traces import confirmed_subjects

from mlflow_analysis.hypotheses.operational.fast_and_slow_failures import FastAndSlowFailures
from trace_factory import features_of, model, tool, trace


def failures(seconds):
    return [
        trace(
            tool("shop", ms=float(each) * 1000, status="ERROR", message="it broke"),
            state="ERROR",
            root_message="it broke",
        )
        for each in seconds
    ]


def test_refusals_and_timeouts_are_told_apart():
    generator = np.random.default_rng(8)
    fast, slow = generator.lognormal(-1.5, 0.4, 25), generator.lognormal(3.2, 0.15, 20)
    features = features_of(*failures([*fast, *slow]), *[trace(model()) for _ in range(10)])

    assert confirmed_subjects(FastAndSlowFailures(), features) == [""]
    (case,) = FastAndSlowFailures().cases(features)
    assert len(case.eligible) == 45
    assert len(case.affected) == 20
    assert case.contrast.effect.value > 50
    assert case.statement.startswith("25 failures end before ")


def test_one_wide_heap_is_not_flagged():
    flagged = 0
    for seed in range(20):
        seconds = np.random.default_rng(seed).lognormal(1.0, 1.2, 60)
        flagged += len(confirmed_subjects(FastAndSlowFailures(), features_of(*failures(seconds))))
    assert flagged <= 1


def test_fewer_than_twenty_failures_are_not_tested():
    (case,) = FastAndSlowFailures().cases(features_of(*failures([0.1] * 9 + [30.0] * 10)))

    assert case.test_without_effect == "19 traces failed, fewer than 20"

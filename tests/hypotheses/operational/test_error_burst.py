"""What the hypothesis error-burst finds, and what it leaves alone."""

from __future__ import annotations

import numpy as np
from quiet_traces import confirmed_subjects

from mlflow_analysis.hypotheses.operational.error_burst import ErrorBurst
from trace_factory import EPOCH_MS, features_of, model, trace

HOUR_MS = 3_600_000


def spread(times, failed):
    return [
        trace(
            model(),
            start_ms=EPOCH_MS + float(at),
            state="ERROR" if bad else "OK",
            root_message="503 Service Unavailable" if bad else "",
        )
        for at, bad in zip(times, failed, strict=True)
    ]


def test_an_outage_of_an_hour_is_found():
    generator = np.random.default_rng(5)
    times = np.sort(generator.uniform(0, 48 * HOUR_MS, 300))
    outage = (times > 20 * HOUR_MS) & (times < 22 * HOUR_MS)
    features = features_of(*spread(times, outage | (generator.random(300) < 0.02)))

    assert confirmed_subjects(ErrorBurst(), features) == [""]
    (case,) = ErrorBurst().cases(features)
    starts = features.traces.loc[case.affected["trace_id"], "start_ms"] - EPOCH_MS
    inside = starts.between(20 * HOUR_MS, 22 * HOUR_MS)
    assert inside.sum() == outage.sum()
    assert "at the overall rate; the first failing span is all agent." in case.statement


def test_what_forms_the_claim_is_the_case_without_its_p_value():
    times = np.arange(200) * HOUR_MS / 4
    outage = (times > 20 * HOUR_MS) & (times < 22 * HOUR_MS)
    features = features_of(*spread(times, outage))
    (formed,), (case,) = ErrorBurst().estimates(features), ErrorBurst().cases(features)

    assert formed.contrast.effect == case.contrast.effect
    assert formed.contrast.p_value == 1.0 > case.contrast.p_value
    assert list(formed.affected["unit"]) == list(case.affected["unit"])


def test_more_failures_only_because_of_more_traffic_are_not_flagged():
    generator = np.random.default_rng(6)
    rush = generator.uniform(20 * HOUR_MS, 21 * HOUR_MS, 150)
    times = np.sort(np.concatenate([generator.uniform(0, 48 * HOUR_MS, 150), rush]))
    features = features_of(*spread(times, generator.random(300) < 0.15))

    assert confirmed_subjects(ErrorBurst(), features) == []


def test_few_failures_are_no_burst():
    times = np.arange(60) * HOUR_MS
    (case,) = ErrorBurst().cases(features_of(*spread(times, times < 4 * HOUR_MS)))

    assert case.test_without_effect.startswith("fewer than 5 traces failed")

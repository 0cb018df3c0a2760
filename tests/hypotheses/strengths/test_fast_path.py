"""Answers within the time that people wait."""

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.hypotheses.strengths.fast_path import FastPath
from trace_factory import affected_traces, features_of, model, trace


def test_fires_when_nearly_all_are_quick() -> None:
    features = features_of(*(trace(model(ms=2_000)) for _ in range(120)))
    (case,) = confirmed(FastPath(), features)
    assert "95 % within 2.0 s" in case.statement


def test_one_in_ten_slow_is_not_claimed() -> None:
    features = features_of(*(trace(model(ms=12_000 if n % 10 == 0 else 2_000)) for n in range(120)))
    assert not confirmed(FastPath(), features)
    assert len(affected_traces(FastPath(), features)) == 108


def test_quick_failures_do_not_count() -> None:
    assert FastPath().eligible(features_of(trace(model(ms=100), state="ERROR"))).empty

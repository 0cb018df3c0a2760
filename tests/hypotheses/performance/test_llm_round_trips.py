"""Many model calls, one after the other."""

import numpy as np
import pytest

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.hypotheses.performance import llm_round_trips
from mlflow_analysis.hypotheses.performance.llm_round_trips import LlmRoundTrips
from trace_factory import affected_traces, features_of, model, tool, trace


def test_fires_on_many_calls_that_each_add_time() -> None:
    records = [trace(*(model(ms=900) for _ in range(2 + n % 8))) for n in range(40)]
    features = features_of(*records)
    (case,) = confirmed(LlmRoundTrips(), features)
    assert set(case.affected["trace_id"]) == {
        record.info.trace_id for n, record in enumerate(records) if 2 + n % 8 >= 6
    }
    assert "each further call adds 0.90 s" in case.affected["rationale"].iloc[0]


def test_a_few_calls_are_not_flagged() -> None:
    features = features_of(*(trace(*(model(ms=900) for _ in range(1 + n % 5))) for n in range(40)))
    assert not affected_traces(LlmRoundTrips(), features)


def test_calls_side_by_side_are_not_flagged() -> None:
    features = features_of(
        *(trace(*(model(ms=900, start=0) for _ in range(2 + n % 8))) for n in range(40))
    )
    assert not affected_traces(LlmRoundTrips(), features)


def test_time_that_goes_elsewhere_is_not_flagged() -> None:
    features = features_of(
        *(
            trace(tool("report", ms=9000), *(model(ms=100) for _ in range(2 + n % 8)))
            for n in range(40)
        )
    )
    assert not affected_traces(LlmRoundTrips(), features)


def test_the_slope_of_many_traces_is_that_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(0)
    records = [
        trace(*(model(ms=float(900 * np.exp(draw.normal(0, 0.3)))) for _ in range(2 + n % 8)))
        for n in range(600)
    ]
    features = features_of(*records)
    (sampled,) = LlmRoundTrips().cases(features)
    monkeypatch.setattr(llm_round_trips, "_SLOPE_SAMPLE", 10_000)
    (whole,) = LlmRoundTrips().cases(features)
    assert sampled.seconds_lost is not None and whole.seconds_lost is not None
    assert sampled.seconds_lost == pytest.approx(whole.seconds_lost, rel=0.1)
    assert list(sampled.affected["trace_id"]) == list(whole.affected["trace_id"])

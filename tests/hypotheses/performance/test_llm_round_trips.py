"""Many model calls, one after the other."""

from hypotheses.ordinary_traffic import confirmed
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

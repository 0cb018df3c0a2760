"""Time that goes to neither tools nor models."""

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.hypotheses.performance.framework_overhead import FrameworkOverhead
from mlflow_analysis.timing.replay import Replay
from trace_factory import affected_traces, chain, features_of, model, tool, trace


def test_fires_on_gaps_between_the_calls() -> None:
    records = [
        trace(chain("step", model(ms=500), tool("lookup", ms=300, start=1200), ms=2000))
        for _ in range(12)
    ]
    features = features_of(*records)
    (case,) = confirmed(FrameworkOverhead(), features)
    assert case.contrast is not None and abs(case.contrast.effect.value - 0.6) < 0.01
    assert len(case.affected) == 12
    assert case.affected["span_id"].iloc[0] == records[0].spans[1].span_id
    assert "1,200 ms" in case.affected["rationale"].iloc[0]


def test_calls_that_follow_one_another_are_not_flagged() -> None:
    features = features_of(
        *(trace(chain("step", model(ms=500), tool("lookup", ms=300))) for _ in range(12))
    )
    assert not confirmed(FrameworkOverhead(), features)
    assert not affected_traces(FrameworkOverhead(), features)


def test_a_span_without_children_works_itself() -> None:
    features = features_of(*(trace(model(ms=500), chain("compute", ms=2000)) for _ in range(12)))
    assert not affected_traces(FrameworkOverhead(), features)


def test_traces_without_calls_are_not_eligible() -> None:
    assert FrameworkOverhead().eligible(features_of(trace(chain("compute", ms=2000)))).empty


def test_gaps_nobody_feels_are_not_flagged() -> None:
    features = features_of(*(trace(model(ms=50), ms=100) for _ in range(12)))
    assert not confirmed(FrameworkOverhead(), features)


def test_mending_leaves_a_fifth_of_the_trace_between_the_calls() -> None:
    slow = trace(chain("step", model(ms=500), tool("lookup", ms=300, start=1200), ms=2000))
    quick = trace(chain("step", model(ms=500), tool("lookup", ms=300)))
    features = features_of(slow, quick)
    (case,) = FrameworkOverhead().cases(features)
    assert case.mended is not None
    saved = Replay(features.spans.frame, features.traces).saved_ms(case.mended)
    assert [round(each) for each in saved] == [1200 - 400, 0]

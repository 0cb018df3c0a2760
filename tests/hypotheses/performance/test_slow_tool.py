"""A tool that most of the waiting goes to."""

import numpy as np

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.hypotheses.performance.slow_tool import SlowTool
from mlflow_analysis.records import TraceRecord
from trace_factory import affected_traces, features_of, model, tool, trace


def _traces(count: int, search_ms: float, slow_every: int = 0) -> list[TraceRecord]:
    draw = np.random.default_rng(1)
    return [
        trace(
            model(ms=800 * np.exp(draw.normal(0, 0.2))),
            tool(
                "search",
                ms=9_000
                if slow_every and n % slow_every == 0
                else search_ms * np.exp(draw.normal(0, 0.2)),
            ),
            tool("lookup", ms=200 * np.exp(draw.normal(0, 0.2))),
        )
        for n in range(count)
    ]


def test_fires_on_the_tool_that_takes_most_of_the_time() -> None:
    records = _traces(40, search_ms=5_000)
    features = features_of(*records)

    (case,) = confirmed(SlowTool(), features)

    assert case.subject == "search"
    assert affected_traces(SlowTool(), features) == {record.info.trace_id for record in records}
    assert case.contrast is not None and case.contrast.effect.value > 0.7
    assert case.affected["span_id"].iloc[0] == records[0].spans[2].span_id
    assert case.mended is not None and len(case.mended.durations) == 40


def test_fires_on_slow_calls_of_a_tool_that_is_usually_quick() -> None:
    records = _traces(60, search_ms=300, slow_every=4)
    features = features_of(*records)
    (case,) = confirmed(SlowTool(), features)
    assert set(case.affected["trace_id"]) == {record.info.trace_id for record in records[::4]}


def test_a_large_share_of_a_short_trace_is_not_flagged() -> None:
    features = features_of(*_traces(40, search_ms=900))
    assert not confirmed(SlowTool(), features)
    assert not affected_traces(SlowTool(), features)


def test_time_beside_something_longer_is_not_on_the_path() -> None:
    records = [
        trace(tool("search", ms=3_000, start=0), tool("report", ms=9_000, start=0))
        for _ in range(20)
    ]
    assert not any(
        case.subject == "search" for case in confirmed(SlowTool(), features_of(*records))
    )


def test_few_traces_decide_nothing() -> None:
    cases = list(SlowTool().cases(features_of(*_traces(5, search_ms=5_000))))
    assert {case.test_without_effect for case in cases} == {
        "fewer than 10 traces call search",
        "fewer than 10 traces call lookup",
    }

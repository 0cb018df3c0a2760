"""The tool that fits, at the first try."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.strengths.right_tool_for_request import RightToolForRequest
from trace_factory import Planned, features_of, feedback, tool, trace

FITS = {"refunds": "refund", "parcels": "track", "prices": "quote"}
FAILING = {"status": "ERROR", "message": "503 Service Unavailable"}


def _features(
    calls: Callable[[str, int], list[Planned]],
    count: int = 30,
    good: Callable[[str, int], bool] = lambda topic, n: True,
    topics: tuple[str, ...] = tuple(FITS),
) -> Features:
    """``count`` requests on each topic, in sessions of two."""
    traces = [
        trace(
            *calls(topic, n),
            request=f"A request about {topic}",
            session=f"{topic}{n // 2}",
            assessments=[feedback("helpful", good(topic, n))],
        )
        for topic in topics
        for n in range(count)
    ]
    features = features_of(*traces)
    labels = [topic for topic in topics for _ in range(count)]
    return replace(features, traces=features.traces.assign(topic=labels))


def _straight(topic: str, n: int) -> list[Planned]:
    return [tool(FITS[topic]), tool("notes")]


def _mostly(topic: str, n: int) -> list[Planned]:
    return _straight(topic, n) if n % 10 else [tool("notes"), tool(FITS[topic])]


def test_fires_where_each_topic_goes_to_its_own_tool() -> None:
    features = _features(_mostly)
    (case,) = confirmed(RightToolForRequest(), features)
    assert len(case.eligible) == 90 and len(case.affected) == 81
    assert "90% of 90 requests" in case.statement and "30% would" in case.statement
    assert "refund for “refunds”" in case.statement
    assert case.contrast is not None and case.contrast.effect.value == pytest.approx(0.6)
    row = case.affected.iloc[0]
    spans = features.spans
    called = spans[(spans["trace_id"] == row["trace_id"]) & (spans["span_id"] == row["span_id"])]
    assert list(called["tool"]) == ["refund"]
    assert "no call failed" in row["rationale"]


def test_the_first_call_failing_is_not_right() -> None:
    features = _features(
        lambda topic, n: [tool(FITS[topic], **(FAILING if n % 3 == 0 else {})), tool(FITS[topic])]
    )
    (case,) = RightToolForRequest().cases(features)
    assert len(case.affected) == 60
    assert "only 67%" in case.test_without_effect


def test_detours_are_not_right() -> None:
    features = _features(
        lambda topic, n: _straight(topic, n) if n % 3 else [tool("notes"), tool(FITS[topic])]
    )
    (case,) = RightToolForRequest().cases(features)
    assert "only 67%" in case.test_without_effect


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        (_features(lambda topic, n: [tool("search")]), "same fitting tool"),
        (_features(lambda topic, n: [tool("login"), tool(FITS[topic])]), "same fitting tool"),
        (_features(_straight, count=19), "fewer than 2 topics"),
        (_features(_straight, topics=("refunds",)), "fewer than 2 topics"),
        (_features(lambda topic, n: []), "fewer than 2 topics"),
        (_features(_straight, good=lambda topic, n: n % 3 > 0), "only 67%"),
    ],
    ids=["one tool", "a login first", "few traces", "one topic", "no tools", "bad outcomes"],
)
def test_it_is_not_decided(features: Features, reason: str) -> None:
    (case,) = RightToolForRequest().cases(features)
    assert reason in case.test_without_effect


def test_a_fitting_tool_that_goes_worse_is_no_strength() -> None:
    """Nine in ten begin with the usual tool; one in eleven of those goes badly, and none of the others."""
    features = _features(_mostly, count=300, good=lambda topic, n: n % 10 == 0 or n % 11 > 0)
    (case,) = RightToolForRequest().cases(features)
    assert "go worse" in case.test_without_effect


def test_choosing_at_random_is_no_strength() -> None:
    tools = list(FITS.values())
    features = _features(lambda topic, n: [tool(tools[n % 3])])
    assert not confirmed(RightToolForRequest(), features)

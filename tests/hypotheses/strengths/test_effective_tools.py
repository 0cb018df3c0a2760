"""Tools that go with better outcomes."""

import numpy as np

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.strengths.effective_tools import EffectiveTools
from mlflow_analysis.records import TraceRecord
from trace_factory import features_of, feedback, tool, trace

_TOPICS = ("Where is my parcel today?", "Cancel the yearly magazine subscription")


def _with_topics(records: list[TraceRecord]) -> Features:
    features = features_of(*records)
    about_parcels = features.traces["request"].str.contains("parcel")
    features.traces["topic"] = np.where(about_parcels, "parcel", "magazine")
    return features


def _traces(failing_with: int, failing_without: int, topics: tuple[str, ...] = _TOPICS) -> Features:
    """50 traces with a tool and 50 without; so many of them disliked."""
    records = []
    for n in range(50):
        request = topics[n % len(topics)]
        liked = [feedback("helpful", n >= failing_with)]
        records.append(trace(tool("search"), request=request, assessments=liked))
        records.append(
            trace(request=request, assessments=[feedback("helpful", n >= failing_without)])
        )
    return _with_topics(records)


def test_fires_for_a_tool_with_better_outcomes() -> None:
    (case,) = confirmed(EffectiveTools(), _traces(2, 25))
    assert case.subject == "search"
    assert case.contrast is not None and case.contrast.effect.value > 0.3
    assert len(case.affected) == 48


def test_equal_outcomes_are_not_claimed() -> None:
    assert not confirmed(EffectiveTools(), _traces(10, 10))


def test_a_worse_tool_is_not_claimed() -> None:
    assert not confirmed(EffectiveTools(), _traces(25, 2))


def test_easier_topics_do_not_count() -> None:
    easy = [trace(tool("search"), request="Where is my parcel today?") for _ in range(40)]
    hard = [
        trace(request="Cancel the yearly magazine subscription", state="ERROR" if n % 2 else "OK")
        for n in range(40)
    ]
    (case,) = EffectiveTools().cases(_with_topics(easy + hard))
    assert "fewer than 10" in case.test_without_effect


def test_a_sign_that_flips_between_topics_is_not_decided() -> None:
    records = []
    for n in range(40):
        bad = "ERROR" if n % 2 else "OK"
        records.append(trace(tool("search"), request=_TOPICS[0]))
        records.append(trace(request=_TOPICS[0], state=bad))
        records.append(trace(tool("search"), request=_TOPICS[1], state=bad))
        records.append(trace(request=_TOPICS[1]))
    (case,) = EffectiveTools().cases(_with_topics(records))
    assert "worse ones in others" in case.test_without_effect

"""Later turns are as good as first ones."""

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.strengths.handles_follow_ups import HandlesFollowUps
from trace_factory import affected_traces, features_of, trace


def _sessions(failing_follow_ups: int, count: int = 200) -> Features:
    records = []
    for n in range(count):
        records.append(trace(session=f"s{n}"))
        records.append(trace(session=f"s{n}", state="ERROR" if n < failing_follow_ups else "OK"))
    return features_of(*records)


def test_fires_when_later_turns_are_not_worse() -> None:
    features = _sessions(0)
    assert confirmed(HandlesFollowUps(), features)
    assert affected_traces(HandlesFollowUps(), features) == set(
        features.traces.index[features.traces["turn"] == 2]
    )


def test_worse_follow_ups_are_not_claimed() -> None:
    assert not confirmed(HandlesFollowUps(), _sessions(20))


def test_follow_ups_that_go_badly_are_not_claimed() -> None:
    (case,) = HandlesFollowUps().cases(_sessions(100))
    assert "only 50% of the later turns" in case.test_without_effect


def test_few_turns_decide_nothing() -> None:
    (case,) = HandlesFollowUps().cases(_sessions(0, count=5))
    assert "fewer than 20" in case.test_without_effect


def test_follow_ups_that_lose_context_do_not_count() -> None:
    records = []
    for n in range(60):
        records.append(trace(request=f"Where is order A-{1000 + n}?", session=f"s{n}"))
        asked = "Could you please provide your order number?" if n < 20 else "On Monday."
        records.append(trace(request="When will it come?", response=asked, session=f"s{n}"))
    features = features_of(*records)
    assert not confirmed(HandlesFollowUps(), features)
    assert len(affected_traces(HandlesFollowUps(), features)) == 40

"""The same question, the same evidence, the same answer."""

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.strengths.consistent_answers import ConsistentAnswers
from trace_factory import affected_traces, features_of, trace


def _groups(contradicting: int, count: int = 25) -> Features:
    return features_of(
        *(
            trace(
                request=f"How long is warranty number {100 + n}?",
                response=f"It lasts {3 if second and n < contradicting else 2} years.",
            )
            for n in range(count)
            for second in (False, True)
        )
    )


def test_fires_when_answers_agree() -> None:
    features = _groups(0)
    (case,) = confirmed(ConsistentAnswers(), features)
    assert len(case.eligible) == 25
    assert case.members is not None and len(case.members) == 50
    assert len(affected_traces(ConsistentAnswers(), features)) == 50


def test_contradictions_are_not_claimed() -> None:
    features = _groups(8)
    assert not confirmed(ConsistentAnswers(), features)
    assert len(affected_traces(ConsistentAnswers(), features)) == 34


def test_answers_without_facts_could_not_contradict() -> None:
    features = features_of(
        *(trace(request="How long is the warranty?", response="Long.") for _ in range(5))
    )
    assert ConsistentAnswers().eligible(features).empty

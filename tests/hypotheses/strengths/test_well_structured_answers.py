"""Answers in the format asked for."""

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.hypotheses.strengths.well_structured_answers import WellStructuredAnswers
from trace_factory import affected_traces, features_of, trace

ASKED = "Give me the plans as JSON."


def test_fires_when_answers_parse() -> None:
    features = features_of(*(trace(request=ASKED, response=f'{{"plan": {n}}}') for n in range(30)))
    assert confirmed(WellStructuredAnswers(), features)
    assert len(affected_traces(WellStructuredAnswers(), features)) == 30


def test_prose_is_not_claimed() -> None:
    features = features_of(
        *(trace(request=ASKED, response="Plan one." if n % 3 else '{"plan": 1}') for n in range(30))
    )
    assert not confirmed(WellStructuredAnswers(), features)
    assert len(affected_traces(WellStructuredAnswers(), features)) == 10


def test_structure_nobody_asked_for_is_not_eligible() -> None:
    features = features_of(trace(request="Which plans are there?", response='{"plan": 1}'))
    assert WellStructuredAnswers().eligible(features).empty

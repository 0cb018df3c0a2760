"""Feedback, checks and judges that say "fail"."""

import pytest

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.hypotheses.quality.failing_assessment import FailingAssessment
from mlflow_analysis.records import Assessment
from trace_factory import EPOCH_MS, affected_traces, features_of, feedback, trace


def test_fires_for_the_assessment_that_fails_and_only_that() -> None:
    polite = feedback("polite", True)
    grounded = [feedback("grounded", said, rationale="made up") for said in ("no", "yes")]
    records = [trace(assessments=[grounded[0 if n < 15 else 1], polite]) for n in range(40)]
    features = features_of(*records)

    (case,) = confirmed(FailingAssessment(), features)

    assert case.subject == "grounded"
    assert len(case.eligible) == 40
    assert set(case.affected["trace_id"]) == {record.info.trace_id for record in records[:15]}
    assert case.affected["excerpt"].iloc[0] == "made up"


def test_five_percent_thumbs_down_are_not_an_issue() -> None:
    features = features_of(*(trace(assessments=[feedback("helpful", n >= 5)]) for n in range(100)))
    assert not confirmed(FailingAssessment(), features)


def test_errors_expectations_and_scores_are_no_verdicts() -> None:
    expected = Assessment(
        "answer", "expectation", False, "", "HUMAN", "tester", None, None, EPOCH_MS
    )
    features = features_of(
        trace(assessments=[feedback("grounded", False, error="judge timed out")]),
        trace(assessments=[expected]),
        trace(assessments=[feedback("relevance", 0.2)]),
    )
    assert FailingAssessment().eligible(features).empty
    assert not affected_traces(FailingAssessment(), features)


def test_true_is_a_failure_for_a_name_that_says_something_bad() -> None:
    bad = trace(assessments=[feedback("is_toxic", True)])
    good = trace(assessments=[feedback("is_toxic", False)])
    assert affected_traces(FailingAssessment(), features_of(bad, good)) == {bad.info.trace_id}


def test_pass_and_fail_mean_what_they_say_whatever_the_name() -> None:
    bad = trace(assessments=[feedback("hallucination", "fail")])
    good = trace(assessments=[feedback("hallucination", "pass")])
    assert affected_traces(FailingAssessment(), features_of(bad, good)) == {bad.info.trace_id}


def test_assessments_that_errored_are_told_apart() -> None:
    features = features_of(
        trace(assessments=[feedback("grounded", False)]),
        trace(assessments=[feedback("grounded", None, error="judge timed out")]),
    )
    (case,) = FailingAssessment().cases(features)
    assert len(case.eligible) == 1
    assert "could not be made on 1 more" in case.statement


@pytest.mark.parametrize(
    ("scores", "failing", "told"),
    [
        ([1, 2, 3, 4, 5] * 4, 8, "of 1 or 2 on a scale from 1 to 5"),
        ([0.1, 0.49, 0.5, 0.9] * 5, 10, "below 0.5"),
        ([0, 4, 5, 9] * 5, 10, "below 5 on a scale to 10"),
        ([12, 49.5, 50, 97] * 5, 10, "below 50"),
    ],
)
def test_scores_on_an_evident_scale_fail_in_their_lower_part(
    scores: list[float], failing: int, told: str
) -> None:
    features = features_of(*(trace(assessments=[feedback("quality", each)]) for each in scores))
    (case,) = FailingAssessment().cases(features)
    assert len(case.eligible) == 20 and case.affected["unit"].nunique() == failing
    assert told in case.statement and "value" in case.affected["rationale"].iloc[0]


@pytest.mark.parametrize(
    ("name", "scores"),
    [
        ("quality", [1, 2, 3, 4] * 5),
        ("quality", [0, 1] * 10),
        ("quality", [-1, 0.5, 1] * 7),
        ("quality", [20, 900] * 10),
        ("quality", [1, 5] * 9),
        ("toxicity", [0.1, 0.9] * 10),
    ],
)
def test_scores_without_an_evident_scale_say_nothing(name: str, scores: list[float]) -> None:
    features = features_of(*(trace(assessments=[feedback(name, each)]) for each in scores))
    assert FailingAssessment().eligible(features).empty

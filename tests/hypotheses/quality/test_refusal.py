"""Answers that refuse or send the user to somebody else."""

import pytest

from mlflow_analysis.hypotheses.quality.refusal import Refusal
from trace_factory import affected_traces, features_of, feedback, tool, trace


@pytest.mark.parametrize(
    "response",
    [
        "I'm sorry, but I can't help with that.",
        "I’m sorry, I cannot assist with this request.",
        "I am unable to book flights.",
        "That is outside my scope.",
        "As an AI language model, I don't have opinions.",
        "Please contact our support team for this.",
        "I'll transfer you to a colleague.",
    ],
)
def test_fires_on_refusals_and_hand_offs(response: str) -> None:
    record = trace(response=response)
    features = features_of(record)
    (case,) = Refusal().cases(features)
    assert set(case.affected["trace_id"]) == {record.info.trace_id}
    row = case.affected.iloc[0]
    assert response[row["offset"] :].startswith(row["excerpt"])


@pytest.mark.parametrize(
    "response",
    [
        "I'm sorry for the delay. Your order arrives on Monday.",
        "You can't return worn shoes, but you can exchange them.",
        "I could not find an order with this number.",
        "Here is how. "
        + "Then do the next step. " * 20
        + "Please contact our support team if it fails.",
    ],
)
def test_apologies_with_an_answer_are_not_flagged(response: str) -> None:
    features = features_of(trace(response=response))
    assert not affected_traces(Refusal(), features)


def test_answers_after_a_failed_call_are_not_eligible() -> None:
    failing = tool("book", status="ERROR", message="503", outputs={"error": "503"})
    features = features_of(trace(failing, response="I'm sorry, but I can't help with that."))
    assert Refusal().eligible(features).empty


def test_harm_is_claimed_only_by_contrast_with_assessments() -> None:
    refused, answered = "I'm sorry, but I can't help with that.", "It is on its way."
    (alone,) = Refusal().cases(features_of(trace(response=refused), trace(response=answered)))
    assert "Pattern present" in alone.statement

    judged = features_of(
        trace(response=refused, assessments=[feedback("helpful", False)]),
        trace(response=answered, assessments=[feedback("helpful", True)]),
    )
    (contrasted,) = Refusal().cases(judged)
    assert "100% of 1 refusals" in contrasted.statement

"""Answers that refuse or send the user to somebody else."""

import pytest

from mlflow_analysis.findings import Purpose
from mlflow_analysis.hypotheses.quality.refusal import Refusal
from mlflow_analysis.purpose import as_told
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

    def statement(judge: bool, count: int = 20) -> str:
        records = [
            trace(response=text, assessments=[feedback("helpful", text == answered)] * judge)
            for text in (refused, answered)
            for _ in range(count)
        ]
        (case,) = Refusal().cases(features_of(*records))
        return case.statement

    assert "not that it does harm" in statement(judge=False)
    assert "not that it does harm" in statement(judge=True, count=4)
    assert "fails 100% of the 20 of them" in statement(judge=True)
    assert "worse outcomes" in statement(judge=True)


def test_the_ways_and_the_most_refused_topic_are_told() -> None:
    wordings = [
        f"{verb} {kind} coffee mug?"
        for verb in ("Where is", "Show", "Find", "Get")
        for kind in NAMES
    ]
    others = [
        f"{verb} {kind} train ticket?"
        for verb in ("Book", "Change", "Sell", "Print")
        for kind in NAMES
    ]
    records = [trace(request=request, response="It is here.") for request in wordings]
    records += [trace(request=request, response="I won't do that.") for request in others]
    records.append(trace(request=wordings[0], response="I am unable to do that."))
    features = features_of(*records)
    (case,) = Refusal().cases(features)
    topic = features.traces["topic"].iloc[-2]

    assert "declined 40, unsupported 1" in case.statement
    assert topic and f"most on “{topic}”, 40 of 40" in case.statement


NAMES = ("red", "blue", "green", "white", "black", "small", "large", "round", "plain", "heavy")

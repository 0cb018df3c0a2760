"""Answers that refuse or send the user to somebody else."""

from dataclasses import replace

import pytest

from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.hypotheses.quality.refusal import Refusal
from mlflow_analysis.purpose.told import as_told
from trace_factory import affected_traces, features_of, tool, trace


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


def test_the_wording_alone_claims_no_harm() -> None:
    (case,) = Refusal().cases(features_of(trace(response="I can't help with that.")))
    assert "nothing of harm" in case.statement


def test_the_ways_and_the_most_refused_topic_are_told() -> None:
    answers = ["It is here."] * 12 + ["I won't do that."] * 11 + ["I am unable to do that."] * 2
    features = features_of(*(trace(response=answer) for answer in answers))
    topics = ["mugs"] * 12 + ["tickets"] * 12 + ["rare"]
    (case,) = Refusal().cases(replace(features, traces=features.traces.assign(topic=topics)))

    assert "declined 11, unsupported 2; most on “tickets”, 12 of 12" in case.statement


def test_requests_that_are_said_to_be_out_of_scope_are_not_eligible() -> None:
    weather = trace(request="What is the weather?", response="I can't help with that.")
    order = trace(request="Where is my order?", response="I can't help with that.")
    features = features_of(weather, order)
    told = as_told(features, Purpose("", out_of_scope=("weather",)))

    assert list(told.traces.index[Refusal().eligible(told)]) == [order.info.trace_id]
    assert affected_traces(Refusal(), told) == {order.info.trace_id}

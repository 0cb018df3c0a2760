"""What the hypothesis swallowed-error finds, and what it leaves alone."""

from __future__ import annotations

import pytest

from mlflow_analysis.hypotheses.operational.swallowed_error import SwallowedError
from trace_factory import affected_traces, features_of, model, tool, trace

FAILING = {"status": "ERROR", "message": "503 Service Unavailable", "ms": 1_500}


def swallowed(**details):
    return trace(
        model(),
        tool("stock", inputs={"item": 1}, **FAILING),
        response="Yes, it is in stock.",
        **details,
    )


def test_a_failure_that_nobody_mentions_is_found():
    bad = swallowed()
    (case,) = SwallowedError().cases(features_of(bad, trace(tool("stock"))))

    assert list(case.affected["trace_id"]) == [bad.info.trace_id]
    assert (
        case.affected["rationale"].iloc[0]
        == "stock failed (status 503) after 1.5 s and did not succeed later; the trace ended well, and none of the "
        "answer's 5 words says so."
    )


def test_an_answer_of_one_word_has_a_word():
    bad = trace(model(), tool("stock", inputs={"item": 1}, **FAILING), response="TERMINATE")
    (case,) = SwallowedError().cases(features_of(bad, trace(tool("stock"))))

    assert case.affected["rationale"].iloc[0].endswith("and the answer's one word does not say so.")


@pytest.mark.parametrize(
    "answer",
    [
        "I couldn't reach the stock system.",
        "Stock levels are unavailable at the moment.",
        "There was an error while looking that up.",
        "I’m sorry, please ask again tomorrow.",
        "I was not able to look that up.",
        "Pending orders can only be cancelled.",
        "That order is not eligible for an exchange.",
    ],
)
def test_an_answer_that_mentions_the_failure_is_not_flagged(answer):
    features = features_of(trace(tool("stock", **FAILING), response=answer))

    assert affected_traces(SwallowedError(), features) == set()


def test_a_mended_failure_is_not_flagged():
    again = trace(tool("stock", inputs={"item": 1}, **FAILING), tool("stock", inputs={"item": 1}))
    corrected = trace(
        tool("stock", inputs={"item": "x"}, outputs={"error": "item x not found"}),
        tool("stock", inputs={"item": 1}),
    )

    assert affected_traces(SwallowedError(), features_of(again, corrected)) == set()


def test_a_success_with_other_arguments_does_not_mend_an_outage():
    other = trace(tool("stock", inputs={"item": 1}, **FAILING), tool("stock", inputs={"item": 2}))

    assert affected_traces(SwallowedError(), features_of(other)) == {other.info.trace_id}


def test_a_trace_that_failed_is_not_flagged():
    features = features_of(trace(tool("stock", **FAILING), state="ERROR", root_message="503"))

    assert affected_traces(SwallowedError(), features) == set()

"""What the hypothesis context-length-exceeded finds, and what it leaves alone."""

from __future__ import annotations

from mlflow_analysis.hypotheses.operational.context_length_exceeded import ContextLengthExceeded
from trace_factory import affected_traces, features_of, model, trace

MESSAGE = (
    "400: This model's maximum context length is 8192 tokens, however you requested 9001 tokens"
)


def test_a_refused_prompt_is_found_with_its_turn():
    turns = [trace(model(), session="long") for _ in range(4)]
    refused = trace(
        model(status="ERROR", message=MESSAGE), session="long", state="ERROR", root_message=MESSAGE
    )
    (case,) = ContextLengthExceeded().cases(features_of(*turns, refused))

    assert list(case.affected["trace_id"]) == [refused.info.trace_id]
    assert "at turn 5 at the median, of 3 for all traces" in case.statement


def test_an_answer_cut_at_its_own_limit_is_not_flagged():
    features = features_of(trace(model(finish_reason="length"), response="The first ten are"))

    assert affected_traces(ContextLengthExceeded(), features) == set()

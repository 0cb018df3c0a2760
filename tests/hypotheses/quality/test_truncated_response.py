"""Answers that stop in the middle."""

import pytest

from mlflow_analysis.hypotheses.quality.truncated_response import TruncatedResponse
from trace_factory import affected_traces, features_of, model, trace

UNFINISHED = "The plan includes many things that matter to teams of this size, for example the very first one on the"


@pytest.mark.parametrize("reason", ["length", "max_tokens", "MAX_TOKENS"])
def test_fires_on_a_finish_reason_of_length(reason: str) -> None:
    record = trace(model(finish_reason=reason, tokens=(200, 512)), response=UNFINISHED)
    (case,) = TruncatedResponse().cases(features_of(record))
    assert list(case.affected["trace_id"]) == [record.info.trace_id]
    assert case.affected["span_id"].iloc[0] == record.spans[1].span_id
    assert "512 output tokens" in case.affected["rationale"].iloc[0]


@pytest.mark.parametrize(
    "response",
    ["Run this:\n```python\nprint('a')\n", '{"plans": [{"name": "small", "pri', '[{"a": 1}, {"b":'],
)
def test_fires_on_an_open_fence_or_json(response: str) -> None:
    record = trace(model(), response=response)
    assert affected_traces(TruncatedResponse(), features_of(record)) == {record.info.trace_id}


def test_fires_on_a_cut_sentence_at_the_limit() -> None:
    at_limit = [trace(model(tokens=(200, 256)), response=UNFINISHED) for _ in range(3)]
    below = [trace(model(tokens=(200, 40 + n)), response="Done.") for n in range(5)]
    assert affected_traces(TruncatedResponse(), features_of(*at_limit, *below)) == {
        record.info.trace_id for record in at_limit
    }


@pytest.mark.parametrize(
    "response",
    [
        "Done.",
        UNFINISHED,
        "```python\nprint('a')\n```",
        '{"plans": []}',
        "[1] is the source of this.",
        "{a: 1} is no JSON, but it is whole",
    ],
)
def test_whole_answers_are_not_flagged(response: str) -> None:
    features = features_of(trace(model(), response=response))
    assert len(TruncatedResponse().eligible(features)) == 1
    assert not affected_traces(TruncatedResponse(), features)


def test_an_inner_call_that_was_cut_is_not_flagged() -> None:
    features = features_of(trace(model(finish_reason="length"), model(), response="Done."))
    assert not affected_traces(TruncatedResponse(), features)


def test_failed_traces_are_not_eligible() -> None:
    features = features_of(trace(model(finish_reason="length"), state="ERROR"))
    assert TruncatedResponse().eligible(features).empty

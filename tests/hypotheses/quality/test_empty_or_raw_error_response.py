"""Nothing, a placeholder or a raw error instead of an answer."""

import pytest

from mlflow_analysis.hypotheses.quality.empty_or_raw_error_response import EmptyOrRawErrorResponse
from trace_factory import affected_traces, features_of, trace

TRACEBACK = (
    "Traceback (most recent call last):\n  File \"app.py\", line 3, in run\nKeyError: 'city'"
)


@pytest.mark.parametrize(
    "response",
    [
        "",
        "null",
        "undefined",
        "[object Object]",
        "{{answer}}",
        TRACEBACK,
        "Sorry!\n" + TRACEBACK,
        "ValueError: could not convert string to float: 'abc'",
        "openai.RateLimitError: Error code: 429",
        "Error: connection refused by 10.0.0.3",
        '{"error": "upstream timed out"}',
        "Internal Server Error",
        "429 Too Many Requests",
        "<html><head><title>502 Bad Gateway</title></head></html>",
        "upstream connect error or disconnect/reset before headers. reset reason: timeout",
        "An error occurred while running the tool. Please try again. Error: no route",
    ],
)
def test_fires_on_nothing_and_on_raw_errors(response: str) -> None:
    shown = trace(request="What is the weather?", response=response)
    usual = [trace(response="Sunny.") for _ in range(3)]
    assert affected_traces(EmptyOrRawErrorResponse(), features_of(shown, *usual)) == {
        shown.info.trace_id
    }


@pytest.mark.parametrize(
    ("asked", "response"),
    [
        ("What is the weather?", "There was an error in the forecast of yesterday."),
        ("What does this exception mean?", TRACEBACK + "\nmeans that the key is missing."),
        ("How do I raise in Python?", "Like this:\n```\nValueError: bad\n```"),
        ("Any delays?", "None that I know of."),
        ("Which codes are there?", "404 Not Found means that there is no such page."),
        ("Give me the items as JSON", "[]"),
    ],
)
def test_answers_about_errors_are_not_flagged(asked: str, response: str) -> None:
    features = features_of(trace(request=asked, response=response))
    assert not affected_traces(EmptyOrRawErrorResponse(), features)


def test_failed_traces_are_not_flagged() -> None:
    features = features_of(
        trace(response="", state="ERROR"),
        trace(response=TRACEBACK, state="ERROR"),
        trace(response="Fine."),
    )
    assert len(EmptyOrRawErrorResponse().eligible(features)) == 1
    assert not affected_traces(EmptyOrRawErrorResponse(), features)


def test_kinds_of_trace_that_never_answer_are_not_eligible() -> None:
    features = features_of(*(trace(response="") for _ in range(5)))
    assert EmptyOrRawErrorResponse().eligible(features).empty


def test_excerpt_starts_where_the_error_does() -> None:
    response = "Sorry!\n" + TRACEBACK
    (case,) = EmptyOrRawErrorResponse().cases(
        features_of(trace(request="Weather?", response=response))
    )
    row = case.affected.iloc[0]
    assert response[row["offset"] :].startswith(row["excerpt"]) and row["excerpt"].startswith(
        "Traceback"
    )

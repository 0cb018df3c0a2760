"""Records become tables, whatever order they come in."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from mlflow_analysis.features.conversation import answer_text, request_text
from mlflow_analysis.features.extract import model_name
from mlflow_analysis.features.templates import templates
from trace_factory import features_of, feedback, model, tool, trace

RECORDS = [
    trace(
        model(tokens=(100 * n, 10)),
        tool(
            "search",
            inputs={"q": n},
            outputs=f"Error: record {n} not found" if n % 3 == 0 else "ok",
        ),
        session=f"s{n // 2}",
        state="ERROR" if n % 5 == 0 else "OK",
        tags={"region": "eu" if n % 2 else "us", "request_id": f"r-{n}", "mlflow.user": "x"},
        assessments=[feedback("helpful", n % 2 == 0)],
    )
    for n in range(1, 61)
]


def test_arrival_order_does_not_show() -> None:
    forward, backward = features_of(*RECORDS), features_of(*reversed(RECORDS))
    pd.testing.assert_frame_equal(forward.traces, backward.traces)
    pd.testing.assert_frame_equal(forward.spans.frame, backward.spans.frame)
    pd.testing.assert_frame_equal(forward.assessments, backward.assessments)


def test_columns_are_of_one_type_whether_there_are_traces_or_not() -> None:
    some, none = features_of(*RECORDS), features_of()
    for full, empty in ((some.traces, none.traces), (some.spans.frame, none.spans.frame)):
        types = empty.dtypes
        pd.testing.assert_series_equal(types, full.dtypes)
        kinds = set(types.drop("span_id", errors="ignore").map(str))
        assert kinds <= {"object", "int32", "int64", "float64", "bool"}


def test_a_template_is_made_of_every_message_and_of_none() -> None:
    messages = pd.Series(["item 1 is gone", "", "item 2 is gone"], dtype=object)
    assert templates(messages).tolist() == ["item <n> is gone", "", "item <n> is gone"]
    assert templates(messages.iloc[:0]).dtype == object


def test_turns_failures_and_tokens() -> None:
    traces = features_of(*RECORDS).traces
    assert list(traces["turn"].head(5)) == [1, 1, 2, 1, 2]
    third = traces.iloc[2]
    assert third["error_class"] == "not-found"
    assert third["error_template"] == "Error: record <n> not found"
    assert third["first_failed_name"] == "search"
    assert third["input_tokens"] == 300
    assert traces["failed"].sum() == 12


def test_only_telling_attributes_become_columns() -> None:
    assert list(features_of(*RECORDS).attributes.columns) == ["tag.region"]


def test_assessments_know_pass_and_fail() -> None:
    table = features_of(
        trace(
            assessments=[
                feedback("a", "yes"),
                feedback("b", 0.7),
                feedback("c", False, error="judge failed"),
            ]
        )
    ).assessments
    assert list(table["passed"]) == [True, None, None]


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ("plain", "plain"),
        (
            {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "hi"}]},
            "hi",
        ),
        ([{"role": "user", "parts": [{"type": "text", "text": "hi"}]}], "hi"),
        ({"kwargs": {"question": "why?"}}, "why?"),
        ({"contents": [{"role": "user", "parts": [{"text": "hi"}]}], "model": "m"}, "hi"),
        (
            {
                "messages": [
                    {
                        "lc": 1,
                        "id": ["langchain_core", "messages", "HumanMessage"],
                        "kwargs": {"content": "hi"},
                    }
                ]
            },
            "hi",
        ),
        ('{"query": "where?"}', "where?"),
        (None, ""),
    ],
)
def test_requests_are_found_in_many_shapes(payload, text: str) -> None:
    assert request_text(payload) == text


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ("plain", "plain"),
        ({"choices": [{"message": {"role": "assistant", "content": "yes"}}]}, "yes"),
        ({"candidates": [{"content": {"role": "model", "parts": [{"text": "yes"}]}}]}, "yes"),
        (
            {
                "messages": [
                    {"role": "user", "content": "q"},
                    {"role": "assistant", "content": "yes"},
                ]
            },
            "yes",
        ),
        ({"content": [{"type": "text", "text": "yes"}], "role": "assistant"}, "yes"),
        ({"answer": "yes", "sources": [1]}, "yes"),
        ({"answer": 42}, "42"),
        (None, ""),
    ],
)
def test_answers_are_found_in_many_shapes(payload, text: str) -> None:
    assert answer_text(payload) == text


def test_escapes_in_encoded_json_stay_text() -> None:
    assert answer_text('{"content": "\\u001b[2J"}') == "␛[2J"


def test_an_objects_repr_is_no_model_name() -> None:
    assert (
        model_name({"mlflow.llm.model": "<openai.Client object at 0x7f>"}, {"model": "gpt-x"})
        == "gpt-x"
    )


def test_templates_mask_what_varies() -> None:
    masked = templates(
        pd.Series(["order A-17 of 'Ann' failed in 3.2 s", "order B-9 of 'Bob' failed in 11 s", ""])
    )
    assert masked[0] == masked[1]
    assert masked[2] == ""


def test_what_this_program_wrote_back_is_no_evidence() -> None:
    ours = replace(feedback("rate_limited", "found", source="CODE"), source_id="mlflow-tui")
    made = features_of(trace(model("answer"), assessments=[ours, feedback("helpful", False)]))
    assert list(made.assessments["name"]) == ["helpful"]

"""What is stored of spans is checked while it is parsed, and becomes records later."""

from __future__ import annotations

import json
import pickle
import random
from dataclasses import replace
from typing import Any

import pytest

from mlflow_analysis.records import TraceInfo, TraceRecord
from mlflow_analysis.tracking.convert import trace_record
from mlflow_analysis.tracking.span_content import SpanContent, parsed_together, span_content
from mlflow_analysis.tracking.stored_spans import in_order, records_in_order, span_records
from mlflow_analysis.tracking.stored_traces import StoredTrace, stored_trace
from tracking.test_convert import stored_span

INFO = TraceInfo("tr-1", "1", "OK", 1_000, 5.0, "asked", "answered", name="agent")


def row_of(*contents: str, count: int | None = None) -> str:
    """As the database puts it together."""
    number = len(contents) if count is None else count
    return f'{{"spans":[{",".join(contents)}],"count":{number}}}'


def together(*spans: dict[str, Any]) -> list[SpanContent]:
    found = parsed_together(row_of(*map(json.dumps, spans)))
    assert found is not None
    return found


def spans_of_a_trace() -> list[dict[str, Any]]:
    failed = {"code": "STATUS_CODE_ERROR", "message": "no \x1b[31m answer"}
    raised = {
        "name": "exception",
        "time_unix_nano": 5,
        "attributes": {"exception.message": "no", "tries": 3, "of": ["a", None, 1.5]},
    }
    root = stored_span(
        **{"mlflow.spanType": '"AGENT"', "mlflow.spanInputs": '{"q": 1}', "a": "[2]"}
    )
    return [
        root,
        {**stored_span(), "span_id": "AAAAAAAAAAI=", "parent_span_id": "AAAAAAAAAAE="},
        {**stored_span(), "span_id": "AAAAAAAAAAM=", "status": failed, "events": [raised]},
        {**stored_span(), "span_id": "an odd id", "end_time_unix_nano": None, "links": []},
        {**stored_span(), "span_id": "AAAAAAAAAAQ=", "attributes": {"number": 3, "list": ["x"]}},
    ]


def test_spans_parsed_together_are_those_parsed_one_by_one() -> None:
    spans = spans_of_a_trace()

    assert records_in_order(together(*spans)) == in_order(span_records(map(span_content, spans)))


def test_what_a_span_leaves_out_is_not_there() -> None:
    least = {"span_id": "AAAAAAAAAAE=", "name": "least", "start_time_unix_nano": 7}

    (span,) = records_in_order(together(least))

    assert (span.parent_id, span.end_ns, span.status, span.kind) == (None, None, "UNSET", "UNKNOWN")
    assert (span.inputs, dict(span.attributes), span.events) == (None, {}, ())


@pytest.mark.parametrize(
    "damage",
    [
        {"attributes": 3},
        {"attributes": None},
        {"span_id": None},
        {"name": None},
        {"start_time_unix_nano": "soon"},
        {"start_time_unix_nano": 1.5},
        {"status": "bad"},
        {"events": [3]},
        {"events": 3},
        {"events": [{"name": "deep", "attributes": {"a": [["b"]]}}]},
    ],
)
def test_another_form_is_left_to_a_closer_look(damage: dict[str, Any]) -> None:
    row = row_of(json.dumps(stored_span()), json.dumps({**stored_span(), **damage}))

    assert parsed_together(row) is None


@pytest.mark.parametrize(
    "content", ["{broken", "[]", "3", "null", '{"attributes": NaN}', '{"name": "\\ud800"}', ""]
)
def test_text_of_another_form_is_left_to_a_closer_look(content: str) -> None:
    assert parsed_together(row_of(json.dumps(stored_span()), content)) is None


def test_a_row_must_hold_as_many_spans_as_there_are() -> None:
    content = json.dumps(stored_span())

    assert parsed_together(row_of(content, content, count=1)) is None


def test_nesting_deeper_than_python_goes_is_left_to_a_closer_look() -> None:
    deep = f'{{"a": {"[" * 5_000}{"]" * 5_000}}}'
    content = json.dumps(stored_span()).replace('"attributes": {}', f'"attributes": {deep}')

    assert parsed_together(row_of(content)) is None


def test_a_kind_that_is_no_text_is_none() -> None:
    deep = "[" * 900 + "]" * 900

    (span,) = records_in_order(together(stored_span(**{"mlflow.spanType": deep})))

    assert span.kind == "UNKNOWN"


def test_order_is_the_same_however_spans_are_stored() -> None:
    chance = random.Random(7)
    ids = [f"AAAAAAAAA{letter}E=" for letter in "zyxAB+/09a"]
    for _ in range(300):
        spans = [
            {
                **stored_span(),
                "span_id": span_id,
                "parent_span_id": chance.choice([None, *ids[:at]]) if at else None,
                "start_time_unix_nano": chance.choice([1, 1, 2, 3]),
            }
            for at, span_id in enumerate(ids[: chance.randint(1, len(ids))])
        ]
        expected = in_order(span_records(map(span_content, spans)))
        chance.shuffle(spans)
        assert records_in_order(together(*spans)) == expected
        places = {span.span_id: at for at, span in enumerate(expected)}
        for span in expected:
            parent = places.get(span.parent_id or "")
            if parent is not None and expected[parent].start_ns == span.start_ns:
                assert parent < places[span.span_id]


# ---- traces ------------------------------------------------------------------------------------


def a_trace() -> TraceRecord:
    return stored_trace(INFO, together(*spans_of_a_trace()))


def plain() -> TraceRecord:
    return trace_record(INFO, span_records(map(span_content, spans_of_a_trace())))


def test_a_trace_equals_the_record_it_stands_for_from_both_sides() -> None:
    assert type(a_trace()) is StoredTrace
    assert a_trace() == plain()
    assert plain() == a_trace()
    assert replace(a_trace(), mark="another") == a_trace()
    assert a_trace() != replace(plain(), info=replace(INFO, name="other"))


def test_a_trace_travels_as_a_plain_record_with_its_mark() -> None:
    sent = pickle.loads(pickle.dumps(replace(a_trace(), mark="as read")))

    assert type(sent) is TraceRecord
    assert (sent, sent.mark) == (plain(), "as read")
    assert type(pickle.loads(pickle.dumps(a_trace()))) is TraceRecord


def test_a_trace_without_a_name_has_that_of_its_root() -> None:
    nameless = replace(INFO, name="")

    assert stored_trace(nameless, together(*spans_of_a_trace())).info.name == "a span"

"""Stored spans → records: what may be in them, and what never comes out of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlflow_analysis.records import SpanRecord
from mlflow_analysis.tracking.span_content import span_content
from mlflow_analysis.tracking.stored_spans import in_order, span_records
from mlflow_analysis.untrusted import printable


def stored_span(**attributes: str) -> dict[str, Any]:
    """A span as MLflow keeps it."""
    return {
        "span_id": "AAAAAAAAAAE=",
        "parent_span_id": None,
        "name": "a span",
        "start_time_unix_nano": 1,
        "end_time_unix_nano": 2,
        "status": {"code": "STATUS_CODE_OK", "message": ""},
        "attributes": attributes,
        "events": [],
    }


def record_of(stored: dict[str, Any], *, loaded: bool = True) -> SpanRecord:
    (record,) = span_records([span_content(stored)], loaded=loaded)
    return record


OBEYED = [
    *range(0x09),
    *range(0x0B, 0x20),
    *range(0x7F, 0xA0),
    *(0x61C, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202E, 0x2066, 0x2069),
    *(0xFEFF, 0xFFF9, 0xFFFB, 0xD800, 0xDC00, 0xDFFF),
]


def inputs_of(text: str) -> Any:
    return record_of(stored_span(**{"mlflow.spanInputs": text})).inputs


@pytest.mark.parametrize(
    ("stored", "value"),
    [
        ('{"a": [1, 2.5, true, null]}', {"a": [1, 2.5, True, None]}),
        ('"plain"', "plain"),
        ("not JSON", "not JSON"),
        ("", ""),
        ("null", None),
        ('{"a": NaN}', {"a": "NaN"}),
        ('"\\ud800"', "\ufffd"),
        ('{"\\u001b": "\\b"}', {"\u241b": "\u2408"}),
        ('"tab\\tand\\nnewline"', "tab\tand\nnewline"),
        ('"a\\r\\nb"', "a\nb"),
    ],
)
def test_attribute_values_are_json_made_printable(stored: str, value: Any) -> None:
    assert inputs_of(stored) == value


@pytest.mark.parametrize("code", OBEYED)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_no_character_that_a_terminal_obeys_gets_through(code: int, ascii_only: bool) -> None:
    text = f"a{chr(code)}b"

    stored = json.dumps({text: [text]}, ensure_ascii=ascii_only)

    shown = printable(text)
    assert shown != text
    assert inputs_of(stored) == {shown: [shown]}


def test_json_nested_too_deep_to_walk_stays_text() -> None:
    stored = "[" * 5_000 + '"\\u001b"' + "]" * 5_000

    assert inputs_of(stored) == stored


def test_ids_are_hexadecimal_as_everywhere_else() -> None:
    assert record_of(stored_span()).span_id == "0000000000000001"


def span(span_id: str, parent_id: str | None, start_ns: int) -> SpanRecord:
    return SpanRecord(span_id, parent_id, span_id, "TOOL", "OK", "", start_ns, start_ns + 1)


def test_spans_stand_in_order_of_start_and_parents_before_children() -> None:
    spans = [span("a", "b", 5), span("b", "c", 5), span("c", None, 5), span("d", "c", 1)]

    assert [each.span_id for each in in_order(spans)] == ["d", "c", "b", "a"]


def test_spans_that_are_their_own_ancestors_are_put_in_order_too() -> None:
    spans = [span("a", "b", 1), span("b", "a", 1), span("c", "c", 0)]

    assert {each.span_id for each in in_order(spans)} == {"a", "b", "c"}

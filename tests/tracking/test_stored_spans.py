"""Spans that decode themselves on first use are the same to whoever looks."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from mlflow_analysis.records import SpanRecord
from mlflow_analysis.tracking.stored_spans import OTHER_CONVENTIONS, in_order
from tracking.test_convert import record_of, stored_span


def a_span(**attributes: Any) -> SpanRecord:
    texts = {name: json.dumps(value) for name, value in attributes.items()}
    return record_of(stored_span(**texts))


def plain(span: SpanRecord) -> SpanRecord:
    """All fields decoded, in a ``SpanRecord`` of no special kind."""
    return SpanRecord(
        span.span_id, span.parent_id, span.name, span.kind, span.status, span.status_message,
        span.start_ns, span.end_ns, span.inputs, span.outputs, dict(span.attributes), span.events,
    )  # fmt: skip


SPAN = {"mlflow.spanInputs": {"q": 1}, "mlflow.spanOutputs": "found", "b": [1], "a": "x"}


def test_it_equals_the_record_it_stands_for_from_both_sides() -> None:
    assert a_span(**SPAN) == plain(a_span(**SPAN))
    assert plain(a_span(**SPAN)) == a_span(**SPAN)
    assert a_span(**SPAN) != a_span(**{**SPAN, "a": "y"})
    assert a_span(**SPAN) != "a span"


def test_it_travels_as_a_plain_record() -> None:
    sent = pickle.loads(pickle.dumps(a_span(**SPAN)))

    assert sent == plain(a_span(**SPAN))
    assert type(sent) is SpanRecord


def test_it_can_be_replaced_in_part_and_shown() -> None:
    changed = replace(a_span(**SPAN), inputs=None)

    assert changed == replace(plain(a_span(**SPAN)), inputs=None)
    assert type(changed) is SpanRecord
    assert "'found'" in repr(a_span(**SPAN))
    with pytest.raises(AttributeError):
        _ = a_span(**SPAN).colour  # type: ignore[attr-defined]


def test_attributes_are_a_mapping_in_order_of_name() -> None:
    attributes = a_span(**SPAN).attributes

    assert list(attributes) == ["a", "b"]
    assert attributes == {"a": "x", "b": [1]}
    assert attributes.get("a") == attributes["a"] == "x"
    assert (attributes.get("c"), attributes.get("c", 3), "c" in attributes) == (None, 3, False)
    with pytest.raises(KeyError):
        attributes["c"]
    assert attributes["b"] is attributes["b"]


def test_equal_definitions_of_tools_are_decoded_once() -> None:
    def tools(name: str, description: str) -> Any:
        return a_span(**{name: [{"description": description}]}).attributes[name]

    assert tools("mlflow.chat.tools", "adds") is tools("mlflow.chat.tools", "adds")
    assert tools("mlflow.chat.tools", "adds") != tools("mlflow.chat.tools", "divides")
    assert tools("mlflow.chat.tools", "\x1b") == [{"description": "␛"}]
    for name, description in (("mlflow.chat.tools", "long" * 5_000), ("messages", "adds")):
        one, other = tools(name, description), tools(name, description)
        assert one == other
        assert one is not other  # it would fill the memory for little


@pytest.mark.parametrize(
    "damage",
    [
        {"attributes": 3},
        {"attributes": "text"},
        {"span_id": None},
        {"start_time_unix_nano": "soon"},
        {"status": "bad"},
        {"events": [3]},
        {"events": 3},
    ],
)
def test_damage_shows_at_once_and_not_when_somebody_looks(damage: dict[str, Any]) -> None:
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        record_of({**stored_span(), **damage})


def test_an_attribute_that_is_no_text_is_taken_as_it_is() -> None:
    deep: Any = "end"
    for _ in range(900):
        deep = [deep]
    span = record_of({**stored_span(), "attributes": {"n": 3, "list": ["\x1b"], "deep": deep}})

    assert (span.attributes["n"], span.attributes["list"]) == (3, ["␛"])
    assert span.attributes["deep"] == "(nested too deeply to be read)"


# ---- kinds of other conventions ---------------------------------------------------------------


class Asked(Mapping[str, Any]):
    """No attributes at all, and a record of which were asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.names.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 1


def test_mlflow_looks_for_kinds_in_no_other_attributes() -> None:
    from mlflow.tracing.otel.translation import translate_span_type_from_otel

    asked = Asked()
    translate_span_type_from_otel(asked)  # type: ignore[arg-type]

    assert "openinference.span.kind" in asked.names
    assert {name for name in asked.names if not name.startswith(OTHER_CONVENTIONS)} == set()


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("openinference.span.kind", "RETRIEVER", "RETRIEVER"),
        ("gen_ai.operation.name", "execute_tool", "TOOL"),
        ("lk.function_tool.name", "x", "TOOL"),
        ("app.kind", "TOOL", "UNKNOWN"),
    ],
)
def test_a_kind_of_another_convention_is_read_as_mlflow_reads_it(
    name: str, value: str, kind: str
) -> None:
    from mlflow.tracing.otel.translation import translate_loaded_span

    stored = stored_span(**{"mlflow.spanType": '"UNKNOWN"', name: json.dumps(value)})

    assert record_of(deepcopy(stored), loaded=False).kind == kind
    assert record_of(translate_loaded_span(stored)).kind == kind


def test_spans_that_start_together_come_after_their_parents_however_deep() -> None:
    chain = [
        SpanRecord(
            f"{number:016x}", f"{number + 1:016x}", "step", "CHAIN", "OK", "", start_ns=1, end_ns=2
        )
        for number in range(20_000)
    ]
    assert in_order(chain) == tuple(chain[::-1])

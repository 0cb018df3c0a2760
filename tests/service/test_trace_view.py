"""A trace on its way to the screen: what spans hold travels packed, and nothing of it is lost."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import pytest

from mlflow_analysis.protocol import PackedJson, unpacked
from mlflow_analysis.protocol.sent_spans import BLOCK
from mlflow_analysis.service.trace_view import packed, trace_view
from trace_factory import tool, trace

ROWS = [{"id": number, "note": "in Porto", "ratio": 0.1 * number} for number in range(5_000)]


def test_large_payloads_are_packed_and_come_out_the_same() -> None:
    view = trace_view(trace(tool("search", inputs={"q": "vase"}, outputs={"rows": ROWS}), number=1))
    span = pickle.loads(pickle.dumps(view)).spans[1]
    assert span.record.inputs == {"q": "vase"}
    assert isinstance(span.record.outputs, PackedJson)
    assert unpacked(span.record.outputs) == {"rows": ROWS}


@pytest.mark.parametrize(
    "value",
    [
        {"rows": ROWS[:10]},
        "x" * 1_000_000,
        {"rows": ROWS, "n": 2**70},
        {"rows": ROWS, "n": float("nan")},
    ],
)
def test_what_is_small_or_what_json_cannot_say_is_sent_as_it_is(value: Any) -> None:
    assert packed(value) is value


def test_a_trace_comes_out_equal() -> None:
    view = trace_view(
        trace(
            tool("search", inputs={"q": "vase"}, outputs=[1, None, "é"], attributes={"a.b": [1.5]}),
            tool("pay", status="ERROR", message="declined"),
            number=1,
        ),
        ("a finding",),
    )
    received = pickle.loads(pickle.dumps(view))
    assert received == view
    assert pickle.loads(pickle.dumps(received)) == view
    changed = replace(received.spans[1].record, outputs=[1])
    assert changed != view.spans[1].record


def test_what_the_user_said_is_told_apart_from_how_it_was_sent() -> None:
    record = trace(tool("search"), number=1)
    sent = '{"messages": [{"role": "user", "content": "Where is it?"}]}'
    view = trace_view(replace(record, info=replace(record.info, request_preview=sent)))
    assert pickle.loads(pickle.dumps(view)).request == "Where is it?"


def test_looking_at_a_span_unpacks_its_block_and_no_other() -> None:
    view = trace_view(trace(*[tool("search", outputs=[n]) for n in range(3 * BLOCK)], number=1))
    received = pickle.loads(pickle.dumps(view))
    records = [span.record for span in received.spans]
    assert records[BLOCK].name == "search"
    assert [is_unpacked(record) for record in records] == [False] * len(records)
    assert records[BLOCK].outputs == [BLOCK - 1]  # the root comes first
    assert [number for number, each in enumerate(records) if is_unpacked(each)] == list(
        range(BLOCK, 2 * BLOCK)
    )


def is_unpacked(record: Any) -> bool:
    return record._block._spans is not None

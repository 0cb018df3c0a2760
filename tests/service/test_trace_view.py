"""A trace on its way to the screen: large payloads travel as JSON, and nothing of them is lost."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from mlflow_analysis.protocol import PackedJson, unpacked
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

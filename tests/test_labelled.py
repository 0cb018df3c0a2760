"""The scorer for recorded traces, on a folder that is made up."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from benchmarks.neutral import data_sets

from benchmarks import labelled


def _span(number: int, kind: str, outputs: object, parent: str | None) -> dict:
    return {
        "span_id": f"{number:016x}", "parent_id": parent, "name": "book", "type": kind,
        "start_ns": number * 10**9, "end_ns": (number + 1) * 10**9, "status": "OK", "status_message": "",
        "inputs": None, "outputs": outputs, "model": None, "usage": None, "attributes": {}, "events": [],
    }  # fmt: skip


def _trace(number: int, *outputs: object) -> dict:
    root = _span(number * 100, "AGENT", "Done.", None)
    calls = [
        _span(number * 100 + at, "TOOL", each, root["span_id"])
        for at, each in enumerate(outputs, 1)
    ]
    return {
        "trace_id": f"{number:032x}",
        "name": "agent",
        "session_id": f"s{number // 2}",
        "tags": {},
        "spans": [root, *calls],
    }


def _label(number: int, at: int, category: str, layer: str = "environment") -> dict:
    return {"category": category, "layer": layer, "location": f"{number * 100 + at:016x}"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    traces = [
        _trace(1, "Error: order 5 not found", "fine"),
        _trace(2, "fine", "HTTP 503"),
        _trace(3, "no failure by our lights"),
        _trace(4, "Error: HTTP 429"),
    ]
    labels = [
        [_label(1, 1, "tool_error")],
        [_label(2, 2, "rate-limited"), _label(2, 1, "decisive_error", "human")],
        [_label(3, 1, "tool_error")],
        [_label(4, 1, "RateLimitError", "recorded_exception")],
    ]
    said = [
        {"unit": "trace", "trace_id": trace["trace_id"], "session_id": None, "outcome": None, "labels": own}
        for trace, own in zip(traces, labels, strict=True)
    ] + [{"unit": "session", "session_id": "s1", "outcome": {"success": False}, "labels": []}]  # fmt: skip
    with gzip.open(tmp_path / "made.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(json.dumps(each) for each in traces))
    (tmp_path / "made.labels.jsonl").write_text("\n".join(json.dumps(each) for each in said))
    return tmp_path


def test_pairs_of_trace_and_class_are_counted(folder: Path) -> None:
    (data,) = data_sets(folder)
    result = labelled.score(data)

    # the human label is no failure; 503 is not the class that was labelled; one was not found
    assert (result.labelled, result.recalled) == (4, 2)
    assert [label.trace_id[-1] for label in result.misses] == ["2", "3"]
    assert (result.found, result.agreeing) == (3, 2)
    assert [each.failure.error_class for each in result.extras] == ["api-failure"]
    assert result.spans_hit == 3
    assert (result.recall, result.strict, result.reviewed) == (
        0.5,
        pytest.approx(2 / 3),
        result.strict,
    )


def test_an_extra_counts_as_right_once_a_reader_says_so(folder: Path) -> None:
    (data,) = data_sets(folder)
    read = frozenset({(f"tr-{2:032x}", f"{202:016x}")})

    assert labelled.score(data, read).reviewed == 1.0
    assert labelled.score(data, read).strict < 1.0


def test_a_sessions_outcome_is_an_assessment_of_its_last_trace(folder: Path) -> None:
    (data,) = data_sets(folder)
    assessed = {each.info.trace_id[-1]: each.info.assessments for each in data.records}

    assert data.outcomes == 1
    assert [(each.name, each.value) for each in assessed["3"]] == [("task_success", False)]
    assert assessed["2"] == ()


def test_limits_are_held_against_recall_and_reviewed_precision(folder: Path) -> None:
    figures, table = labelled.measure(folder)

    assert [figure.kept for figure in figures] == [False, None, False]
    assert "0% of 1 succeeded" in table

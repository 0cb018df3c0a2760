"""Spans are numbered, and know the numbers of their traces and parents."""

from __future__ import annotations

import weakref
from dataclasses import replace

import numpy as np
import pandas as pd

from mlflow_analysis.features.batch import batch_of
from mlflow_analysis.features.extract import extract
from mlflow_analysis.features.frames import frames
from mlflow_analysis.features.tables import Features
from mlflow_analysis.records import TraceRecord
from trace_factory import chain, features_of, tool, trace


def _names_of_parents(features: Features) -> dict[str, str]:
    """The name of each span's parent, by its own name; "" for those at the top."""
    names = features.spans["name"].to_numpy(dtype=object)
    return dict(zip(names, np.append(names, "")[features.parent_at], strict=True))


def _nested() -> TraceRecord:
    return trace(chain("step", tool("search"), tool("read")), tool("write"))


def test_spans_are_numbered_in_the_order_of_their_traces() -> None:
    later, earlier = trace(tool("b"), start_ms=2e12), trace(tool("a"), start_ms=1e12)
    spans = features_of(later, earlier).spans
    assert list(spans.index) == [0, 1, 2, 3]
    assert list(spans["trace"]) == [0, 0, 1, 1]
    assert set(spans[spans["trace"] == 0]["trace_id"]) == {earlier.info.trace_id}


def test_ids_of_spans_need_be_distinct_within_a_trace_only() -> None:
    same = [replace(span, parent_id=None) for span in trace(tool("alone")).spans]
    others = trace(*(tool(f"t{n}") for n in range(3)))
    features = features_of(_nested(), replace(others, spans=same), _nested())
    steps = np.flatnonzero(features.spans["name"] == "step")
    for step, trace_at in zip(steps, features.trace_at[steps], strict=True):
        below = features.spans[features.parent_at == step]
        assert list(below["name"]) == ["search", "read"]
        assert set(below["trace"]) == {trace_at}


def test_a_span_stands_below_its_parent_or_at_the_top() -> None:
    record = _nested()
    parents = _names_of_parents(features_of(record))
    root = record.spans[0].name
    assert parents == {root: "", "step": root, "search": "step", "read": "step", "write": root}


def test_a_span_whose_parent_was_not_recorded_stands_at_the_top() -> None:
    record = _nested()
    kept = [span for span in record.spans if span.name != "step"]
    features = features_of(replace(record, spans=kept))
    root = record.spans[0].name
    assert _names_of_parents(features) == {root: "", "search": "", "read": "", "write": root}


def test_an_id_recorded_twice_does_no_harm() -> None:
    record = _nested()
    root, step, *rest = record.spans
    twice = [root, step, replace(step, name="again"), *rest]
    features = features_of(replace(record, spans=twice))
    parents = features.parent_at
    held = parents >= 0
    depth = features.spans["depth"].to_numpy()
    assert (depth[parents[held]] == depth[held] - 1).all()


def test_a_part_numbers_its_own_spans() -> None:
    features = features_of(*(_nested() for _ in range(4)))
    part = features.part(np.array([False, True, False, True]))
    assert list(part.spans.index) == list(range(10))
    assert list(part.trace_at) == [0] * 5 + [1] * 5
    assert list(part.traces["place"]) == [0, 1]
    assert _names_of_parents(part) == _names_of_parents(features)
    assert set(part.trace_at[part.parent_at[5:]][part.parent_at[5:] >= 0]) == {1}


def test_a_part_takes_over_what_its_traces_tell_of_themselves() -> None:
    failing = [trace(tool("search", outputs="503 Service Unavailable")) for _ in range(2)]
    features = features_of(failing[0], _nested(), failing[1], _nested())
    part = features.part(np.array([False, True, True, True]))
    worked_out = replace(part)
    assert len(part.failures) == 1
    pd.testing.assert_frame_equal(part.failures, worked_out.failures)
    assert list(part.is_call) == list(worked_out.is_call)
    assert list(part.is_model_call) == list(worked_out.is_model_call)


def test_what_was_converted_is_let_go() -> None:
    batches = [batch_of([extract(_nested())]) for _ in range(3)]
    held = [weakref.ref(batch.spans) for batch in batches]
    tables = frames(batches, np.arange(3))
    assert len(tables.spans) == 15
    assert batches == [] and [each() for each in held] == [None] * 3

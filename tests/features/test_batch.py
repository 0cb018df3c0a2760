"""Columns that travel: the same tables however the traces were divided, and a version that tells what they hold."""

from __future__ import annotations

import hashlib
import pickle
import random
from dataclasses import replace

import pandas as pd
import pytest

import stores
from mlflow_analysis.features.batch import SPANS, batch_of, joined
from mlflow_analysis.features.build import build_features, features_of
from mlflow_analysis.features.extract import EXTRACTION, extract
from mlflow_analysis.features.failures import failure_of
from mlflow_analysis.features.payload import as_text, canonical, key_of
from mlflow_analysis.features.tables import Features
from trace_factory import chain, feedback, model, retriever, tool, trace

RECORDS = [
    *stores.small_traces(),
    *(
        trace(
            model("plan", tokens=(100 * number, 10) if number % 3 else None),
            retriever("search docs", outputs=[{"page_content": "30 days"}] * (number % 4)),
            tool("charge", outputs=f"Error: card {number} declined" if number % 5 == 0 else "ok"),
            request=f"Question {number % 7}",
            session=f"s{number // 2}",
            tags={"region": ("eu", "us", "")[number % 3], f"only-{number}": "x"},
            assessments=[feedback("helpful", number % 2 == 0), feedback("score", 0.5)],
            number=100 + number,
        )
        for number in range(1, 31)
    ),
]


def assert_same(one: Features, other: Features) -> None:
    pd.testing.assert_frame_equal(one.spans.frame, other.spans.frame)
    for name in ("traces", "assessments", "attributes"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_however_the_traces_are_divided_the_tables_are_the_same(size: int) -> None:
    shuffled = [extract(record) for record in RECORDS]
    random.Random(size).shuffle(shuffled)
    batches = [batch_of(shuffled[at : at + size]) for at in range(0, len(shuffled), size)]
    assert_same(features_of(batches), build_features([extract(record) for record in RECORDS]))


def test_nothing_is_lost_on_the_way() -> None:
    there = pickle.loads(pickle.dumps(batch_of([extract(record) for record in RECORDS])))
    features = features_of([there])
    for record in RECORDS:
        told = features.spans[features.spans["trace_id"] == record.info.trace_id]
        failures = [failure_of(span) for span in record.spans]
        assert list(told["span_id"]) == [span.span_id for span in record.spans]
        assert list(told["name"]) == [span.name for span in record.spans]
        assert list(told["output"]) == [as_text(span.outputs) for span in record.spans]
        assert list(told["arguments_key"]) == [
            "" if span.inputs is None else key_of(canonical(span.inputs)) for span in record.spans
        ]
        assert list(told["error_message"]) == [each.message if each else "" for each in failures]
        assert list(told["failed"]) == [each is not None for each in failures]
    recorded = sum(len(record.info.assessments) for record in RECORDS)
    assert len(features.assessments) == recorded > 0
    verdicts = features.assessments.groupby("name")["passed"].agg(set)
    assert verdicts["helpful"] >= {True, False}
    assert verdicts["score"] == {None}


def test_what_few_spans_have_stands_with_them_alone() -> None:
    counted = tool("search", outputs="found", attributes={"gen_ai.usage.input_tokens": 7})
    record = trace(model("plan", tokens=(10, 2)), chain("step"), counted, number=1)
    spans = build_features([extract(record)]).spans.frame.set_index("name")
    assert spans["input_tokens"].dropna().to_dict() == {"plan": 10, "search": 7}
    assert spans["output_tokens"].dropna().to_dict() == {"plan": 2}
    for column, of in (("model", "plan"), ("tool", "search")):
        assert list(spans.index[spans[column] != ""]) == [of]
    empty = spans.loc["step"]
    assert [empty["output"], empty["arguments_key"], empty["error_class"]] == ["", "", ""]
    assert [empty["documents"], empty["error_status"], empty["failed"]] == [-1, -1, False]


def test_equal_texts_are_one_object() -> None:
    # not in one batch: then they may have been one object before
    batches = [batch_of([extract(record)]) for record in RECORDS]
    spans = features_of(batches).spans.frame
    answers = spans.loc[spans["output"].str.contains("30 days"), "output"]
    assert len(answers) > 5
    assert len({id(text) for text in answers}) == answers.nunique()


def test_no_traces_are_tables_too() -> None:
    assert_same(features_of([]), build_features([]))
    assert joined([]).spans.schema == SPANS
    assert {"trace_id", "span_id", "name"} <= set(features_of([]).spans.frame.columns)


def test_a_lone_surrogate_is_shown_as_such() -> None:
    record = trace(tool("echo", outputs="half \ud83d of it"), number=1)
    assert "half \ufffd of it" in set(build_features([extract(record)]).spans["output"])


def test_times_that_fit_in_no_column_cost_no_other_trace() -> None:
    odd, ordinary = trace(tool("a"), number=1), trace(tool("b", ms=30), number=2)
    late = replace(odd, spans=tuple(replace(each, end_ns=10**30) for each in odd.spans))
    spans = build_features([extract(late), extract(ordinary)]).spans.frame
    assert list(spans.loc[spans["name"] == "b", "duration_ms"]) == [30]


def test_the_version_says_what_extraction_gives() -> None:
    """Fails whenever ``extract`` gives other rows: raise ``EXTRACTION``, then write the new digest here."""
    batch = batch_of([extract(record) for record in RECORDS])
    told = repr([(table.column_names, table.to_pylist()) for table in batch.tables])
    digest = hashlib.blake2b(told.encode("utf-8", "replace"), digest_size=8).hexdigest()
    assert (EXTRACTION, digest) == (2, "149eec45d2592957")

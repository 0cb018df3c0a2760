"""Traces of every shape that readers must agree on, written to any store that MLflow can write."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy

import stores
from mlflow_analysis.records import Assessment, SpanEvent, TraceRecord
from mlflow_analysis.tracking import tables
from mlflow_analysis.tracking.environment import load_mlflow
from trace_factory import EPOCH_MS, chain, feedback, model, retriever, tool, trace

EXPERIMENT = "shapes"
Execute = Callable[..., None]
"""Runs one statement, with named parameters, on the store's database."""


def plain_shapes() -> list[TraceRecord]:
    """Complete traces: frameworks' attributes, odd values, hostile text, judgements of all kinds."""
    return [
        *stores.small_traces(),
        trace(
            chain(
                "graph",
                model(
                    "ChatOpenAI",
                    inputs={"messages": [{"role": "user", "content": "où est-il? 你好 \u200e"}]},
                    outputs={"choices": [{"message": {"content": "là", "tool_calls": []}}]},
                    attributes={
                        "gen_ai.request.model": "sonata",
                        "llm.input_messages.0.message.role": "user",
                        "numbers": [0, -1, 2.5, 1e-9, 12345678901234567],
                        "nested": {"a": {"b": [None, True, {"c": ""}]}},
                        "empty": [],
                        "text that is JSON": '{"a": 1}',
                        "name with \x1b[31m in it": "red",
                        "mlflow.chat.tools": [{"type": "function", "function": {"name": "find"}}],
                    },
                ),
                tool("find", inputs="a text", outputs=None),
                retriever("recall", outputs=[]),
                outputs=[1, "two", None],
            ),
            number=40,
            tags={"né": "là", "empty": "", "line": "a\r\nb\tc", "quote": '"\\ \x7f'},
            metadata={"app": "1.0", "hostile": stores.HOSTILE},
            assessments=[
                feedback("helpful", 4, rationale="good\x1b[2J"),
                feedback("score", 0.5, source="CODE"),
                feedback("labels", ["a", "b"], source="LLM_JUDGE"),
                feedback("parts", {"tone": "kind", "n": 2}),
                feedback("unknown", None),
                feedback("judge", None, error="JUDGE_ERROR: quota exceeded", source="LLM_JUDGE"),
                _judgement("expected_facts", "expectation", {"facts": ["x"], "n": 1}),
                _judgement("expected_response", "expectation", "It is there."),
                _judgement("is-1", "issue", "Slow search"),
                replace(feedback("of a span", True), span_id="0000000000000002"),
            ],
        ),
        _with_events(trace(tool("save", status="ERROR", message="no"), state="ERROR", number=41)),
        trace(root_kind="UNKNOWN", number=42),  # one span, of no kind
        trace(model(tokens=None), request="", response="", number=43),
        trace(
            tool("fetch", outputs="page " * 300_000), number=44
        ),  # more than databases join unasked
    ]


def write_shapes(uri: str, artifacts: Path, execute: Execute) -> None:
    """Write ``plain_shapes()`` and, by its tag ``shape``, a trace of each other shape there is.

    These are: in a file, in a file that is gone, running, without spans, with too few spans, damaged,
    without name, with a span of another convention, and with a judgement that was replaced.
    """
    experiment_id = stores.write(plain_shapes(), uri, EXPERIMENT, artifacts)
    client = load_mlflow().MlflowClient(tracking_uri=uri)
    for number, shape in enumerate(("file", "lost file"), start=50):
        _write_to_file(client, experiment_id, _shaped(shape, number), keep=shape == "file")
    for number, shape in enumerate(
        ("none", "too few", "damaged", "nameless", "foreign", "replaced"), start=60
    ):
        stores.write_one(client, experiment_id, _shaped(shape, number))
    running = trace(model(), state="IN_PROGRESS", response="", tags={"shape": "running"}, number=70)
    stores.write_one(client, experiment_id, replace(running, spans=()))
    _damage(execute)
    _replace_judgement(client, trace_id_of("replaced"))


def trace_id_of(shape: str) -> str:
    """The id of the trace of that shape."""
    numbers = {"file": 50, "lost file": 51, "none": 60, "too few": 61, "damaged": 62}
    numbers |= {"nameless": 63, "foreign": 64, "replaced": 65, "running": 70}
    return f"tr-{numbers[shape]:032x}"


def _shaped(shape: str, number: int) -> TraceRecord:
    judgements = [feedback("helpful", False)] if shape == "replaced" else []
    spans = [tool("step", inputs={"n": 1}), model()]
    if shape == "foreign":
        spans = [tool("step", attributes={"openinference.span.kind": "RERANKER"})]
    return trace(*spans, number=number, tags={"shape": shape}, assessments=judgements)


def _damage(execute: Execute) -> None:
    spans = "FROM spans WHERE trace_id = :id"
    execute(f"DELETE {spans}", id=trace_id_of("none"))
    execute(f"DELETE {spans} AND parent_span_id IS NOT NULL", id=trace_id_of("too few"))
    execute(
        sqlalchemy.insert(tables.METADATA),
        key="mlflow.trace.sizeStats",
        value=json.dumps({"num_spans": 3, "total_size_bytes": 9}),
        request_id=trace_id_of("too few"),
    )
    execute(
        "UPDATE spans SET content = :content WHERE trace_id = :id AND parent_span_id IS NULL",
        content="{broken",
        id=trace_id_of("damaged"),
    )
    execute(
        "UPDATE trace_info SET trace_name = NULL WHERE request_id = :id", id=trace_id_of("nameless")
    )
    execute(
        "UPDATE spans SET content = REPLACE(content, :kind, :unknown) WHERE trace_id = :id",
        kind=r'"\"TOOL\""',
        unknown=r'"\"UNKNOWN\""',
        id=trace_id_of("foreign"),
    )


def _write_to_file(client: Any, experiment_id: str, record: TraceRecord, *, keep: bool) -> None:
    """As clients before 3.6 did."""
    from mlflow.entities import Span, TraceData

    tracing = client._tracing_client
    stored = tracing.start_trace(stores.info_entity(record, experiment_id))
    spans = [
        Span.from_dict(stores.stored_span(span, record.info.trace_id)) for span in record.spans
    ]
    if keep:
        tracing._upload_trace_data(stored, TraceData(spans=spans))


def _replace_judgement(client: Any, trace_id: str) -> None:
    from mlflow.entities import AssessmentSource, Feedback

    tracing = client._tracing_client
    (before,) = tracing.get_trace_info(trace_id).assessments
    tracing.log_assessment(
        trace_id,
        Feedback(
            name="helpful",
            value=True,
            source=AssessmentSource("HUMAN", "tester"),
            overrides=before.assessment_id,
            create_time_ms=EPOCH_MS + 1,
        ),
    )


def _judgement(name: str, kind: str, value: Any) -> Assessment:
    return Assessment(name, kind, value, "", "HUMAN", "tester", None, None, EPOCH_MS)


def _with_events(record: TraceRecord) -> TraceRecord:
    told = SpanEvent(
        "exception",
        record.spans[-1].start_ns + 5_000,
        {
            "exception.type": "IOError",
            "exception.message": "disk\x1b]0;full\x07",
            "n": 3,
            "ok": False,
        },
    )
    return replace(record, spans=(*record.spans[:-1], replace(record.spans[-1], events=(told,))))


def executing(uri: str) -> Execute:
    """``Execute`` on the database at ``uri``; each statement must change something."""

    def execute(statement: Any, **values: Any) -> None:
        engine = sqlalchemy.create_engine(uri)
        if isinstance(statement, str):
            statement = sqlalchemy.text(statement)
        try:
            with engine.begin() as connection:
                assert connection.execute(statement, values).rowcount > 0
        finally:
            engine.dispose()

    return execute

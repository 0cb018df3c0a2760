"""Real MLflow stores for tests, holding known traces.

``small_traces()`` says what is written; ``write_small_store(path)`` makes a SQLite store of it. Any
record can be written to any store with ``write``.
"""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import made_once
from mlflow_analysis.demo.store import _one_transaction
from mlflow_analysis.records import Assessment, SpanRecord, TraceRecord
from mlflow_analysis.tracking.environment import load_mlflow
from trace_factory import feedback, model, retriever, tool, trace

EXPERIMENT = "support agent"
SPANS_IN_STORE = tuple(map(int, version("mlflow").split(".")[:2])) >= (3, 6)
"""Clients before that keep the spans of each trace in a file."""
HOSTILE = "\x1b]52;c;aGk=\x07\x1b[2J[@click=app.bell]x[/] [/foo] \u202eevil"
"""Copies to the clipboard, clears the screen, breaks markup, turns text round."""


def small_traces() -> list[TraceRecord]:
    """Varied traces, oldest first: plain ones, failing ones, hostile ones, one still running."""
    records = [
        trace(
            retriever(
                "search docs", inputs={"query": "returns"}, outputs=[{"page_content": "30 days"}]
            ),
            model("answer", outputs={"content": "You have 30 days.", "score": 0.25, "none": None}),
            request=f"How long can I return order {number}?",
            response="You have 30 days.",
            session=f"session-{number // 3}",
            user=f"user-{number % 2}",
            tags={"region": "eu" if number % 2 else "us"},
            number=number,
        )
        for number in range(1, 10)
    ]
    records += [
        trace(
            tool(
                "charge card",
                inputs={"amount": 12.5, "card": "…4242"},
                status="ERROR",
                message="gateway timed out",
                exception=("TimeoutError", "gateway timed out after 30 s"),
                ms=30_000,
            ),
            model("apologise"),
            request="Please refund me",
            response="",
            state="ERROR",
            session="session-9",
            number=20 + number,
            assessments=[
                replace(
                    feedback("helpful", False, rationale="no answer"), created_ms=1_780_000_000_000
                ),
                feedback("judge", None, error="JUDGE_ERROR: quota exceeded", source="LLM_JUDGE"),
            ],
        )
        for number in range(3)
    ]
    records.append(
        trace(
            tool(
                "echo " + HOSTILE,
                inputs={HOSTILE: [HOSTILE, {"deep": HOSTILE}]},
                outputs=HOSTILE,
                status="ERROR",
                message=HOSTILE,
                attributes={"note": HOSTILE},
            ),
            request=HOSTILE,
            response=HOSTILE,
            session=HOSTILE,
            tags={"label": HOSTILE},
            number=30,
        )
    )
    running = trace(model("thinking"), state="IN_PROGRESS", response="", number=31)
    # A span is stored when it ends, so a running trace has no root yet.
    records.append(replace(running, spans=running.spans[1:]))
    return records


def write_small_store(path: Path) -> str:
    """Make a SQLite store at ``path`` with ``small_traces()`` in ``EXPERIMENT``. Returns its URI."""
    uri = f"sqlite:///{path}"
    write(small_traces(), uri, EXPERIMENT, path.parent / "artifacts")
    return uri


def copy_directory(original: Path, copy: Path) -> None:
    """Copy a SQLite store with all that is beside it; the artifacts of later runs go there too."""
    shutil.copytree(original, copy)
    for path in copy.rglob("*.db"):
        with closing(sqlite3.connect(path)) as store, store:
            store.execute(
                "UPDATE experiments SET artifact_location = replace(artifact_location, ?, ?)",
                (original.as_uri(), copy.as_uri()),
            )


def write(records: Iterable[TraceRecord], uri: str, experiment: str, artifacts: Path) -> str:
    """Write ``records`` to ``experiment`` of any store, made if need be. Returns its id."""
    _begin(uri)
    client = load_mlflow().MlflowClient(tracking_uri=uri)
    found = client.get_experiment_by_name(experiment)
    experiment_id = (
        found.experiment_id
        if found
        else client.create_experiment(
            experiment, artifact_location=(artifacts / experiment).as_uri()
        )
    )
    _write_all(client, str(experiment_id), list(records))
    return str(experiment_id)


def _begin(uri: str) -> None:
    """Let a new SQLite file be a copy of one that MLflow made: its tables take a second."""
    path = Path(uri.removeprefix("sqlite:///"))
    if made_once.is_shared() and uri.startswith("sqlite:///") and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        empty = made_once.made_once(f"empty-{version('mlflow')}", _make_empty)
        shutil.copy(empty / "mlflow.db", path)


def _make_empty(folder: Path) -> None:
    load_mlflow().MlflowClient(
        tracking_uri=f"sqlite:///{folder / 'mlflow.db'}"
    ).search_experiments()


def _write_all(client: Any, experiment_id: str, records: Sequence[TraceRecord]) -> None:
    tracing = client._tracing_client
    if type(tracing.store).__name__ != "SqlAlchemyStore" or not SPANS_IN_STORE:
        for record in records:
            write_one(client, experiment_id, record)
        return
    with _one_transaction(tracing.store):  # a transaction each takes five times as long
        for record in records:
            tracing.start_trace(info_entity(record, experiment_id))
            for each in record.info.assessments:
                log_assessment(client, record.info.trace_id, each)
    tracing.store.log_spans(experiment_id, [s for record in records for s in _spans(record)])


def write_one(client: Any, experiment_id: str, record: TraceRecord) -> None:
    """Write one trace as a client of the store would."""
    from mlflow.entities import TraceData

    tracing = client._tracing_client
    stored = tracing.start_trace(info_entity(record, experiment_id))
    if type(tracing.store).__name__ == "FileStore" or not SPANS_IN_STORE:
        tracing._upload_trace_data(stored, TraceData(spans=_spans(record)))
    else:
        tracing.store.log_spans(experiment_id, _spans(record))
    for each in record.info.assessments:
        log_assessment(client, record.info.trace_id, each)


def _spans(record: TraceRecord) -> list[Any]:
    from mlflow.entities import Span

    return [Span.from_dict(stored_span(span, record.info.trace_id)) for span in record.spans]


def log_assessment(client: Any, trace_id: str, assessment: Assessment) -> None:
    """Add a judgement to a trace that is stored."""
    client._tracing_client.log_assessment(trace_id, assessment_entity(assessment))


def log_span(client: Any, experiment_id: str, trace_id: str, span: SpanRecord) -> None:
    """Add a span to a trace that is stored in a database."""
    from mlflow.entities import Span

    stored = Span.from_dict(stored_span(span, trace_id))
    client._tracing_client.store.log_spans(experiment_id, [stored])


def stored_span(span: SpanRecord, trace_id: str) -> dict[str, Any]:
    """The JSON object that MLflow keeps of a span."""
    attributes = {
        "mlflow.traceRequestId": trace_id,
        "mlflow.spanType": span.kind,
        "mlflow.spanInputs": span.inputs,
        "mlflow.spanOutputs": span.outputs,
        **span.attributes,
    }
    return {
        "trace_id": _base64(trace_id.removeprefix("tr-")),
        "span_id": _base64(span.span_id),
        "parent_span_id": _base64(span.parent_id) if span.parent_id else None,
        "name": span.name,
        "start_time_unix_nano": span.start_ns,
        "end_time_unix_nano": span.end_ns,
        "status": {"code": f"STATUS_CODE_{span.status}", "message": span.status_message},
        "attributes": {
            name: json.dumps(value) for name, value in attributes.items() if value is not None
        },
        "events": [
            {
                "name": event.name,
                "time_unix_nano": event.time_ns,
                "attributes": dict(event.attributes),
            }
            for event in span.events
        ],
    }


def info_entity(record: TraceRecord, experiment_id: str) -> Any:
    """MLflow's object for a trace's info."""
    from mlflow.entities import TraceInfo
    from mlflow.entities.trace_location import TraceLocation
    from mlflow.entities.trace_state import TraceState

    info = record.info
    metadata = dict(info.metadata)
    if info.session_id:
        metadata["mlflow.trace.session"] = info.session_id
    if info.user_id:
        metadata["mlflow.trace.user"] = info.user_id
    if info.total_tokens is not None:
        metadata["mlflow.trace.tokenUsage"] = json.dumps(
            {
                "input_tokens": info.input_tokens,
                "output_tokens": info.output_tokens,
                "total_tokens": info.total_tokens,
            }
        )
    return TraceInfo(
        trace_id=info.trace_id,
        trace_location=TraceLocation.from_experiment_id(experiment_id),
        request_time=info.start_ms,
        state=TraceState(info.state),
        request_preview=info.request_preview,
        response_preview=info.response_preview,
        execution_duration=None if info.duration_ms is None else int(info.duration_ms),
        trace_metadata=metadata,
        tags={"mlflow.traceName": info.name, **info.tags},
    )


def assessment_entity(each: Any, trace_id: str | None = None) -> Any:
    """MLflow's object for an assessment."""
    from mlflow.entities import AssessmentError, AssessmentSource, Expectation, Feedback

    source = AssessmentSource(source_type=each.source_type, source_id=each.source_id)
    details = {
        "name": each.name,
        "source": source,
        "span_id": each.span_id,
        "trace_id": trace_id,
        "create_time_ms": each.created_ms,
        "last_update_time_ms": each.created_ms,
    }
    if each.kind == "expectation":
        return Expectation(value=each.value, **details)
    if each.kind == "issue":
        from mlflow.entities.assessment import IssueReference  # since MLflow 3.11

        return IssueReference(issue_id=details.pop("name"), issue_name=each.value, **details)
    code, _, message = (each.error or "").partition(": ")
    error = AssessmentError(error_code=code, error_message=message) if each.error else None
    return Feedback(value=each.value, rationale=each.rationale or None, error=error, **details)


def _base64(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()

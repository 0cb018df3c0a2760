"""Our records → MLflow's entities, as its tracing client would have made them."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from mlflow_analysis.records import Assessment, SpanEvent, SpanRecord, TraceRecord


def info_entity(record: TraceRecord, experiment_id: str, spans: Sequence[Any]) -> Any:
    """``mlflow.entities.TraceInfo`` of a record, with its assessments and the sizes of its span entities."""
    from mlflow.entities import Trace, TraceData, TraceInfo
    from mlflow.entities.trace_location import TraceLocation
    from mlflow.entities.trace_state import TraceState
    from mlflow.tracing.utils import add_size_stats_to_trace_metadata

    info = record.info
    metadata = {"mlflow.trace_schema.version": "3", "mlflow.source.type": "LOCAL", **info.metadata}
    if info.total_tokens is not None:
        metadata["mlflow.trace.tokenUsage"] = json.dumps(
            {
                "input_tokens": info.input_tokens,
                "output_tokens": info.output_tokens,
                "total_tokens": info.total_tokens,
            }
        )
    entity = TraceInfo(
        trace_id=info.trace_id,
        trace_location=TraceLocation.from_experiment_id(experiment_id),
        request_time=info.start_ms,
        state=TraceState(info.state),
        request_preview=info.request_preview,
        response_preview=info.response_preview,
        execution_duration=None if info.duration_ms is None else int(info.duration_ms),
        trace_metadata=metadata,
        tags={"mlflow.traceName": info.name, **info.tags},
        assessments=[_assessment_entity(each, info.trace_id) for each in info.assessments],
    )
    add_size_stats_to_trace_metadata(Trace(entity, TraceData(list(spans))))
    return entity


def span_entity(span: SpanRecord, trace_id: str) -> Any:
    """``mlflow.entities.Span`` of a record."""
    from mlflow.entities import Span

    attributes = {
        "mlflow.traceRequestId": trace_id,
        "mlflow.spanType": span.kind,
        "mlflow.spanInputs": span.inputs,
        "mlflow.spanOutputs": span.outputs,
        **span.attributes,
    }
    return Span.from_dict(
        {
            "trace_id": _base64(trace_id.removeprefix("tr-")),
            "span_id": _base64(span.span_id),
            "parent_span_id": _base64(span.parent_id) if span.parent_id else None,
            "name": span.name,
            "start_time_unix_nano": span.start_ns,
            "end_time_unix_nano": span.end_ns,
            "status": {"code": f"STATUS_CODE_{span.status}", "message": span.status_message},
            "attributes": {
                name: json.dumps(value, ensure_ascii=False)
                for name, value in attributes.items()
                if value is not None
            },
            "events": [_event(event) for event in span.events],
        }
    )


def _event(event: SpanEvent) -> dict[str, Any]:
    return {
        "name": event.name,
        "time_unix_nano": event.time_ns,
        "attributes": dict(event.attributes),
    }


def _assessment_entity(each: Assessment, trace_id: str) -> Any:
    from mlflow.entities import AssessmentSource, Feedback

    return Feedback(
        name=each.name,
        value=each.value,
        rationale=each.rationale or None,
        source=AssessmentSource(source_type=each.source_type, source_id=each.source_id),
        trace_id=trace_id,
        create_time_ms=each.created_ms,
        last_update_time_ms=each.created_ms,
    )


def _base64(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()

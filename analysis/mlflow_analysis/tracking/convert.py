"""MLflow's entities → our records. Every string passes ``untrusted.printable`` here, ids too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mlflow_analysis.records import Assessment, Experiment, SpanRecord, TraceInfo, TraceRecord
from mlflow_analysis.tracking.json_values import assessed_value, json_value
from mlflow_analysis.tracking.stored_spans import in_order
from mlflow_analysis.untrusted import printable, single_line

SPANS_LOCATION = "mlflow.trace.spansLocation"
IN_DATABASE = "TRACKING_STORE"
IN_ARCHIVE = "ARCHIVE_REPO"


def experiment_record(entity: Any) -> Experiment:
    """An ``mlflow.entities.Experiment``."""
    return Experiment(
        printable(str(entity.experiment_id)),
        single_line(entity.name or ""),
        entity.last_update_time,
        texts(entity.tags),
    )


def trace_info(entity: Any) -> TraceInfo:
    """An ``mlflow.entities.TraceInfo``, with its assessments that no later one has replaced."""
    location = getattr(entity.trace_location, "mlflow_experiment", None)
    return info_from(
        trace_id=entity.trace_id,
        experiment_id=str(location.experiment_id) if location else "",
        state=str(getattr(entity.state, "value", entity.state)),
        start_ms=entity.request_time,
        duration_ms=entity.execution_duration,
        request_preview=entity.request_preview,
        response_preview=entity.response_preview,
        tags=texts(entity.tags),
        metadata=texts(entity.trace_metadata),
        assessments=[
            _assessment(each)
            for each in entity.assessments or ()
            if getattr(each, "valid", None) is not False
        ],
    )


def info_from(
    *,
    trace_id: str,
    experiment_id: str,
    state: str,
    start_ms: int,
    duration_ms: float | None,
    request_preview: str | None,
    response_preview: str | None,
    tags: Mapping[str, str],
    metadata: Mapping[str, str],
    assessments: Sequence[Assessment],
) -> TraceInfo:
    """An info from its parts; ``tags``, ``metadata`` and ``assessments`` are printable already."""
    input_tokens, output_tokens, total_tokens = _tokens(metadata)
    return TraceInfo(
        trace_id=printable(trace_id),
        experiment_id=printable(experiment_id),
        state=state,
        start_ms=int(start_ms),
        duration_ms=None if duration_ms is None else float(duration_ms),
        request_preview=printable(request_preview or metadata.get("mlflow.traceInputs") or ""),
        response_preview=printable(response_preview or metadata.get("mlflow.traceOutputs") or ""),
        name=single_line(tags.get("mlflow.traceName", "")),
        session_id=metadata.get("mlflow.trace.session") or None,
        user_id=metadata.get("mlflow.trace.user") or None,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        total_tokens=total_tokens,
        tags=tags,
        metadata=metadata,
        assessments=tuple(sorted(assessments, key=by_time)) if assessments else (),
    )


def _tokens(metadata: Mapping[str, str]) -> tuple[int | None, int | None, int | None]:
    """In, out, in all."""
    usage = json_value(metadata.get("mlflow.trace.tokenUsage"))
    if not isinstance(usage, dict):
        return None, None, None
    return (
        _count(usage.get("input_tokens")),
        _count(usage.get("output_tokens")),
        _count(usage.get("total_tokens")),
    )


def trace_record(info: TraceInfo, spans: Iterable[SpanRecord]) -> TraceRecord:
    """The trace of ``info`` with its spans, put in order."""
    records = in_order(spans)
    if not info.name and records:
        # Traces that came over OTLP carry no name of their own: it is their root's.
        roots = (span for span in records if span.parent_id is None)
        info = replace(info, name=single_line(next(roots, records[0]).name))
    return TraceRecord(info, records)


def _assessment(entity: Any) -> Assessment:
    expectation = getattr(entity, "expectation", None)
    issue = getattr(entity, "issue", None)
    feedback = getattr(entity, "feedback", None)
    kind, value, error = "feedback", None, None
    if expectation is not None:
        kind, value = "expectation", expectation.value
    elif issue is not None:
        kind, value = "issue", issue.issue_name
    elif feedback is not None:
        value = feedback.value
        if feedback.error is not None:
            code, message = feedback.error.error_code, feedback.error.error_message
            error = printable(": ".join(part for part in (code, message) if part))
    return Assessment(
        name=single_line(entity.name or ""),
        kind=kind,
        value=assessed_value(value),
        rationale=printable(entity.rationale or ""),
        source_type=single_line(str(entity.source.source_type)),
        source_id=single_line(str(entity.source.source_id or "")),
        span_id=printable(entity.span_id) if entity.span_id else None,
        error=error,
        created_ms=int(entity.create_time_ms or 0),
    )


def by_time(each: Assessment) -> tuple[int, str, str, str]:
    """The key that puts assessments in order."""
    return each.created_ms, each.name, each.source_id, str(each.value)


def texts(mapping: Mapping[str, Any] | None) -> dict[str, str]:
    """Texts by name, in order of name, all printable."""
    return {
        printable(str(key)): printable(str(value)) for key, value in sorted((mapping or {}).items())
    }


def _count(value: Any) -> int | None:
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

"""MLflow's entities → our records. Every string passes ``untrusted.printable`` here, ids too."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from mlflow_analysis.records import (
    Assessment,
    Experiment,
    SpanEvent,
    SpanRecord,
    TraceInfo,
    TraceRecord,
)
from mlflow_analysis.untrusted import printable, printable_value, single_line

SPANS_LOCATION = "mlflow.trace.spansLocation"
IN_DATABASE = "TRACKING_STORE"
IN_ARCHIVE = "ARCHIVE_REPO"

_INPUTS = "mlflow.spanInputs"
_OUTPUTS = "mlflow.spanOutputs"
_KIND = "mlflow.spanType"
_NOT_ATTRIBUTES = {_INPUTS, _OUTPUTS, _KIND, "mlflow.traceRequestId"}

# How JSON text can write a character that a terminal could obey, other than as it is. Where neither
# is found, the values need no second look; most texts are like that, and the look is slow.
_ESCAPED = re.compile(
    r"\\(?:[bfr]|u(?:00[0189]|007[fF]|061[cC]|20[026]|[fF][eEfF][fF]|[dD][89a-fA-F]))"
)


def experiment_record(entity: Any) -> Experiment:
    """An ``mlflow.entities.Experiment``."""
    return Experiment(
        printable(str(entity.experiment_id)),
        single_line(entity.name or ""),
        entity.last_update_time,
        _texts(entity.tags),
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
        tags=entity.tags,
        metadata=entity.trace_metadata,
        assessments=entity.assessments or (),
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
    assessments: Iterable[Any],
) -> TraceInfo:
    """An info from its parts as stored; ``assessments`` are ``mlflow.entities.Assessment`` objects."""
    metadata, tags = _texts(metadata), _texts(tags)
    usage = _json(metadata.get("mlflow.trace.tokenUsage"))
    usage = usage if isinstance(usage, dict) else {}
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
        input_tokens=_count(usage.get("input_tokens")),
        output_tokens=_count(usage.get("output_tokens")),
        total_tokens=_count(usage.get("total_tokens")),
        tags=tags,
        metadata=metadata,
        assessments=tuple(
            sorted(
                (
                    _assessment(each)
                    for each in assessments
                    if getattr(each, "valid", None) is not False
                ),
                key=lambda each: (each.created_ms, each.name, each.source_id, str(each.value)),
            )
        ),
    )


def trace_record(info: TraceInfo, stored_spans: Iterable[Mapping[str, Any]]) -> TraceRecord:
    """The trace of ``info`` with its spans as MLflow stores them: see ``span_record``.

    Raises ``ValueError``, ``KeyError`` or ``TypeError`` if a span is damaged.
    """
    records = in_order([span_record(stored) for stored in stored_spans])
    if not info.name and records:
        # Traces that came over OTLP carry no name of their own: it is their root's.
        roots = (span for span in records if span.parent_id is None)
        info = replace(info, name=single_line(next(roots, records[0]).name))
    return TraceRecord(info, records)


def in_order(spans: list[SpanRecord]) -> tuple[SpanRecord, ...]:
    """By start; of those that start together, parents first, then by id."""
    parents = {span.span_id: span.parent_id for span in spans}
    depths: dict[str, int] = {}
    for span_id in parents:
        path: list[str] = []
        seen: set[str] = set()
        at: str | None = span_id
        while at is not None and at in parents and at not in depths and at not in seen:
            path.append(at)
            seen.add(at)
            at = parents[at]
        depth = depths.get(at, -1) if at is not None else -1
        for each in reversed(path):
            depth += 1
            depths[each] = depth
    return tuple(
        sorted(spans, key=lambda span: (span.start_ns, depths[span.span_id], span.span_id))
    )


def span_record(stored: Mapping[str, Any]) -> SpanRecord:
    """A span in its stored form, ``mlflow.entities.Span.to_dict()``: attribute values are JSON texts."""
    attributes: Mapping[str, Any] = stored.get("attributes") or {}
    status = stored.get("status") or {}
    kind = _json(attributes.get(_KIND))
    end = stored.get("end_time_unix_nano")
    return SpanRecord(
        span_id=_hexadecimal(stored["span_id"]),
        parent_id=_hexadecimal(stored["parent_span_id"]) if stored.get("parent_span_id") else None,
        name=single_line(str(stored["name"])),
        kind=single_line(str(kind)).upper() if kind else "UNKNOWN",
        status=single_line(str(status.get("code") or "UNSET")).removeprefix("STATUS_CODE_"),
        status_message=printable(str(status.get("message") or "")),
        start_ns=int(stored["start_time_unix_nano"]),
        end_ns=int(end) if end else None,
        inputs=_json(attributes.get(_INPUTS)),
        outputs=_json(attributes.get(_OUTPUTS)),
        attributes={
            printable(name): _json(value)
            for name, value in sorted(attributes.items())
            if name not in _NOT_ATTRIBUTES
        },
        events=tuple(
            SpanEvent(
                single_line(str(event.get("name") or "")),
                int(event.get("time_unix_nano") or 0),
                printable_value(dict(event.get("attributes") or {})),
            )
            for event in stored.get("events") or ()
        ),
    )


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
        value=printable_value(value),
        rationale=printable(entity.rationale or ""),
        source_type=single_line(str(entity.source.source_type)),
        source_id=single_line(str(entity.source.source_id or "")),
        span_id=printable(entity.span_id) if entity.span_id else None,
        error=error,
        created_ms=int(entity.create_time_ms or 0),
    )


def _json(stored: Any) -> Any:
    """The value that was stored as JSON text, made printable; text that is no JSON stays text."""
    if not isinstance(stored, str):
        return printable_value(stored)
    try:
        value = orjson.loads(stored)
    except orjson.JSONDecodeError:
        try:
            # Takes what orjson refuses: lone surrogates, and NaN, which comes as the word.
            value = json.loads(stored, parse_constant=str)
        except (ValueError, RecursionError):
            return printable(stored)
    if (stored.isprintable() or printable(stored) is stored) and not _ESCAPED.search(stored):
        return value
    try:
        return printable_value(value)
    except RecursionError:
        return printable(stored)


def _texts(mapping: Mapping[str, Any] | None) -> dict[str, str]:
    return {
        printable(str(key)): printable(str(value)) for key, value in sorted((mapping or {}).items())
    }


def _count(value: Any) -> int | None:
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _hexadecimal(span_id: str) -> str:
    """Stored span ids are base64 of 8 bytes; everywhere else they are 16 hexadecimal digits."""
    try:
        decoded = base64.b64decode(span_id, validate=True)
    except (binascii.Error, ValueError):
        return printable(span_id)
    return decoded.hex() if len(decoded) == 8 else printable(span_id)

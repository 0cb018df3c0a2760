"""Traces in the JSON of an MLflow server → records, without the protobuf objects that MLflow makes of it.

That detour takes MLflow's client about ten times as long. Here the JSON is what protobuf's own mapping says:
times as RFC 3339, durations as "1.5s", numbers in attributes as the kind of number they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from mlflow_analysis.records import Assessment, SpanEvent, SpanRecord, TraceInfo, TraceRecord
from mlflow_analysis.tracking.convert import info_from, texts, trace_record
from mlflow_analysis.tracking.json_values import assessed_value
from mlflow_analysis.tracking.span_ids import hexadecimal
from mlflow_analysis.tracking.stored_spans import INPUTS, KIND, NOT_ATTRIBUTES, OUTPUTS
from mlflow_analysis.untrusted import printable, printable_value, single_line

Json = Mapping[str, Any]
_ODD = (AttributeError, KeyError, TypeError, ValueError, ArithmeticError, RecursionError)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class OddAnswer(ValueError):  # noqa: N818 - it says what it is
    """The JSON is not as it should be: MLflow's own client may know better."""


def traces_in(answer: Any) -> list[TraceRecord]:
    """The traces in the answer to ``batchGet``. Raises ``OddAnswer``."""
    try:
        return [_trace(each) for each in answer.get("traces", ())]
    except _ODD as error:
        raise OddAnswer(type(error).__name__) from error


def infos_in(answer: Any) -> list[TraceInfo]:
    """The infos in the answer to ``search``. Raises ``OddAnswer``."""
    try:
        return [_info(each) for each in answer.get("traces", ())]
    except _ODD as error:
        raise OddAnswer(type(error).__name__) from error


def _trace(stored: Json) -> TraceRecord:
    return trace_record(_info(stored["trace_info"]), map(_span, stored.get("spans", ())))


def _info(stored: Json) -> TraceInfo:
    duration = stored.get("execution_duration")
    return info_from(
        trace_id=stored["trace_id"],
        experiment_id=str(stored["trace_location"]["mlflow_experiment"]["experiment_id"]),
        state=str(stored.get("state", "STATE_UNSPECIFIED")),
        start_ms=_milliseconds(stored["request_time"]),
        duration_ms=None if duration is None else int(Decimal(duration.removesuffix("s")) * 1000),
        request_preview=stored.get("request_preview"),
        response_preview=stored.get("response_preview"),
        tags=texts(stored.get("tags")),
        metadata=texts(stored.get("trace_metadata")),
        assessments=[
            _assessment(each)
            for each in stored.get("assessments", ())
            if each.get("valid") is not False
        ],
    )


def _span(stored: Json) -> SpanRecord:
    attributes = {
        each["key"]: _value(each.get("value", {})) for each in stored.get("attributes", ())
    }
    status = stored.get("status", {})
    kind = attributes.get(KIND)
    parent = stored.get("parent_span_id")
    end = stored.get("end_time_unix_nano")
    return SpanRecord(
        span_id=hexadecimal(stored["span_id"]),
        parent_id=hexadecimal(parent) if parent else None,
        name=single_line(stored.get("name", "")),
        kind=single_line(str(kind)).upper() if kind else "UNKNOWN",
        status=single_line(str(status.get("code") or "UNSET")).removeprefix("STATUS_CODE_"),
        status_message=printable(status.get("message") or ""),
        start_ns=int(stored["start_time_unix_nano"]),
        end_ns=int(end) if end and int(end) else None,
        inputs=printable_value(attributes.get(INPUTS)),
        outputs=printable_value(attributes.get(OUTPUTS)),
        attributes={
            printable(name): printable_value(value)
            for name, value in sorted(attributes.items())
            if name not in NOT_ATTRIBUTES
        },
        events=tuple(
            SpanEvent(
                single_line(event.get("name", "")),
                int(event.get("time_unix_nano", 0)),
                printable_value(
                    {
                        each["key"]: _value(each.get("value", {}))
                        for each in event.get("attributes", ())
                    }
                ),
            )
            for event in stored.get("events", ())
        ),
    )


def _value(any_value: Json) -> Any:
    """An OpenTelemetry ``AnyValue``."""
    if not any_value:
        return None
    ((kind, value),) = any_value.items()
    if kind in ("string_value", "bool_value"):
        return value
    if kind == "int_value":
        return int(value)
    if kind == "double_value":
        return value  # "NaN" and "Infinity" come as words
    if kind == "array_value":
        return [_value(each) for each in value.get("values", ())]
    if kind == "kvlist_value":
        return {each["key"]: _value(each.get("value", {})) for each in value.get("values", ())}
    raise OddAnswer(kind)


def _assessment(stored: Json) -> Assessment:
    source = stored.get("source", {})
    kind, value, error, rationale = "feedback", None, None, stored.get("rationale")
    if "expectation" in stored:
        kind, value, rationale = "expectation", _expected(stored["expectation"]), None
    elif "issue" in stored:
        kind, value = "issue", stored["issue"].get("issue_name", "")
    else:
        value = stored["feedback"].get("value")
        if (said := stored["feedback"].get("error")) is not None:
            parts = (said.get("error_code"), said.get("error_message"))
            error = printable(": ".join(part for part in parts if part))
    return Assessment(
        name=single_line(stored.get("assessment_name", "")),
        kind=kind,
        value=assessed_value(value),
        rationale=printable(rationale or ""),
        source_type=single_line(str(source.get("source_type", "SOURCE_TYPE_UNSPECIFIED"))),
        source_id=single_line(str(source.get("source_id") or "")),
        span_id=printable(stored["span_id"]) if stored.get("span_id") else None,
        error=error,
        created_ms=_milliseconds(stored["create_time"]),
    )


def _expected(stored: Json) -> Any:
    serialized = stored.get("serialized_value")
    return stored.get("value") if serialized is None else json.loads(serialized["value"])


def _milliseconds(timestamp: str) -> int:
    """Since the epoch; RFC 3339 with up to nine digits of a second, in UTC, as protobuf writes it."""
    moment, _, fraction = timestamp.removesuffix("Z").partition(".")
    since = datetime.fromisoformat(moment).replace(tzinfo=timezone.utc) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + int(fraction[:3].ljust(3, "0") or 0)

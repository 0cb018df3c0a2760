"""One trace for the inspector, with what the analysis works out about each span."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import orjson

from mlflow_analysis.features.extract import model_of, tokens_of
from mlflow_analysis.features.failures import failure_of
from mlflow_analysis.protocol import PackedJson, SpanView, TraceView
from mlflow_analysis.records import SpanRecord, TraceRecord
from mlflow_analysis.service.previews import spoken_request
from mlflow_analysis.timing.tree import timed
from mlflow_analysis.untrusted import printable

PACKED_FROM = 100_000
"""Bytes of JSON."""


def trace_view(record: TraceRecord, findings: Iterable[str] = ()) -> TraceView:
    """The spans depth first, children in order of start; times in milliseconds."""
    views = []
    for node in timed(record.spans):
        failure = failure_of(node.record)
        inputs, outputs = tokens_of(node.record)
        views.append(
            SpanView(
                record=_light(node.record),
                depth=node.depth,
                self_ms=node.self_ms,
                critical_ms=node.critical_ms,
                failed=failure is not None,
                error_class=failure.error_class if failure else "",
                error_message=printable(failure.message) if failure else "",
                input_tokens=inputs,
                output_tokens=outputs,
                model=printable(model_of(node.record)),
            )
        )
    said = spoken_request(record.info.request_preview)
    return TraceView(record.info, tuple(views), tuple(findings), said)


def _light(record: SpanRecord) -> SpanRecord:
    """The same as plain values: a stored span would take its texts along, decoded or not."""
    return SpanRecord(
        record.span_id,
        record.parent_id,
        record.name,
        record.kind,
        record.status,
        record.status_message,
        record.start_ns,
        record.end_ns,
        packed(record.inputs),
        packed(record.outputs),
        dict(record.attributes),
        record.events,
    )


def packed(value: Any) -> Any:
    """A large value as JSON, if that says all of it: not-a-number and whole numbers beyond 64 bits do not."""
    if not isinstance(value, dict | list):
        return value  # a text is quick to send as it is
    try:
        written = orjson.dumps(value)
    except TypeError:
        return value
    if len(written) < PACKED_FROM or (b"null" in written and _has_no_number(value)):
        return value
    return PackedJson(written)


def _has_no_number(value: Any) -> bool:
    """Whether there is a not-a-number in it, which would be written as null."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return True
    return False

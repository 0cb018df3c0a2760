"""One trace for the inspector, with what the analysis works out about each span."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import orjson

from mlflow_analysis.features.extract import SPAN_COLUMNS, extract
from mlflow_analysis.protocol import PackedJson, SpanView, TraceView
from mlflow_analysis.records import SpanRecord, TraceRecord
from mlflow_analysis.timing.tree import timed
from mlflow_analysis.untrusted import printable

PACKED_FROM = 100_000
"""Bytes of JSON."""


def trace_view(record: TraceRecord, findings: Iterable[str] = ()) -> TraceView:
    """The spans depth first, children in order of start; times in milliseconds."""
    by_id = {
        row["span_id"]: row
        for row in (dict(zip(SPAN_COLUMNS, row, strict=True)) for row in extract(record).spans)
    }
    views = []
    for node in timed(record.spans):
        row = by_id[node.record.span_id]
        views.append(
            SpanView(
                record=_light(node.record),
                depth=node.depth,
                self_ms=node.self_ms,
                critical_ms=node.critical_ms,
                failed=bool(row["failed"]),
                error_class=str(row["error_class"]),
                error_message=printable(str(row["error_message"])),
                input_tokens=_whole(row["input_tokens"]),
                output_tokens=_whole(row["output_tokens"]),
                model=printable(str(row["model"])),
            )
        )
    return TraceView(record.info, tuple(views), tuple(findings))


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


def _whole(number: float | None) -> int | None:
    return None if number is None or number != number else int(number)

"""The form in which MLflow stores a span, checked while it is parsed.

What has passed the check becomes a record whenever somebody looks at it: see ``stored_traces``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import orjson

from mlflow_analysis.tracking.span_ids import hexadecimal

_Plain = str | int | float | bool | None


class StatusContent(msgspec.Struct, gc=False):
    """How a span ended."""

    code: str | None = None
    message: str | None = None


class EventContent(msgspec.Struct, gc=False):
    """What happened within a span. OpenTelemetry knows no deeper attributes."""

    name: str = ""
    time_unix_nano: int = 0
    attributes: dict[str, _Plain | list[_Plain]] = {}


class SpanContent(
    msgspec.Struct,
    gc=False,
    rename={
        "parent_id": "parent_span_id",
        "start_ns": "start_time_unix_nano",
        "end_ns": "end_time_unix_nano",
    },
):
    """``mlflow.entities.Span.to_dict()``. Ids are as they are stored; attribute values are JSON texts."""

    span_id: str
    name: str
    start_ns: int
    parent_id: str | None = None
    end_ns: int | None = None
    status: StatusContent = msgspec.field(default_factory=StatusContent)
    attributes: dict[str, Any] = {}
    events: list[EventContent] = []


class _Spans(msgspec.Struct):
    """The text in a row of ``tables.spans_of_ids``."""

    spans: list[SpanContent]
    count: int


_spans = msgspec.json.Decoder(_Spans).decode


def parsed_together(text: str) -> list[SpanContent] | None:
    """The spans in a row of ``tables.spans_of_ids``.

    ``None`` if one is not in the form: it may be damaged, or in one that ``span_content`` takes. Parsed at once,
    the spans of a trace take less time than one by one.
    """
    try:
        row = _spans(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return row.spans if len(row.spans) == row.count else None


def parsed(content: str) -> dict[str, Any]:
    """The content of a row of ``spans``. Raises ``ValueError`` if it is damaged."""
    try:
        found: dict[str, Any] = orjson.loads(content)
    except orjson.JSONDecodeError:
        found = json.loads(content)  # takes what orjson refuses: NaN, lone surrogates
    return found


def span_content(stored: Mapping[str, Any]) -> SpanContent:
    """The content of a span that is parsed already, with numbers and texts in any form that tells them.

    Raises ``AttributeError``, ``KeyError``, ``TypeError`` or ``ValueError`` if it is damaged.
    """
    attributes = stored.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise TypeError("attributes are no object")
    parent, end = stored.get("parent_span_id"), stored.get("end_time_unix_nano")
    status = stored.get("status") or {}
    code, message = status.get("code"), status.get("message")
    return SpanContent(
        hexadecimal(stored["span_id"]),
        str(stored["name"]),
        int(stored["start_time_unix_nano"]),
        hexadecimal(parent) if parent else None,
        int(end) if end else None,
        StatusContent(str(code) if code else None, str(message) if message else None),
        attributes,
        [_event_content(event) for event in stored.get("events") or ()],
    )


def _event_content(event: Mapping[str, Any]) -> EventContent:
    return EventContent(
        str(event.get("name") or ""),
        int(event.get("time_unix_nano") or 0),
        dict(event.get("attributes") or {}),
    )

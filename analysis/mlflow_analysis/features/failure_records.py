"""What instrumentations record of a failure beside the output: events, attributes, statuses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mlflow_analysis.records import SpanRecord

_HTTP_KEYS = (
    "http.response.status_code", "http.status_code", "status_code", "statusCode", "response.status_code",
)  # fmt: skip
_GRPC_KEYS = ("rpc.grpc.status_code", "grpc.status_code", "rpc.response.status_code")
_GRPC_NAMES = {
    "CANCELLED": 1, "INVALID_ARGUMENT": 3, "DEADLINE_EXCEEDED": 4, "NOT_FOUND": 5, "PERMISSION_DENIED": 7,
    "RESOURCE_EXHAUSTED": 8, "OUT_OF_RANGE": 11, "INTERNAL": 13, "UNAVAILABLE": 14, "DATA_LOSS": 15,
    "UNAUTHENTICATED": 16,
}  # fmt: skip
_TYPE_KEYS = ("error.type", "exception.type", "gen_ai.error.type")
_MESSAGE_KEYS = (
    "error.message", "exception.message", "otel.status_description", "langfuse.observation.status_message",
)  # fmt: skip
_LEVEL_KEYS = ("otel.status_code", "langfuse.observation.level")
_NO_TYPE = frozenset({"", "none", "null", "false", "0", "ok"})
_CONTROL_FLOW = re.compile(
    r"\s*(?:[a-z_]\w*\.)*(?:(?:Graph|Node)Interrupt|GraphBubbleUp|ParentCommand|GraphDelegate|GeneratorExit|Stop(?:Async)?Iteration"
    r"|CallDeferred|ApprovalRequired|SystemExit: 0)\b"
)
"""How LangGraph, Pydantic AI and Python itself pause, hand over or end."""
_TELLING = frozenset({*_HTTP_KEYS, *_GRPC_KEYS, *_TYPE_KEYS, *_LEVEL_KEYS})


def says_nothing(attributes: Mapping[str, Any]) -> bool:
    """Whether no attribute tells of an error or a status: so with most spans."""
    return _TELLING.isdisjoint(attributes)


def is_control_flow(raised: str) -> bool:
    """Whether what was raised ("Type: message") pauses, hands over or ends a run as it should."""
    return _CONTROL_FLOW.match(raised) is not None


def says_error(span: SpanRecord) -> bool:
    """Whether an attribute says ERROR that other tools use in place of the status."""
    return any(str(span.attributes.get(key)).upper() == "ERROR" for key in _LEVEL_KEYS)


def description(span: SpanRecord) -> str:
    """The message that an attribute holds, or ""."""
    return _attribute(span, _MESSAGE_KEYS)


def exception(span: SpanRecord) -> tuple[str, str]:
    """Type and message of the last exception event, else of the attributes that tell them."""
    for event in reversed(span.events):
        if event.name == "exception" or "exception.type" in event.attributes:
            text = str(event.attributes.get("exception.message") or "")
            return str(event.attributes.get("exception.type") or "Exception"), text
    if says_nothing(span.attributes):
        return "", ""
    kind = _attribute(span, _TYPE_KEYS)
    if kind.lower() in _NO_TYPE:
        return "", ""
    return ("Error" if kind == "_OTHER" else kind), _attribute(span, _MESSAGE_KEYS)


def _attribute(span: SpanRecord, keys: tuple[str, ...]) -> str:
    for key in keys:
        value = span.attributes.get(key)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""


def http_status(attributes: Mapping[str, Any]) -> int:
    """The HTTP status in the attributes, or 0."""
    for key in (*_HTTP_KEYS, "error.type"):
        value = attributes.get(key)
        if isinstance(value, (int, str)) and str(value).isdigit():
            return int(value)
    return 0


def grpc_status(attributes: Mapping[str, Any]) -> int:
    """The gRPC status in the attributes as a number, or 0."""
    for key in _GRPC_KEYS:
        value = attributes.get(key)
        if isinstance(value, (int, str)) and str(value).isdigit():
            return int(value)
        if isinstance(value, str) and value.upper() in _GRPC_NAMES:
            return _GRPC_NAMES[value.upper()]
    return 0

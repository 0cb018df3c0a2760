"""One trace as plain data, whatever store it came from.

Only ``tracking`` makes these, and every string in them has passed ``untrusted.printable``:
text that arrives here is safe to draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

TOOL_KINDS = frozenset({"TOOL", "RETRIEVER", "RERANKER", "MEMORY"})
MODEL_KINDS = frozenset({"LLM", "CHAT_MODEL"})


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something that happened within a span; exceptions are events named ``exception``."""

    name: str
    time_ns: int
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SpanRecord:
    """One operation. ``inputs`` and ``outputs`` are JSON values, or ``None`` if not recorded."""

    span_id: str
    parent_id: str | None
    name: str
    kind: str
    """MLflow's span type in capitals: AGENT, TOOL, RETRIEVER, CHAT_MODEL, LLM, CHAIN, UNKNOWN …"""
    status: str
    """OK, ERROR or UNSET."""
    status_message: str
    start_ns: int
    end_ns: int | None
    """``None`` while the span is running."""
    inputs: Any = None
    outputs: Any = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Everything else that was recorded, without inputs and outputs; values are JSON values."""
    events: tuple[SpanEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """A judgement on a trace or span, by a person, by code or by a model."""

    name: str
    kind: str
    """feedback, expectation or issue."""
    value: Any
    rationale: str
    source_type: str
    """HUMAN, CODE, LLM_JUDGE …"""
    source_id: str
    span_id: str | None
    error: str | None
    """Why the assessment itself could not be made; such a one says nothing about the trace."""
    created_ms: int


@dataclass(frozen=True, slots=True)
class TraceInfo:
    """What is known of a trace without reading its spans."""

    trace_id: str
    experiment_id: str
    state: str
    """OK, ERROR, IN_PROGRESS or STATE_UNSPECIFIED."""
    start_ms: int
    """Milliseconds since the epoch."""
    duration_ms: float | None
    request_preview: str
    response_preview: str
    name: str = ""
    session_id: str | None = None
    user_id: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    assessments: tuple[Assessment, ...] = ()


class TraceOutline(NamedTuple):
    """The little of a trace that decides whether and when it is read.

    A tuple, since a hundred thousand of them are made, kept and handed to workers.
    """

    trace_id: str
    start_ms: int
    """Milliseconds since the epoch."""
    duration_ms: float | None
    state: str
    """As in ``TraceInfo``."""
    session_id: str | None
    mark: str
    """Changes when anything that is stored of the trace changes: info, tags, assessments, spans.

    "" if it was not asked for.
    """


@dataclass(frozen=True, slots=True)
class TraceRecord:
    """A trace with its spans, in order of start."""

    info: TraceInfo
    spans: tuple[SpanRecord, ...]
    mark: str = field(default="", compare=False)
    """That of its outline as it was when it was read, if the outline had none."""


@dataclass(frozen=True, slots=True)
class SkippedTrace:
    """A trace that could not be read, and why, in one sentence."""

    trace_id: str
    reason: str
    mark: str = field(default="", compare=False)
    """As in ``TraceRecord``."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """One row of the experiment browser. Statistics are ``None`` until they were asked for."""

    experiment_id: str
    name: str
    last_update_ms: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

"""Affected traces that show a finding, and why each of them counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that an example called."""

    name: str
    duration_ms: float
    status: str
    """OK or ERROR, as the analysis judged it."""


@dataclass(frozen=True, slots=True)
class Example:
    """One affected trace, with the span and the text that show it."""

    trace_id: str
    span_id: str
    request: str
    response: str
    tools: tuple[ToolCall, ...]
    excerpt: str
    excerpt_offset: int
    """Where the excerpt starts in the text that was searched; -1 if it is a description."""
    rationale: str


@dataclass(frozen=True, slots=True)
class TraceAssessment:
    """Why one affected trace counts, in a form that MLflow can keep."""

    trace_id: str
    span_id: str
    name: str
    rationale: str

"""Figures over all traces of a window."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """How many traces met an error of this class."""

    error_class: str
    count: int


@dataclass(frozen=True, slots=True)
class TimePoint:
    """One time bucket of the window: ended traces that began in it."""

    start_ms: int
    traces: int
    failed: int
    p50_ms: float | None
    """Of the successful ones, as ``p95_ms``; ``None`` without any."""
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures over the whole window. Latencies are of successful traces, in ms."""

    success_rate: float | None
    states: dict[str, int]
    latency_ms: dict[str, float | None]
    """mean, p50, p95, p99."""
    failures_by_duration: dict[str, int]
    """Failed traces by duration: "under 1 s", "1 to 10 s", "10 to 30 s", "over 30 s"."""
    errors: tuple[ErrorCount, ...]
    tokens: dict[str, float | None]
    """input, output, total; mean_per_trace."""
    sessions: int
    timeline: tuple[TimePoint, ...] = ()
    """The window in equal buckets of time, oldest first."""

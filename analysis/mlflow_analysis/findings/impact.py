"""What mending a finding would give."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Retimed:
    """Durations of all ended traces as recorded, and replayed with what mending would change; seconds."""

    p50_before_s: float
    p50_after_s: float
    p95_before_s: float
    p95_after_s: float
    traces: int
    """How many traces would be shorter, by a millisecond or more."""


@dataclass(frozen=True, slots=True)
class Impact:
    """What fixing it would give, as a lower bound, and how it ranks."""

    traces: float
    """Lower bound of the affected traces in the window."""
    failures: int = 0
    """Affected traces that failed."""
    seconds: float | None = None
    """Saved in total, lower bound, where it was replayed (``retimed``); else as recorded in what shows it."""
    tokens: int | None = None
    """Tokens that would not be used, where they were recorded."""
    score: float = 0.0
    """traces × severity weight: the rank."""
    severity_weight: float = 1.0
    reason: str = ""
    """What the figures rest on, or why one is missing."""
    rescued: float = 0.0
    """Lower bound of the failed traces whose first failing span is an affected one."""
    money: float | None = None
    """US dollars that would not be spent, lower bound, where costs were recorded."""
    retimed: Retimed | None = None

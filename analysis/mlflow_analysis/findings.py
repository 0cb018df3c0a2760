"""What an analysis finds, as plain frozen data: pickled between processes, written as JSON.

Nothing here computes. Shares and rates are 0 to 1, times are milliseconds, trace ids are MLflow's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Category(str, Enum):
    """The family a hypothesis belongs to; the board groups by it, in this order."""

    OPERATIONAL = "operational"
    PERFORMANCE = "performance"
    QUALITY = "quality"
    STRENGTH = "strength"
    USER = "user"


class Verdict(str, Enum):
    """What the traces say of a claim. All four are shown."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTABLE = "not-testable"


class Severity(str, Enum):
    """How bad it is where it happens; impact says how often."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Unit(str, Enum):
    """What is counted."""

    TRACE = "trace"
    SESSION = "session"
    SPAN = "span"
    REQUEST_GROUP = "request group"


@dataclass(frozen=True, slots=True)
class Effect:
    """The size of a contrast, with its 95 % interval."""

    kind: str
    """risk difference, ratio of medians, share of the critical path, …"""
    value: float
    interval: tuple[float, float]
    baseline: float | None = None
    """The same figure in the comparison group, where there is one."""


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


@dataclass(frozen=True, slots=True)
class RootCause:
    """An attribute value (or up to three joined by " and ") that goes with the affected units."""

    attribute: str
    value: str
    share: float
    """Share of the affected units that have it."""
    lift: float
    """Rate among units that have it over the rate among all eligible units."""
    q_value: float
    mechanism: str
    """"because …" where the trace shows the mechanism, else "associated with …"."""
    affected: int = 0
    units: int = 0
    """Eligible units that have the value."""


@dataclass(frozen=True, slots=True)
class Impact:
    """What fixing it would give, as a lower bound, and how it ranks."""

    traces: float
    """Lower bound of the affected traces in the window."""
    failures: int = 0
    """Affected traces that failed."""
    seconds: float | None = None
    """Time lost in the affected traces, where it can be told."""
    tokens: int | None = None
    score: float = 0.0
    """traces × severity weight: the rank."""
    severity_weight: float = 1.0
    reason: str = ""
    """What the figures rest on, or why one is missing."""


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One time bucket: how many units, how many of them affected."""

    start_ms: int
    eligible: int
    affected: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One hypothesis (about one subject) and what the traces say of it."""

    fingerprint: str
    hypothesis: str
    title: str
    statement: str
    category: Category
    verdict: Verdict
    reason: str
    severity: Severity
    unit: Unit
    affected: int = 0
    eligible: int = 0
    rate: float = 0.0
    interval: tuple[float, float] = (0.0, 1.0)
    effect: Effect | None = None
    p_value: float | None = None
    q_value: float | None = None
    needs_more: int | None = None
    trace_ids: tuple[str, ...] = ()
    assessments: tuple[TraceAssessment, ...] = ()
    examples: tuple[Example, ...] = ()
    root_causes: tuple[RootCause, ...] = ()
    impact: Impact | None = None
    recommendation: str = ""
    replicates: bool | None = None
    why: str = ""
    """Why it matters, from the hypothesis' documentation."""
    not_flagged: str = ""
    """What looks like it and is not counted."""
    trend: tuple[TrendPoint, ...] = ()
    subject: str = ""
    """The tool, model, assessment … that this finding is about; empty where it is about all."""

    @property
    def is_issue(self) -> bool:
        """Whether the claim is about something wrong (a strength is not)."""
        return self.category is not Category.STRENGTH


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool or data source that the application calls."""

    name: str
    kind: str
    calls: int
    failures: int
    p50_ms: float
    example_arguments: str = ""

    @property
    def failure_rate(self) -> float:
        """Failed calls over calls, 0 to 1."""
        return self.failures / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class RequestPattern:
    """A group of similar requests."""

    label: str
    traces: int
    share: float
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Purpose:
    """What the application does, drafted from its traces; the user confirms or corrects it."""

    description: str
    tools: tuple[ToolUse, ...] = ()
    data_sources: tuple[ToolUse, ...] = ()
    patterns: tuple[RequestPattern, ...] = ()
    confirmed_by_user: bool = False


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """How many traces met an error of this class."""

    error_class: str
    count: int


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


@dataclass(frozen=True, slots=True)
class Window:
    """What was read: from and to in ms since the epoch (``None`` without traces)."""

    start_ms: int | None
    end_ms: int | None
    filter: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A trace left out, and why."""

    trace_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything one run found. Findings stand in rank order."""

    experiment_id: str
    experiment_name: str
    tracking_uri: str
    """Without credentials."""
    window: Window
    seed: int
    tests_run: int
    traces_total: int
    traces_read: int
    skipped: tuple[Skipped, ...]
    statistics: Statistics
    purpose: Purpose
    findings: tuple[Finding, ...]
    timings: dict[str, float] = field(default_factory=dict)
    """Seconds by stage; the one part of an analysis that two equal runs may not share."""
    notes: tuple[str, ...] = ()
    """What a reader must know: a sample instead of all traces, a run cut short, …"""


JsonObject = dict[str, Any]

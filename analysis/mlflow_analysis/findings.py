"""What an analysis finds, as plain frozen data: pickled between processes, written as JSON.

Nothing here computes. Shares and rates are 0 to 1, times are milliseconds, trace ids are MLflow's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from mlflow_analysis.judged import JudgedFinding, Judging


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
    replicates: bool | None = None
    """Whether it goes with the affected units in both halves of the sessions; ``None``: not looked at."""
    interval: tuple[float, float] | None = None
    """95 % interval of the share affected among the units that have it (Wilson, with the design effect)."""
    rest_interval: tuple[float, float] | None = None
    """The same among the eligible units that do not."""


@dataclass(frozen=True, slots=True)
class OutcomeContrast:
    """How sessions ended that have the finding, against those that could have it and don't."""

    outcome: str
    """What counts as ending badly: "correctness fails", "the last trace failed", …"""
    rate_with: float
    rate_without: float
    sessions_with: int
    sessions_without: int
    difference: float
    """Risk difference, ``rate_with - rate_without``: above 0 the sessions with the finding end worse."""
    interval: tuple[float, float]
    p_value: float
    q_value: float
    association: str = ""
    """What follows, in words: "associated with worse outcomes", "no association shown", …"""


@dataclass(frozen=True, slots=True)
class Alias:
    """A finding that was merged into another one, because it shows at the same places."""

    fingerprint: str
    hypothesis: str
    title: str
    subject: str
    unit: Unit
    affected: int
    eligible: int
    interval: tuple[float, float]
    trace_ids: Sequence[str] = ()


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


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One time bucket: how many units, how many of them affected."""

    start_ms: int
    eligible: int
    affected: int


@dataclass(frozen=True, slots=True)
class Durations:
    """How long affected traces took, and the others that could have shown it: counts over the same bins."""

    edges_ms: tuple[float, ...]
    """Of the bins, one more than there are, equal steps of the logarithm."""
    affected: tuple[int, ...]
    rest: tuple[int, ...]
    affected_quantiles_ms: tuple[float, ...]
    """The quarter, the half, three quarters, and 95 %."""
    rest_quantiles_ms: tuple[float, ...]


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
    trace_ids: Sequence[str] = ()
    assessments: Sequence[TraceAssessment] = ()
    examples: tuple[Example, ...] = ()
    root_causes: tuple[RootCause, ...] = ()
    impact: Impact | None = None
    recommendation: str = ""
    replicates: bool | None = None
    """For claims formed from the data (about a tool, a model, a window of time): whether both halves of
    the sessions show it. ``None`` for claims declared beforehand."""
    held_out: bool = False
    """Whether one half of the sessions formed the claim, and the verdict and q are those of the other."""
    outcomes: tuple[OutcomeContrast, ...] = ()
    """For confirmed findings: what sessions with it came to, whether or not that differs."""
    aliases: tuple[Alias, ...] = ()
    """What was merged into this finding."""
    parent: str = ""
    """Fingerprint of the finding that nearly all of this one's traces have too, and many more."""
    why: str = ""
    """Why it matters, from the hypothesis' documentation."""
    not_flagged: str = ""
    """What looks like it and is not counted."""
    trend: tuple[TrendPoint, ...] = ()
    subject: str = ""
    """The tool, model, assessment … that this finding is about; empty where it is about all."""
    onset_ms: int | None = None
    """When it began, for claims about a moment in time."""
    durations: Durations | None = None
    """For confirmed findings: how long the affected traces took, beside the rest."""
    judge: JudgedFinding | None = None

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
    arguments: tuple[str, ...] = ()
    """Names of what it is called with, the most frequent first."""
    gives: str = ""
    """What comes back: fields of JSON, number of documents, text."""

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
class PurposeFact:
    """One thing that the traces tell of the application, and what it was read from."""

    name: str
    """conversations, languages, models, users, …"""
    value: str
    basis: str


@dataclass(frozen=True, slots=True)
class Purpose:
    """What the application does, drafted from its traces; the user confirms or corrects it."""

    description: str
    tools: tuple[ToolUse, ...] = ()
    data_sources: tuple[ToolUse, ...] = ()
    """Those of ``tools`` that are read from."""
    patterns: tuple[RequestPattern, ...] = ()
    confirmed_by_user: bool = False
    facts: tuple[PurposeFact, ...] = ()
    declared_tools: tuple[str, ...] | None = None
    """The tools that the user says there are; a call of any other is one too many. ``None``: not said."""
    out_of_scope: tuple[str, ...] = ()
    """Request patterns (by label) or topics (by words) that are none of the application's business."""

    def corrected_by(self, said: Purpose) -> Purpose:
        """What the user said, with the figures of this newer draft."""
        return replace(
            self,
            description=said.description or self.description,
            confirmed_by_user=said.confirmed_by_user,
            declared_tools=said.declared_tools,
            out_of_scope=said.out_of_scope,
        )


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
    """Seconds by stage, and ``began_ms`` since the epoch; the one part of an analysis that two equal runs
    may not share."""
    notes: tuple[str, ...] = ()
    """What a reader must know: a sample instead of all traces, a run cut short, …"""
    judge: Judging | None = None


JsonObject = dict[str, Any]

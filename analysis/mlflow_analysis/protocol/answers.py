"""What the engine process answers: each request is answered once."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from mlflow_analysis.annotation import AnnotationChange
from mlflow_analysis.protocol.pushed import CheckStage, TableGrew, ToolsSearched
from mlflow_analysis.protocol.sent_spans import Sent, received, sent
from mlflow_analysis.records import Experiment, SpanRecord, TraceInfo


@dataclass(slots=True)
class Problem:
    """Something failed: a sentence, what to do about it, and the details for those who want them."""

    sentence: str
    remedy: str = ""
    details: str = ""


@dataclass(slots=True)
class FilterProblem(Problem):
    """A filter that is not understood, and the characters of it that the problem is about."""

    start: int = 0
    end: int = 0


@dataclass(slots=True)
class FilterSuggestions:
    """Words that may stand in place of characters ``start`` to ``end``, the likeliest first."""

    start: int
    end: int
    words: tuple[str, ...]


@dataclass(slots=True)
class ConnectionReport:
    """A connection that works."""

    tracking_uri: str
    """Without credentials."""
    store: str
    """SQLite, PostgreSQL, MySQL, files, MLflow server, Databricks."""
    client_version: str
    server_version: str
    experiments: int
    round_trip_ms: float
    notes: tuple[str, ...] = ()
    stages: tuple[CheckStage, ...] = ()
    missing: tuple[str, ...] = ()
    """What this store cannot give, with the version that could: "issues (MLflow 3.11)"."""


@dataclass(slots=True)
class ExperimentList:
    """Active experiments, most recently changed first."""

    experiments: tuple[Experiment, ...]


@dataclass(slots=True)
class ExperimentFigures:
    """What a list of experiments shows of one."""

    experiment_id: str
    traces: int
    """All of them if ``exact``, else at least this many."""
    exact: bool
    examined: int
    """So many traces, the newest, are what the other figures stand on."""
    failed: int
    last_ms: int | None
    p50_ms: float | None
    p95_ms: float | None
    per_hour: tuple[int, ...]
    """Traces in each of the 24 hours up to the last trace, oldest first; empty without traces."""


@dataclass(slots=True)
class FigureList:
    """Figures in the order that they were asked for."""

    figures: tuple[ExperimentFigures, ...]


@dataclass(slots=True)
class FieldCheck:
    """One kind of data, and on how many of the examined traces it is."""

    name: str
    """inputs, outputs, sessions, users, token usage, assessments, tool spans, …"""
    traces: int
    examined: int


@dataclass(slots=True)
class ExperimentSummary:
    """What an experiment holds, so that a person can tell whether it is the right one."""

    experiment_id: str
    traces: int
    """All of them if ``exact``, else at least this many."""
    exact: bool
    first_ms: int | None
    last_ms: int | None
    states: dict[str, int]
    p50_ms: float | None
    p95_ms: float | None
    per_hour: tuple[int, ...]
    """Traces per bucket of time, oldest first, at most 48 buckets."""
    fields: tuple[FieldCheck, ...]
    span_kinds: dict[str, int]
    """Of the traces whose spans were examined."""
    testable: tuple[str, ...]
    """Ids of hypotheses that can be tested with these fields."""
    not_testable: tuple[tuple[str, str], ...]
    """Ids and the missing field."""


@dataclass(slots=True)
class TraceRow:
    """One row of the trace table."""

    trace_id: str
    start_ms: int
    state: str
    duration_ms: float | None
    total_tokens: int | None
    session_id: str
    request: str
    response: str
    findings: int
    """Confirmed findings that affect it."""
    worst: str = ""
    """Severity of the worst of them: high, medium, low."""


@dataclass(slots=True)
class Rows:
    """A window of rows and how many the query has in all."""

    start: int
    total: int
    rows: tuple[TraceRow, ...]

    def at(self, index: int) -> TraceRow | None:
        """Row ``index`` of the query, if it is in the window."""
        place = index - self.start
        return self.rows[place] if 0 <= place < len(self.rows) else None


@dataclass(slots=True)
class RowPosition:
    """Index of a trace in a query; ``None`` if it is not in it."""

    position: int | None


@dataclass(slots=True)
class PackedJson:
    """A large input or output as JSON: reading it takes a tenth of the time that unpickling it would take,
    and only once somebody looks at it."""

    json: bytes
    _read: Any = field(default=None, repr=False, compare=False)

    def value(self) -> Any:
        """What was packed; read once."""
        import orjson

        if self._read is None:
            self._read = orjson.loads(self.json)
        return self._read


def unpacked(value: Any) -> Any:
    """An input or output of a ``SpanView``, whether it was packed or not."""
    return value.value() if isinstance(value, PackedJson) else value


@dataclass(slots=True)
class SpanView:
    """A span with what the analysis worked out about it."""

    record: SpanRecord
    """Large inputs and outputs are ``PackedJson``."""
    depth: int
    self_ms: float
    critical_ms: float
    """Own share of the trace's critical path."""
    failed: bool
    error_class: str
    error_message: str
    input_tokens: int | None
    output_tokens: int | None
    model: str


@dataclass(slots=True)
class TraceView:
    """A trace for the inspector: spans depth first, children in order of start."""

    info: TraceInfo
    spans: tuple[SpanView, ...]
    findings: tuple[str, ...] = ()
    """Fingerprints of confirmed findings that affect it."""
    request: str = ""
    """What the user said, as in its row."""

    def __reduce__(self) -> tuple[Any, ...]:
        views = self.spans
        columns = tuple(tuple(getattr(view, name) for view in views) for name in _WORKED_OUT)
        return _trace_view, (
            self.info,
            sent([view.record for view in views]),
            columns,
            self.findings,
            self.request,
        )


_WORKED_OUT = tuple(each.name for each in fields(SpanView) if each.name != "record")


def _trace_view(
    info: TraceInfo,
    records: Sent,
    columns: tuple[tuple[Any, ...], ...],
    findings: tuple[str, ...],
    request: str,
) -> TraceView:
    views = tuple(map(SpanView, received(records), *columns))
    return TraceView(info, views, findings, request)


@dataclass(slots=True)
class Turn:
    """One trace of a session."""

    trace_id: str
    start_ms: int
    state: str
    request: str
    response: str


@dataclass(slots=True)
class Conversation:
    """A session, turn by turn."""

    session_id: str
    turns: tuple[Turn, ...]


@dataclass(slots=True)
class Plan:
    """What would be done, for the user to agree to."""

    place: str
    """What it is done to: the store, without credentials, and the experiment; or the model."""
    lines: tuple[str, ...]
    """A thing each; trace text in them is made safe to draw."""
    steps: int


@dataclass(slots=True)
class Outcome:
    """What was done, in sentences."""

    lines: tuple[str, ...]


@dataclass(slots=True)
class Annotated:
    """What was written on traces, or taken back; ``sentence`` says why that is not all."""

    changes: tuple[AnnotationChange, ...]
    sentence: str = ""
    remedy: str = ""


@dataclass(slots=True)
class Done:
    """Nothing more to say, or one sentence that a person should read."""

    note: str = ""


Answer = (
    Problem
    | ConnectionReport
    | ExperimentList
    | FigureList
    | ExperimentSummary
    | TableGrew
    | Rows
    | RowPosition
    | TraceView
    | Conversation
    | Annotated
    | FilterSuggestions
    | ToolsSearched
    | Plan
    | Outcome
    | Done
)

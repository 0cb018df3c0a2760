"""What the app and the engine process say to each other: plain data, pickled over a private pipe.

Each ``Call`` is answered by exactly one ``Reply`` with the same number; a running analysis also
sends ``Push`` messages. Importing this module loads neither mlflow nor pandas.

Messages are made, sent and read, never changed. They are not frozen all the same: freezing so many
classes takes 15 ms of the first paint.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mlflow_analysis.events import Event
from mlflow_analysis.findings import Analysis, Purpose
from mlflow_analysis.focus import Focus
from mlflow_analysis.records import Experiment, SpanRecord, TraceInfo
from mlflow_analysis.sign_in import ConnectionRequest

# ---- requests -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CheckConnection(ConnectionRequest):
    """Try a store, stage by stage. Pushes ``CheckStage``; answer: ``ConnectionReport``."""


@dataclass(slots=True)
class CancelCheck:
    """Give up the check that is running; its answer is a ``Problem``. Answer: ``Done``."""


@dataclass(slots=True)
class ListExperiments:
    """Answer: ``ExperimentList``, of the connection that was checked last."""


@dataclass(slots=True)
class FetchFigures:
    """A line of figures for each of some experiments. Answer: ``FigureList``."""

    experiment_ids: tuple[str, ...]


@dataclass(slots=True)
class SummariseExperiment:
    """Figures and data check of one experiment. Answer: ``ExperimentSummary``."""

    experiment_id: str


@dataclass(slots=True)
class OpenExperiment:
    """Read all infos for the trace table. Pushes ``TableGrew``; answer: ``TableGrew`` at the end."""

    experiment_id: str
    filter_string: str = ""


@dataclass(frozen=True, slots=True)
class RowQuery:
    """Which rows, in which order. All conditions must hold."""

    sort: str = "start_ms"
    """A field name of ``TraceRow``."""
    descending: bool = True
    text: str = ""
    """Free text, sought in request and response, case ignored."""
    failures_only: bool = False
    slow_only: bool = False
    """Slowest tenth."""
    session_id: str = ""
    finding: str = ""
    """Fingerprint: only traces that this finding affects."""


@dataclass(slots=True)
class FetchRows:
    """Rows ``start`` to ``stop`` of a query. Answer: ``Rows``."""

    query: RowQuery
    start: int
    stop: int


@dataclass(slots=True)
class LocateTrace:
    """Where a trace stands in a query. Answer: ``RowPosition``."""

    query: RowQuery
    trace_id: str


@dataclass(slots=True)
class FetchTrace:
    """One trace with spans. Answer: ``TraceView``."""

    trace_id: str


@dataclass(slots=True)
class FetchConversation:
    """The turns of a session in order of time. Answer: ``Conversation``."""

    session_id: str


@dataclass(frozen=True, slots=True)
class JudgeChoice:
    """A language model that may be asked, and what it may cost."""

    model: str
    """``provider:/model``."""
    budget: str = ""
    """As ``judge.budget.parse_limit`` reads it; the default one if empty."""


@dataclass(slots=True)
class StartAnalysis:
    """Analyse the open experiment. Pushes engine events; answer: ``Done`` when it has ended."""

    purpose: Purpose | None = None
    focus: tuple[Focus, ...] = ()
    """Each becomes a finding of its own."""
    seed: int = 0
    max_traces: int | None = None
    judge: JudgeChoice | None = None
    """Decides on the claims among ``focus`` that are sentences for it."""
    keep_in: str = ""
    """The folder where the finished analysis is kept for later reports; "" keeps none."""


@dataclass(slots=True)
class ConfirmPurpose:
    """What the user says the application does; it goes into the analysis. Answer: ``Done``."""

    purpose: Purpose


@dataclass(slots=True)
class CheckFilter:
    """Have the store look at a filter. Answer: ``Done``, or the ``Problem`` with it."""

    filter_string: str


@dataclass(slots=True)
class AskFocuses:
    """Test exactly these claims of the user's own, besides the catalogue.

    On what was read last: pushes ``AnalysisReady``. While traces are being read the analysis takes them in
    at its end. Answer: ``Done``.
    """

    focuses: tuple[Focus, ...]
    judge: JudgeChoice | None = None


@dataclass(slots=True)
class Stop:
    """Stop reading; the analysis concludes from what was read. Answer: ``Done``."""


@dataclass(slots=True)
class PlanJudging:
    """What asking the judge about a finding would cost at most; it is not asked. Answer: ``Plan``."""

    fingerprint: str
    judge: JudgeChoice


@dataclass(slots=True)
class AskJudge:
    """Ask the judge about a finding. Pushes ``StepsDone`` and ``AnalysisReady``; answer: ``Outcome``."""

    fingerprint: str
    judge: JudgeChoice


@dataclass(slots=True)
class StopJudge:
    """Ask the judge nothing more; what it said is kept. Answer: ``Done``."""


@dataclass(slots=True)
class PlanFiling:
    """What filing the reviewed ``analysis`` in MLflow would write; nothing is. Answer: ``Plan``."""

    analysis: Analysis
    review_path: str


@dataclass(slots=True)
class FileReview:
    """File the reviewed ``analysis`` in MLflow. Pushes ``StepsDone``; answer: ``Outcome``."""

    analysis: Analysis
    review_path: str


@dataclass(slots=True)
class PlanUndoWrites:
    """What was written to the open experiment and would be taken back; nothing is. Answer: ``Plan``."""


@dataclass(slots=True)
class UndoWrites:
    """Take it back. Pushes ``StepsDone``; answer: ``Outcome``."""

    review_path: str


@dataclass(slots=True)
class StopWriting:
    """Stop between two writes; what is written stands. Answer: ``Done``."""


Request = (
    CheckConnection
    | CancelCheck
    | ListExperiments
    | FetchFigures
    | SummariseExperiment
    | OpenExperiment
    | FetchRows
    | LocateTrace
    | FetchTrace
    | FetchConversation
    | StartAnalysis
    | ConfirmPurpose
    | CheckFilter
    | AskFocuses
    | Stop
    | PlanJudging
    | AskJudge
    | StopJudge
    | PlanFiling
    | FileReview
    | PlanUndoWrites
    | UndoWrites
    | StopWriting
)


# ---- answers --------------------------------------------------------------------------------


@dataclass(slots=True)
class Problem:
    """Something failed: a sentence, what to do about it, and the details for those who want them."""

    sentence: str
    remedy: str = ""
    details: str = ""


@dataclass(slots=True)
class CheckStage:
    """How far a check is. Each stage is told when it begins, and again when it has ended."""

    name: str
    """address, reach, sign in, version, experiments, trace; always in this order."""
    state: str
    """running, passed, failed."""
    elapsed_ms: float = 0.0
    found: str = ""
    """What the stage found, in a few words; of one that failed, the sentence of its problem."""


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
class TableGrew:
    """How far the trace table is."""

    traces: int
    total: int | None
    complete: bool


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


@dataclass(slots=True)
class Rows:
    """A window of rows and how many the query has in all."""

    start: int
    total: int
    rows: tuple[TraceRow, ...]


@dataclass(slots=True)
class RowPosition:
    """Index of a trace in a query; ``None`` if it is not in it."""

    position: int | None


@dataclass(slots=True)
class SpanView:
    """A span with what the analysis worked out about it."""

    record: SpanRecord
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
class StepsDone:
    """How far something is that the user agreed to."""

    done: int
    steps: int


@dataclass(slots=True)
class Outcome:
    """What was done, in sentences."""

    lines: tuple[str, ...]


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
    | Plan
    | Outcome
    | Done
)


# ---- envelopes ------------------------------------------------------------------------------


@dataclass(slots=True)
class Call:
    """A request with its number."""

    number: int
    request: Request


@dataclass(slots=True)
class Reply:
    """The one answer to the call of that number."""

    number: int
    answer: Answer


Pushed = Event | TableGrew | CheckStage | StepsDone
"""What the engine tells before it answers."""


@dataclass(slots=True)
class Push:
    """Something that happened meanwhile in the call of that number."""

    number: int
    body: Pushed = field()

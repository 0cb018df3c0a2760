"""What the app asks of the engine process."""

from __future__ import annotations

from dataclasses import dataclass

from mlflow_analysis.annotation import Annotation, AnnotationChange
from mlflow_analysis.brief.focus import Focus
from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.purpose import Purpose


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
    """Free text, sought in request and response, case ignored; in tool outputs as far as ``SearchTools`` got."""
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
    workers: int | None = None
    """Processes that read; as many as there is room for if ``None``."""
    engine: str = ""
    """``dask://host:port``: a Dask cluster that reads instead."""
    cache: bool = True
    """Keep features in the user's cache directory, and read only what is new there or has changed."""


@dataclass(slots=True)
class ConfirmPurpose:
    """What the user says the application does; it goes into the analysis. Answer: ``Done``."""

    purpose: Purpose


@dataclass(slots=True)
class CheckFilter:
    """Have the store look at a filter. Answer: ``Done``, or the ``Problem`` with it."""

    filter_string: str


@dataclass(slots=True)
class SuggestFilter:
    """What may come next in a filter that is being typed. Answer: ``FilterSuggestions``."""

    text: str
    cursor: int
    """Characters before the cursor."""


@dataclass(slots=True)
class SearchTools:
    """Look for a text in what tools answered; rows that match it so are then among those of ``RowQuery.text``.

    Ends a search that is running; of "" nothing more is done. Pushes and answers ``ToolsSearched``.
    """

    text: str


@dataclass(slots=True)
class Annotate:
    """Write something on traces as the user, who asked for it. Answer: ``Annotated``."""

    trace_ids: tuple[str, ...]
    annotation: Annotation
    author: str


@dataclass(slots=True)
class TakeBack:
    """Undo exactly these changes, the last one first. Answer: ``Annotated``, with those undone."""

    changes: tuple[AnnotationChange, ...]


@dataclass(slots=True)
class AskFocuses:
    """Test exactly these claims of the user's own, besides the catalogue.

    On what was read last: pushes ``AnalysisReady``. While traces are being read the analysis takes them in
    at its end. Answer: ``Done``.
    """

    focuses: tuple[Focus, ...]
    judge: JudgeChoice | None = None


@dataclass(slots=True)
class StartWatching:
    """Look every so often for traces that are new or have changed, until told to stop.

    Pushes ``WatchState``, and ``TableGrew`` and ``AnalysisReady`` when there is news; another watch ends.
    Answer: ``Done`` when it has ended, which it also does once another experiment is open.
    """

    every_s: float = 10.0


@dataclass(slots=True)
class StopWatching:
    """End the watch. Answer: ``Done``."""


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
    | SuggestFilter
    | SearchTools
    | Annotate
    | TakeBack
    | AskFocuses
    | StartWatching
    | StopWatching
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

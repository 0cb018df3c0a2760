"""What all screens share, as plain values: the app changes it, screens read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mlflow_analysis.brief.charter import Charter
from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.protocol import (
    CheckStage,
    ConnectionReport,
    ExperimentFigures,
    ExperimentSummary,
    JudgeChoice,
    Problem,
    Pushed,
    RowQuery,
    StepsDone,
    TableGrew,
    ToolsSearched,
    WatchState,
)
from mlflow_analysis.records import Experiment
from mlflow_analysis.review import Review
from mlflow_tui.board.state import BoardState


@dataclass
class AppState:
    """Where the user is: which store, which experiment, what is known of it."""

    asked: ConnectionRequest = field(default_factory=ConnectionRequest)
    """What was asked for; it may hold a password, so it is never drawn."""
    judge: JudgeChoice | None = None
    """The language model that may be asked; none unless the user named one."""
    connection: ConnectionReport | None = None
    experiments: tuple[Experiment, ...] = ()
    figures: dict[str, ExperimentFigures] = field(default_factory=dict)
    """A line of figures of each experiment, as far as they were asked for, by experiment id."""
    summaries: dict[str, ExperimentSummary] = field(default_factory=dict)
    """Data checks asked for so far, by experiment id."""
    experiment: Experiment | None = None
    filter_string: str = ""
    filter_history: list[str] = field(default_factory=list)
    """Filters typed in this session, refused ones too, newest last."""
    table: TableGrew | None = None
    """How far the trace table of the open experiment is."""
    table_problem: Problem | None = None
    """Why the table could not be read; the rows of before are kept."""
    query: RowQuery = field(default_factory=RowQuery)
    """What the trace table shows."""
    marked: dict[str, None] = field(default_factory=dict)
    """Ids of the traces that the user marked, in the order of marking."""
    applied: list[str] = field(default_factory=list)
    """What narrows the list, in the order in which it was put on: fields of ``query``, and ``filter``."""
    tools_searched: ToolsSearched | None = None
    """How far tool outputs were looked through for the text that is sought."""
    trace_id: str = ""
    """The trace under the cursor."""
    review: Review | None = None
    """There once an experiment is open, unless its journal cannot be read."""
    review_problem: str = ""
    """Why there is no review, where it cannot be read."""
    charter: Charter = field(default_factory=Charter)
    """What the user said of the open experiment's application, now or before; kept on disk."""
    board: BoardState = field(default_factory=BoardState)
    """All that the analysis has said so far; a new one for each experiment and each run."""
    analysing: bool = False
    """Whether a run has been started and not yet answered."""
    watch: WatchState | None = None
    """How the watch stands, while there is one."""
    analysis_problem: Problem | None = None
    """Why the last run failed; what it found until then is still on the board."""

    def apply(self, bodies: Iterable[Pushed]) -> None:
        """Take in what the engine pushed."""
        for body in bodies:
            if isinstance(body, TableGrew):
                self.table = body
            elif isinstance(body, ToolsSearched):
                self.tools_searched = body
            elif isinstance(body, WatchState):
                self.watch = body if body.watching else None
            elif not isinstance(body, CheckStage | StepsDone):  # those are for one screen alone
                self.board.apply(body)

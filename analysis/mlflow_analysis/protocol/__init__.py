"""What the app and the engine process say to each other: plain data, pickled over a private pipe.

Each ``Call`` is answered by exactly one ``Reply`` with the same number; a running analysis also
sends ``Push`` messages. Importing this module loads neither mlflow nor pandas.

Messages are made, sent and read, never changed. They are not frozen all the same: freezing so many
classes takes 15 ms of the first paint.
"""

from __future__ import annotations

from mlflow_analysis.protocol.answers import (
    Answer,
    ConnectionReport,
    Conversation,
    Done,
    ExperimentFigures,
    ExperimentList,
    ExperimentSummary,
    FieldCheck,
    FigureList,
    Problem,
    RowPosition,
    Rows,
    SpanView,
    TraceRow,
    TraceView,
    Turn,
)
from mlflow_analysis.protocol.envelopes import (
    Call,
    Push,
    Reply,
)
from mlflow_analysis.protocol.pushed import (
    CheckStage,
    Pushed,
    TableGrew,
    WatchState,
)
from mlflow_analysis.protocol.requests import (
    AskFocuses,
    CancelCheck,
    CheckConnection,
    CheckFilter,
    ConfirmPurpose,
    FetchConversation,
    FetchFigures,
    FetchRows,
    FetchTrace,
    ListExperiments,
    LocateTrace,
    OpenExperiment,
    Request,
    RowQuery,
    StartAnalysis,
    StartWatching,
    Stop,
    StopWatching,
    SummariseExperiment,
)

__all__ = [
    "Answer",
    "AskFocuses",
    "Call",
    "CancelCheck",
    "CheckConnection",
    "CheckFilter",
    "CheckStage",
    "ConfirmPurpose",
    "ConnectionReport",
    "Conversation",
    "Done",
    "ExperimentFigures",
    "ExperimentList",
    "ExperimentSummary",
    "FetchConversation",
    "FetchFigures",
    "FetchRows",
    "FetchTrace",
    "FieldCheck",
    "FigureList",
    "ListExperiments",
    "LocateTrace",
    "OpenExperiment",
    "Problem",
    "Push",
    "Pushed",
    "Reply",
    "Request",
    "RowPosition",
    "RowQuery",
    "Rows",
    "SpanView",
    "StartAnalysis",
    "StartWatching",
    "Stop",
    "StopWatching",
    "SummariseExperiment",
    "TableGrew",
    "TraceRow",
    "TraceView",
    "Turn",
    "WatchState",
]

"""What the app and the engine process say to each other: plain data, pickled over a private pipe.

Each ``Call`` is answered by exactly one ``Reply`` with the same number; a running analysis also
sends ``Push`` messages. Importing this module loads neither mlflow nor pandas.

They are loaded when the first of them is asked for: making so many classes takes 70 ms, and the app is painted
before it says anything. So what is imported before that refers to them as ``protocol.Name``.

Messages are made, sent and read, never changed. They are not frozen all the same: freezing so many
classes takes 15 ms of the first paint.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow_analysis.protocol.answers import (
        Annotated,
        Answer,
        ConnectionReport,
        Conversation,
        Done,
        ExperimentFigures,
        ExperimentList,
        ExperimentSummary,
        FieldCheck,
        FigureList,
        FilterProblem,
        FilterSuggestions,
        Outcome,
        PackedJson,
        Plan,
        Problem,
        RowPosition,
        Rows,
        SpanView,
        TraceRow,
        TraceView,
        Turn,
        unpacked,
    )
    from mlflow_analysis.protocol.envelopes import (
        Call,
        Push,
        Reply,
    )
    from mlflow_analysis.protocol.pushed import (
        CheckStage,
        Pushed,
        StepsDone,
        TableGrew,
        ToolsSearched,
        WatchState,
    )
    from mlflow_analysis.protocol.requests import (
        Annotate,
        AskFocuses,
        AskJudge,
        CancelCheck,
        CheckConnection,
        CheckFilter,
        ConfirmPurpose,
        FetchConversation,
        FetchFigures,
        FetchRows,
        FetchTrace,
        FileReview,
        JudgeChoice,
        ListExperiments,
        LocateTrace,
        OpenExperiment,
        PlanFiling,
        PlanJudging,
        PlanUndoWrites,
        Request,
        RowQuery,
        SearchTools,
        StartAnalysis,
        StartWatching,
        Stop,
        StopJudge,
        StopWatching,
        StopWriting,
        SuggestFilter,
        SummariseExperiment,
        TakeBack,
        UndoWrites,
    )

__all__ = [
    "Annotate",
    "Annotated",
    "Answer",
    "AskFocuses",
    "AskJudge",
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
    "FileReview",
    "FilterProblem",
    "FilterSuggestions",
    "JudgeChoice",
    "ListExperiments",
    "LocateTrace",
    "OpenExperiment",
    "Outcome",
    "PackedJson",
    "Plan",
    "PlanFiling",
    "PlanJudging",
    "PlanUndoWrites",
    "Problem",
    "Push",
    "Pushed",
    "Reply",
    "Request",
    "RowPosition",
    "RowQuery",
    "Rows",
    "SearchTools",
    "SpanView",
    "StartAnalysis",
    "StartWatching",
    "StepsDone",
    "Stop",
    "StopJudge",
    "StopWatching",
    "StopWriting",
    "SuggestFilter",
    "SummariseExperiment",
    "TableGrew",
    "TakeBack",
    "ToolsSearched",
    "TraceRow",
    "TraceView",
    "Turn",
    "UndoWrites",
    "WatchState",
    "unpacked",
]


def __getattr__(name: str) -> Any:
    """A message, by name; with it all others."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    for each in ("answers", "envelopes", "pushed", "requests"):
        module = import_module(f"{__name__}.{each}")
        globals().update({word: vars(module)[word] for word in __all__ if word in vars(module)})
    return globals()[name]

"""What the engine process holds between requests, and which part of it answers what."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mlflow_analysis import protocol
from mlflow_analysis.protocol import Answer, Conversation, Done, ExperimentList, Pushed, Request
from mlflow_analysis.service.analysing import Analysing
from mlflow_analysis.service.annotating import Annotating
from mlflow_analysis.service.connected import Connected
from mlflow_analysis.service.opened import Opened
from mlflow_analysis.service.summarised import summarised
from mlflow_analysis.service.trace_view import trace_view
from mlflow_analysis.service.watch import Watch
from mlflow_analysis.service.writing import Writing
from mlflow_analysis.tracking.connection import Connection
from mlflow_analysis.tracking.reader import StoreTraces

Send = Callable[[Pushed], None]


class Session:
    """Answers requests; safe to call from several threads. Raises ``ConnectionProblem``."""

    def __init__(self) -> None:
        self.connected = Connected()
        self.opened = Opened()
        self.analysing = Analysing(self.connected, self.opened)
        self._annotating = Annotating()
        self._writing = Writing()
        self._lock = threading.Lock()
        self._watching: Watch | None = None

    def answer(self, request: Request, send: Send) -> Answer:
        """The answer to ``request``; ``send`` takes what happens until then."""
        match request:
            case protocol.CheckConnection():
                return self.connected.check(request, send)
            case protocol.CancelCheck():
                self.connected.cancel()
                return Done()
            case protocol.ListExperiments():
                return ExperimentList(tuple(self._connection.experiments()))
            case protocol.FetchFigures(experiment_ids):
                return protocol.FigureList(tuple(self._connection.figures(experiment_ids)))
            case protocol.SummariseExperiment(experiment_id):
                return summarised(self._connection.survey(experiment_id))
            case protocol.OpenExperiment(experiment_id, filter_string):
                # before it is sent: a store says less clearly what is wrong
                self._connection.check_filter(filter_string)
                source = self._connection.experiment(experiment_id)
                return self.opened.open(source, filter_string, self.analysing, send)
            case protocol.FetchRows(query, start, stop):
                return self.opened.table.rows(query, start, stop)
            case protocol.LocateTrace(query, trace_id):
                return self.opened.table.locate(query, trace_id)
            case protocol.FetchTrace(trace_id):
                record = self._source.trace(trace_id)
                return trace_view(record, self.analysing.fingerprints_of(trace_id))
            case protocol.FetchConversation(session_id):
                return Conversation(session_id, self.opened.table.turns(session_id))
            case protocol.StartAnalysis():
                return self.analysing.start(request, send)
            case protocol.ConfirmPurpose(purpose):
                self.analysing.confirm(purpose)
                return Done()
            case protocol.SuggestFilter():
                return self.opened.seeking.suggest(request)
            case protocol.SearchTools(text):
                here = self.opened.here
                return self.opened.seeking.search_tools(text, here.table, here.source, send)
            case protocol.CheckFilter(filter_string):
                self._connection.check_filter(filter_string)
                next(self._source.infos(filter_string), None)
                return Done()
            case protocol.AskFocuses(focuses, choice):
                return self.analysing.ask(focuses, choice, send)
            case protocol.StartWatching():
                return self._watch(request, send)
            case protocol.StopWatching():
                return self._stop_watching()
            case protocol.Stop():
                self.analysing.stop()
                return Done()
            case protocol.Annotate():
                return self._annotating.annotate(self._connection, request)
            case protocol.TakeBack():
                return self._annotating.take_back(self._connection, request)
            case protocol.PlanJudging(fingerprint, choice):
                return self.analysing.plan_judging(fingerprint, choice)
            case protocol.AskJudge():
                return self.analysing.ask_judge(request, send)
            case protocol.StopJudge():
                self.analysing.stop_judge()
                return Done()
            case protocol.PlanFiling(analysis, review_path):
                return self._writing.plan(self._connection, analysis, review_path)
            case protocol.FileReview(analysis, review_path):
                return self._writing.file(self._connection, analysis, review_path, send)
            case protocol.PlanUndoWrites():
                return self._writing.plan_undo(self._connection, self._source.experiment_id)
            case protocol.UndoWrites(review_path):
                experiment_id = self._source.experiment_id
                return self._writing.undo(self._connection, experiment_id, review_path, send)
            case protocol.StopWriting():
                self._writing.stop()
                return Done()

    @property
    def _connection(self) -> Connection:
        return self.connected.connection

    @property
    def _source(self) -> StoreTraces:
        return self.opened.here.source

    def _watch(self, request: protocol.StartWatching, send: Send) -> Done:
        _ = self.opened.here  # there has to be something to watch
        watch = Watch(self.analysing, request.every_s, send)
        with self._lock:
            before, self._watching = self._watching, watch
        if before is not None:
            before.stop()
        return watch.run()

    def _stop_watching(self) -> Done:
        with self._lock:
            watch, self._watching = self._watching, None
        if watch is not None:
            watch.stop()
        return Done()

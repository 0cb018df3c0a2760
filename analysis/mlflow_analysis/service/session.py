"""What the engine process holds between requests: a store, a table of traces, an analysis."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from mlflow_analysis import protocol
from mlflow_analysis.engine import analyze
from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.focus import Focus
from mlflow_analysis.protocol import (
    Answer,
    ConnectionReport,
    Conversation,
    Done,
    ExperimentList,
    Pushed,
    Request,
    TableGrew,
)
from mlflow_analysis.records import TraceOutline
from mlflow_analysis.service.annotating import Annotating
from mlflow_analysis.service.concluded import Concluded, Run, is_same, kept_in
from mlflow_analysis.service.judging import SessionJudge
from mlflow_analysis.service.seeking import Seeking
from mlflow_analysis.service.summarised import summarised
from mlflow_analysis.service.touched import is_confirmed_issue, touched
from mlflow_analysis.service.trace_table import TraceTable
from mlflow_analysis.service.trace_view import trace_view
from mlflow_analysis.service.watch import Place, Watch
from mlflow_analysis.service.writing import Writing
from mlflow_analysis.sign_in import ConnectionRequest
from mlflow_analysis.tracking.connection import Connection, ConnectionProblem, connect
from mlflow_analysis.tracking.filter_syntax import check_filter
from mlflow_analysis.tracking.reader import StoreTraces

Send = Callable[[Pushed], None]


class Session:
    """Answers requests; safe to call from several threads. Raises ``ConnectionProblem``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._source: StoreTraces | None = None
        self._checking = threading.Event()
        """Set to give up the check that is running."""
        self._filter = ""
        self._table = TraceTable()
        self._seeking = Seeking()
        self._opening = threading.Event()
        """Set to stop the reading of the table that is being filled."""
        self._stop = threading.Event()
        """Set to stop the reading of the analysis that is running."""
        self._analysing = threading.Lock()
        self._findings: dict[str, Finding] = {}
        self._purpose: Purpose | None = None
        self._focuses: tuple[Focus, ...] = ()
        """The user's own claims, as asked last."""
        self._last: Concluded | None = None
        """The last analysis, for as long as its experiment is open."""
        self._keep_in = ""
        self._watching: Watch | None = None
        self._writing = Writing()
        self._annotating = Annotating()
        self._asked = ConnectionRequest()
        """How the open connection was asked for."""
        self._judge = SessionJudge()
        self._choice: protocol.JudgeChoice | None = None
        """The judge for the user's own claims, as named last."""

    def answer(self, request: Request, send: Send) -> Answer:
        """The answer to ``request``; ``send`` takes what happens until then."""
        match request:
            case protocol.CheckConnection():
                return self._check(request, send)
            case protocol.CancelCheck():
                self._checking.set()
                return Done()
            case protocol.ListExperiments():
                return ExperimentList(tuple(self._connected().experiments()))
            case protocol.FetchFigures(experiment_ids):
                return protocol.FigureList(tuple(self._connected().figures(experiment_ids)))
            case protocol.SummariseExperiment(experiment_id):
                return summarised(self._connected().survey(experiment_id))
            case protocol.OpenExperiment(experiment_id, filter_string):
                return self._open(experiment_id, filter_string, send)
            case protocol.FetchRows(query, start, stop):
                return self._table.rows(query, start, stop)
            case protocol.LocateTrace(query, trace_id):
                return self._table.locate(query, trace_id)
            case protocol.FetchTrace(trace_id):
                record = self._opened().trace(trace_id)
                return trace_view(record, self._fingerprints_of(trace_id))
            case protocol.FetchConversation(session_id):
                return Conversation(session_id, self._table.turns(session_id))
            case protocol.StartAnalysis():
                return self._analyse(request, send)
            case protocol.ConfirmPurpose(purpose):
                self._purpose = purpose
                return Done()
            case protocol.SuggestFilter():
                return self._seeking.suggest(request)
            case protocol.SearchTools(text):
                return self._seeking.search_tools(text, self._table, self._opened(), send)
            case protocol.CheckFilter(filter_string):
                check_filter(filter_string)
                next(self._opened().infos(filter_string), None)
                return Done()
            case protocol.AskFocuses(focuses, choice):
                self._focuses, self._choice = focuses, choice
                return Done(self._catch_up(send))
            case protocol.StartWatching():
                return self._watch(request, send)
            case protocol.StopWatching():
                return self._stop_watching()
            case protocol.Stop():
                self._stop.set()
                return Done()
            case protocol.Annotate():
                return self._annotating.annotate(self._connected(), request)
            case protocol.TakeBack():
                return self._annotating.take_back(self._connected(), request)
            case protocol.PlanJudging(fingerprint, choice):
                judge = self._judge.open(choice, self._asked)
                return self._judge.plan(judge, self._finding(fingerprint))
            case protocol.AskJudge():
                return self._ask_judge(request, send)
            case protocol.StopJudge():
                self._judge.stop()
                return Done()
            case protocol.PlanFiling(analysis, review_path):
                return self._writing.plan(self._connected(), analysis, review_path)
            case protocol.FileReview(analysis, review_path):
                return self._writing.file(self._connected(), analysis, review_path, send)
            case protocol.PlanUndoWrites():
                return self._writing.plan_undo(self._connected(), self._opened().experiment_id)
            case protocol.UndoWrites(review_path):
                experiment_id = self._opened().experiment_id
                return self._writing.undo(self._connected(), experiment_id, review_path, send)
            case protocol.StopWriting():
                self._writing.stop()
                return Done()

    # ---- the connection ---------------------------------------------------------------------

    def _check(self, request: protocol.CheckConnection, send: Send) -> ConnectionReport:
        """Connect; the connection before, if any, stays unless the new one works."""
        cancelled = threading.Event()
        with self._lock:
            self._checking.set()
            self._checking = cancelled
        connection = connect(request, on_stage=send, cancelled=cancelled.is_set)
        report = connection.report()
        with self._lock:
            if not cancelled.is_set():
                self._connection, self._asked = connection, request
        return report

    # ---- the table --------------------------------------------------------------------------

    def _open(self, experiment_id: str, filter_string: str, send: Send) -> TableGrew:
        check_filter(filter_string)  # before it is sent: a store says less clearly what is wrong
        source = self._connected().experiment(experiment_id)
        table, cancelled = TraceTable(source.experiment_id), threading.Event()
        with self._lock:
            self._opening.set()
            self._opening = cancelled
        total = source.count(filter_string)
        table.reading = True
        try:
            # The first page decides: if it cannot be read, what was open stays open.
            pages = source.infos(filter_string, cancelled=cancelled.is_set)
            page = next(pages, [])
            if not self._show(table, source, filter_string, cancelled):
                return TableGrew(0, total, complete=False)
            while page:
                table.extend(page)
                self._seeking.learn(page)
                if total is not None and total < len(table):
                    total = len(table)
                send(TableGrew(len(table), total, complete=False))
                page = next(pages, [])
        finally:
            table.reading = False
        complete = not cancelled.is_set()
        return TableGrew(len(table), len(table) if complete else total, complete)

    def _show(
        self, table: TraceTable, source: StoreTraces, filter_string: str, cancelled: threading.Event
    ) -> bool:
        """Make ``table`` the open one, unless another was asked for meanwhile."""
        with self._lock:
            if cancelled.is_set():
                return False
            self._seeking.begin_anew(same_experiment=self._is_open(source))
            if not self._is_open(source):
                self._findings, self._purpose, self._last = {}, None, None
                self._stop.set()
            else:
                table.take_searches(self._table)
            self._source, self._table, self._filter = source, table, filter_string
        self._mark()
        return True

    # ---- the analysis -----------------------------------------------------------------------

    def _analyse(self, request: protocol.StartAnalysis, send: Send) -> Answer:
        source, filter_string = self._opened(), self._filter
        stop = threading.Event()
        with self._lock:
            self._stop.set()
            self._stop = stop
            self._purpose = request.purpose or self._purpose
            self._focuses, self._last = request.focus, None
            self._judge.forget()
            self._choice = request.judge
            self._keep_in = request.keep_in
        judge, no_judge = self._judge.for_claims(request.focus, request.judge, self._asked)
        run = Run(
            source,
            filter_string,
            request,
            request.focus,
            self._purpose_of(source),
            judge=judge,
            no_judge=no_judge,
        )
        note = ""
        with self._analysing:  # until the one before has concluded
            for event in analyze(source, run.options, cancelled=stop.is_set):
                ready = event
                if isinstance(event, AnalysisReady) and self._is_open(source):
                    ready = self._conclude(run.concluded(event))
                send(ready)
                if isinstance(ready, AnalysisReady):
                    note = self._keep(ready)
        return Done(self._catch_up(send) or note)

    def _purpose_of(self, source: StoreTraces) -> Callable[[], Purpose | None]:
        return lambda: self._purpose if self._is_open(source) else None

    # ---- watching ---------------------------------------------------------------------------

    def _watch(self, request: protocol.StartWatching, send: Send) -> Done:
        self._opened()
        watch = Watch(self, request.every_s, send)
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

    def place(self) -> Place | None:
        """What is open now."""
        with self._lock:
            source = self._source
            return None if source is None else Place(source, self._filter, self._table)

    def carry_on(
        self,
        place: Place,
        outlines: Mapping[str, TraceOutline],
        cancelled: Callable[[], bool],
        send: Send,
    ) -> str:
        """Let the last analysis go on with these traces, unless another begins meanwhile.

        Returns a sentence if it could not be kept. Raises ``ConnectionProblem``; the last one then stays.
        """
        if not self._analysing.acquire(blocking=False):
            return ""
        try:
            stop = threading.Event()
            with self._lock:
                last = self.last_of(place)
                if last is None:
                    return ""
                self._stop = stop
            focuses = self._focuses
            judge, no_judge = self._judge.for_claims(focuses, self._choice, self._asked)

            def is_stopped() -> bool:
                return stop.is_set() or cancelled()

            run = last.going_on(
                outlines,
                focuses,
                self._purpose_of(place.source),
                is_stopped,
                judge=judge,
                no_judge=no_judge,
            )
            for event in analyze(place.source, run.options, cancelled=is_stopped):
                ready = event
            replaced = self._last is not last
            if not isinstance(ready, AnalysisReady) or ready.interrupted or replaced:
                return ""
            send(self._conclude(run.concluded(ready)))
            note = self._keep(ready)
        finally:
            self._analysing.release()
        return self._catch_up(send) or note

    def last_of(self, place: Place) -> Concluded | None:
        """The last analysis, if it is one of ``place`` and has ended."""
        last = self._last
        return last if last is not None and last.is_of(place.source, place.filter_string) else None

    # ---- what was concluded -----------------------------------------------------------------

    def _keep(self, ready: AnalysisReady) -> str:
        return kept_in(self._keep_in, ready.analysis)

    def _catch_up(self, send: Send) -> str:
        """Test the claims of the user's own as they were asked last, on what was read last.

        Called by whoever changed them and by whoever was busy meanwhile, so that none is forgotten.
        Returns a sentence if the analysis could not be kept.
        """
        note = ""
        while self._last is not None and self._last.focuses != self._focuses:
            if not self._analysing.acquire(blocking=False):
                return note
            try:
                last = self._last
                if last is not None:
                    focuses = self._focuses
                    judge, no_judge = self._judge.for_claims(focuses, self._choice, self._asked)
                    last.ask(focuses, judge, no_judge, self._stop.is_set)
                    ready = self._conclude(last)
                    send(ready)
                    note = self._keep(ready)
            finally:
                self._analysing.release()
        return note

    def _ask_judge(self, request: protocol.AskJudge, send: Send) -> Answer:
        last, finding = self._last, self._finding(request.fingerprint)
        if last is None:
            raise ConnectionProblem("The analysis has not ended yet.", "Ask again when it has.")
        outcome = self._judge.ask(
            self._judge.open(request.judge, self._asked),
            finding,
            last.source,
            seed=last.ready.analysis.seed,
            window=last.filter_string,
            send=send,
        )
        with self._analysing:
            if self._last is last:
                ready = self._conclude(last)
                send(ready)
                note = self._keep(ready)
                return replace(outcome, lines=(*outcome.lines, note)) if note else outcome
        return outcome

    def _finding(self, fingerprint: str) -> Finding:
        found = self._findings.get(fingerprint)
        if found is None:
            raise ConnectionProblem("This finding is not there any more.", "Choose another.")
        return found

    def _conclude(self, last: Concluded) -> AnalysisReady:
        """Keep what was concluded, and write it into the table before the app asks for rows."""
        last.ready = replace(last.ready, analysis=self._judge.shown(last.ready.analysis))
        self._last = last
        self._findings = {each.fingerprint: each for each in last.ready.analysis.findings}
        self._mark()
        return last.ready

    def _is_open(self, source: StoreTraces) -> bool:
        return self._source is not None and is_same(self._source, source)

    def _mark(self) -> None:
        """Write what the findings say into the table."""
        self._table.mark(*touched(list(self._findings.values())))

    def _fingerprints_of(self, trace_id: str) -> tuple[str, ...]:
        return tuple(
            finding.fingerprint
            for finding in list(self._findings.values())
            if is_confirmed_issue(finding) and trace_id in finding.trace_ids
        )

    # ---- what must be there -----------------------------------------------------------------

    def _connected(self) -> Connection:
        if self._connection is None:
            raise ConnectionProblem(
                "There is no connection to a tracking store yet.", "Connect first."
            )
        return self._connection

    def _opened(self) -> StoreTraces:
        if self._source is None:
            raise ConnectionProblem("No experiment is open yet.", "Choose an experiment first.")
        return self._source

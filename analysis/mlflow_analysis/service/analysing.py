"""The analysis of what is open: run, asked more, carried on, kept, and shown in the table."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from mlflow_analysis.brief.focus import Focus
from mlflow_analysis.engine.run import analyze
from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.judge.model import Judge
from mlflow_analysis.protocol import (
    AskJudge,
    Done,
    JudgeChoice,
    Outcome,
    Plan,
    Pushed,
    StartAnalysis,
)
from mlflow_analysis.records import TraceOutline
from mlflow_analysis.service.concluded import Concluded, Run, kept_in
from mlflow_analysis.service.connected import Connected
from mlflow_analysis.service.judging import SessionJudge
from mlflow_analysis.service.opened import Opened, Place
from mlflow_analysis.service.touched import is_confirmed_issue, touched
from mlflow_analysis.service.trace_table import TraceTable
from mlflow_analysis.tracking.problems import ConnectionProblem
from mlflow_analysis.tracking.reader import StoreTraces

Send = Callable[[Pushed], None]


class Analysing:
    """One analysis at a time; another one stops the reading of the one before. Raises ``ConnectionProblem``."""

    def __init__(self, connected: Connected, opened: Opened) -> None:
        self._connected, self._opened = connected, opened
        self._lock = threading.Lock()
        self._running = threading.Lock()
        """Held by whoever runs the engine or concludes."""
        self._stop = threading.Event()
        """Set to stop the reading of the analysis that is running."""
        self._findings: dict[str, Finding] = {}
        self._purpose: Purpose | None = None
        self._focuses: tuple[Focus, ...] = ()
        """The user's own claims, as asked last."""
        self._last: Concluded | None = None
        """The last analysis, for as long as its experiment is open."""
        self._keep_in = ""
        self._said = ""
        """What was said last of how an analysis was kept: a watch does not say it again."""
        self._judge = SessionJudge()
        self._choice: JudgeChoice | None = None
        """The judge for the user's own claims, as named last."""

    # ---- what is open -----------------------------------------------------------------------

    def leave(self) -> None:
        """Another experiment is open: forget what was found in the one before."""
        with self._lock:
            self._findings, self._purpose, self._last = {}, None, None
            self._stop.set()

    def mark(self, table: TraceTable) -> None:
        """Write what the findings say into ``table``."""
        table.mark(*touched(list(self._findings.values())))

    def last_of(self, place: Place) -> Concluded | None:
        """The last analysis, if it is one of ``place`` and has ended."""
        last = self._last
        return last if last is not None and last.is_of(place.source, place.filter_string) else None

    def fingerprints_of(self, trace_id: str) -> tuple[str, ...]:
        """The confirmed issues that this trace shows."""
        return tuple(
            finding.fingerprint
            for finding in list(self._findings.values())
            if is_confirmed_issue(finding) and trace_id in finding.trace_ids
        )

    # ---- runs -------------------------------------------------------------------------------

    def start(self, request: StartAnalysis, send: Send) -> Done:
        """Analyse what is open, from the beginning."""
        place = self._opened.here
        stop = threading.Event()
        with self._lock:
            self._stop.set()
            self._stop = stop
            self._purpose = request.purpose or self._purpose
            self._focuses, self._last = request.focus, None
            self._judge.forget()
            self._choice = request.judge
            self._keep_in, self._said = request.keep_in, ""
        judge, no_judge = self._judge_for(request.focus)
        run = Run(
            place.source,
            place.filter_string,
            request,
            request.focus,
            self._purpose_of(place.source),
            judge=judge,
            no_judge=no_judge,
        )
        note = ""
        with self._running:  # until the one before has concluded
            for event in analyze(place.source, run.options, cancelled=stop.is_set):
                ready = event
                if isinstance(event, AnalysisReady) and self._opened.has(place.source):
                    ready = self._conclude(run.concluded(event))
                send(ready)
                if isinstance(ready, AnalysisReady):
                    note = self._keep(run, ready)
        return Done(self._catch_up(send) or note)

    def stop(self) -> None:
        """Stop the reading of the analysis that is running; it concludes from what was read."""
        self._stop.set()

    def place(self) -> Place | None:
        """What is open now, if anything is."""
        return self._opened.place()

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
        if not self._running.acquire(blocking=False):
            return ""
        try:
            stop = threading.Event()
            with self._lock:
                last = self.last_of(place)
                if last is None:
                    return ""
                self._stop = stop
            focuses = self._focuses
            judge, no_judge = self._judge_for(focuses)

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
            note = self._keep(run, ready)
        finally:
            self._running.release()
        return self._catch_up(send) or note

    def _purpose_of(self, source: StoreTraces) -> Callable[[], Purpose | None]:
        return lambda: self._purpose if self._opened.has(source) else None

    # ---- what the user says and asks --------------------------------------------------------

    def confirm(self, purpose: Purpose) -> None:
        """The user's word on what the application does; it holds for the run that is under way, too."""
        self._purpose = purpose

    def ask(self, focuses: tuple[Focus, ...], choice: JudgeChoice | None, send: Send) -> Done:
        """Test these claims of the user's own in the place of those that were asked before."""
        self._focuses, self._choice = focuses, choice
        return Done(self._catch_up(send))

    def _catch_up(self, send: Send) -> str:
        """Test the claims of the user's own as they were asked last, on what was read last.

        Called by whoever changed them and by whoever was busy meanwhile, so that none is forgotten.
        Returns a sentence if the analysis could not be kept.
        """
        note = ""
        while self._last is not None and self._last.focuses != self._focuses:
            if not self._running.acquire(blocking=False):
                return note
            try:
                last = self._last
                if last is not None:
                    focuses = self._focuses
                    last.ask(focuses, *self._judge_for(focuses), self._stop.is_set)
                    note = self._tell(last, send)
            finally:
                self._running.release()
        return note

    # ---- the judge --------------------------------------------------------------------------

    def plan_judging(self, fingerprint: str, choice: JudgeChoice) -> Plan:
        """What asking the judge about this finding costs at most."""
        judge = self._judge.open(choice, self._connected.asked)
        return self._judge.plan(judge, self._finding(fingerprint))

    def ask_judge(self, request: AskJudge, send: Send) -> Outcome:
        """Ask the judge about one finding, and show what it said beside it."""
        last, finding = self._last, self._finding(request.fingerprint)
        if last is None:
            raise ConnectionProblem("The analysis has not ended yet.", "Ask again when it has.")
        outcome = self._judge.ask(
            self._judge.open(request.judge, self._connected.asked),
            finding,
            last.source,
            seed=last.ready.analysis.seed,
            window=last.filter_string,
            send=send,
        )
        with self._running:
            if self._last is last:
                note = self._tell(last, send)
                return replace(outcome, lines=(*outcome.lines, note)) if note else outcome
        return outcome

    def stop_judge(self) -> None:
        """Ask the judge nothing more of what it is being asked."""
        self._judge.stop()

    def _judge_for(self, focuses: tuple[Focus, ...]) -> tuple[Judge | None, str]:
        return self._judge.for_claims(focuses, self._choice, self._connected.asked)

    def _finding(self, fingerprint: str) -> Finding:
        found = self._findings.get(fingerprint)
        if found is None:
            raise ConnectionProblem("This finding is not there any more.", "Choose another.")
        return found

    # ---- what was concluded -----------------------------------------------------------------

    def _tell(self, last: Concluded, send: Send) -> str:
        """Tell what ``last`` comes to now, and keep it; a sentence if that was not possible."""
        ready = self._conclude(last)
        send(ready)
        return self._keep(last, ready)

    def _keep(self, run: Run | Concluded, ready: AnalysisReady) -> str:
        """Keep what was concluded for later reports; a sentence if there is news of that."""
        said = kept_in(self._keep_in, run, ready)
        news, self._said = ("" if said == self._said else said), said
        return news

    def _conclude(self, last: Concluded) -> AnalysisReady:
        """Take over what was concluded, and write it into the table before the app asks for rows."""
        last.ready = replace(last.ready, analysis=self._judge.shown(last.ready.analysis))
        self._last = last
        self._findings = {each.fingerprint: each for each in last.ready.analysis.findings}
        self.mark(self._opened.table)
        return last.ready

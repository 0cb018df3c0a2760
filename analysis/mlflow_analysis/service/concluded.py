"""An analysis that has ended, of which more can be asked, and that can go on when there are more traces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from mlflow_analysis.engine import AnalysisOptions, Known, asked_of_store, distinct
from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.evidence.weighing import Weighing
from mlflow_analysis.findings import Category, Purpose
from mlflow_analysis.focus import Focus
from mlflow_analysis.hypotheses.base import Hypothesis
from mlflow_analysis.judge.claims import NO_JUDGE, asked_of_judge
from mlflow_analysis.judge.judging import account
from mlflow_analysis.judge.model import Judge
from mlflow_analysis.protocol import StartAnalysis
from mlflow_analysis.reading.capacity import default_workers
from mlflow_analysis.records import TraceOutline
from mlflow_analysis.tracking.reader import StoreTraces


class Run:
    """One run of the engine, and what it leaves behind once it has ended."""

    def __init__(
        self,
        source: StoreTraces,
        filter_string: str,
        request: StartAnalysis,
        focuses: tuple[Focus, ...],
        confirmed_purpose: Callable[[], Purpose | None],
        known: Known | None = None,
        *,
        judge: Judge | None = None,
        no_judge: str = NO_JUDGE,
    ) -> None:
        """``judge`` decides on claims that are sentences for it; ``no_judge`` says why there is none."""
        self.source, self.filter_string = source, filter_string
        self.request, self.focuses = request, focuses
        self._weighing: list[Weighing] = []
        self._known: list[Known] = []
        self.options = AnalysisOptions(
            filter=filter_string,
            max_traces=request.max_traces,
            focus=focuses,
            judge=judge,
            no_judge=no_judge,
            weighed=self._weighing.append,
            read=self._known.append,
            known=known,
            live=known is None,
            purpose=request.purpose,
            confirmed_purpose=confirmed_purpose,
            seed=request.seed,
            workers=request.workers or default_workers(),
            engine=request.engine,
            cache=request.cache,
        )

    def concluded(self, ready: AnalysisReady) -> Concluded:
        """What it came to; ``ready`` was its last event."""
        return Concluded(self, self._known[0], self._weighing[0], ready)


class Concluded:
    """An analysis that has ended."""

    def __init__(self, run: Run, known: Known, weighing: Weighing, ready: AnalysisReady) -> None:
        self.ready, self.focuses, self.request = ready, run.focuses, run.request
        self.source, self.filter_string = run.source, run.filter_string
        self.known = known
        self.outlines: Mapping[str, TraceOutline] = {each.trace_id: each for each in known.outlines}
        self._weighing = weighing

    def ask(
        self,
        focuses: tuple[Focus, ...],
        judge: Judge | None,
        no_judge: str,
        cancelled: Callable[[], bool],
    ) -> None:
        """Put these claims of the user's own in the place of those that were there.

        ``no_judge`` says why there is no ``judge``; once ``cancelled`` says so, it is asked no more.
        """
        asked = [
            self._decided(each, judge, no_judge, cancelled)
            if each.judge
            else asked_of_store(self.source, each, self.filter_string)
            for each in distinct(focuses)
        ]
        self.focuses = focuses
        self._weighing.forget(Category.USER)
        for hypothesis in asked:
            self._weighing.add(hypothesis)
        findings, tests = self._weighing.conclude()
        analysis = replace(self.ready.analysis, findings=tuple(findings), tests_run=tests)
        if judge is not None:
            analysis = replace(analysis, judge=account(judge))
        self.ready = AnalysisReady(analysis, self.ready.interrupted)

    def _decided(
        self, focus: Focus, judge: Judge | None, no_judge: str, cancelled: Callable[[], bool]
    ) -> Hypothesis:
        asking = asked_of_judge(
            focus,
            judge,
            self.source,
            self._weighing.ended,
            seed=self.ready.analysis.seed,
            window=self.filter_string,
            why_not=no_judge,
            cancelled=cancelled,
        )
        while True:
            try:
                next(asking)
            except StopIteration as ended:
                hypothesis: Hypothesis = ended.value
                return hypothesis

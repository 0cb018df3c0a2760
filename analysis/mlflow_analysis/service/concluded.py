"""An analysis that has ended, of which more can be asked, and that can go on when there are more traces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from mlflow_analysis.brief.focus import Focus, distinct
from mlflow_analysis.contract.kept import keep_analysis, part_covered, set_aside
from mlflow_analysis.engine.options import AnalysisOptions, Known
from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.evidence.weighing import Weighing
from mlflow_analysis.features.cache import FeatureCache
from mlflow_analysis.findings.kinds import Category
from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.hypotheses.base import Hypothesis
from mlflow_analysis.judge.claims import NO_JUDGE, asked_of_judge
from mlflow_analysis.judge.judging import account
from mlflow_analysis.judge.model import Judge
from mlflow_analysis.protocol import StartAnalysis
from mlflow_analysis.reading.capacity import default_workers
from mlflow_analysis.reading.listing import news
from mlflow_analysis.reading.store_filters import asked_of_store
from mlflow_analysis.records import TraceOutline
from mlflow_analysis.tracking.problems import ConnectionProblem
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
        has_read: Callable[[], None] = lambda: None,
        *,
        judge: Judge | None = None,
        no_judge: str = NO_JUDGE,
    ) -> None:
        """``judge`` decides on claims that are sentences for it; ``no_judge`` says why there is none."""
        self.source, self.filter_string = source, filter_string
        self.request, self.focuses = request, focuses
        self._weighing: list[Weighing] = []
        self._known: list[Known] = []
        self._has_read = has_read
        kept = (source.tracking_uri, source.experiment_id)
        self.options = AnalysisOptions(
            filter=filter_string,
            max_traces=request.max_traces,
            focus=focuses,
            judge=judge,
            no_judge=no_judge,
            weighed=self._weighing.append,
            read=self._take,
            known=known,
            live=known is None,
            purpose=request.purpose,
            confirmed_purpose=confirmed_purpose,
            seed=request.seed,
            workers=request.workers or default_workers(),
            engine=request.engine,
            cache=FeatureCache(*kept) if request.cache else None,
        )

    def _take(self, known: Known) -> None:
        self._known.append(known)
        self._has_read()

    def concluded(self, ready: AnalysisReady) -> Concluded:
        """What it came to; ``ready`` was its last event."""
        return Concluded(self, self._known[0], self._weighing[0], ready)


def is_same(one: StoreTraces, other: StoreTraces) -> bool:
    """Whether both are of one experiment of one store."""
    return (one.tracking_uri, one.experiment_id) == (other.tracking_uri, other.experiment_id)


def kept_in(folder: str, run: Run | Concluded, ready: AnalysisReady) -> str:
    """Keep the analysis for later reports, unless ``folder`` is ""; a sentence if there is something to say.

    That is: it could not be kept, or covers a part and one of all stays.
    """
    analysis, most = ready.analysis, run.request.max_traces
    if not folder or not analysis.traces_read:
        return ""
    part = part_covered(
        filter_string=run.filter_string,
        is_sample=most is not None and analysis.traces_total >= most,
        is_interrupted=ready.interrupted,
    )
    try:
        path = keep_analysis(Path(folder), analysis, part=part)
    except OSError as error:
        return f"The analysis could not be kept for later reports: {error.strerror or error}."
    return set_aside(path, part)


class Concluded:
    """An analysis that has ended."""

    def __init__(self, run: Run, known: Known, weighing: Weighing, ready: AnalysisReady) -> None:
        self.ready, self.focuses, self.request = ready, run.focuses, run.request
        self.source, self.filter_string = run.source, run.filter_string
        self.known = known
        self.outlines: Mapping[str, TraceOutline] = {each.trace_id: each for each in known.outlines}
        self._weighing: Weighing | None = weighing

    def is_of(self, source: StoreTraces, filter_string: str) -> bool:
        """Whether it is an analysis of those traces of ``source`` that pass the filter."""
        return self.filter_string == filter_string and is_same(self.source, source)

    @property
    def began_ms(self) -> int:
        """When it began; milliseconds since the epoch."""
        return int(self.ready.analysis.timings.get("began_ms", 0))

    def differs_from(self, outlines: Mapping[str, TraceOutline]) -> int:
        """In how many traces these differ from those that it rests on."""
        if self.ready.interrupted:
            return max(1, len(outlines) - self.ready.analysis.traces_read)
        found = news(self.outlines, outlines)
        return len(found.new) + len(found.changed) + len(found.gone)

    def going_on(
        self,
        outlines: Mapping[str, TraceOutline],
        focuses: tuple[Focus, ...],
        confirmed_purpose: Callable[[], Purpose | None],
        is_stopped: Callable[[], bool],
        *,
        judge: Judge | None = None,
        no_judge: str = NO_JUDGE,
    ) -> Run:
        """A run with these traces that reads only what this one had not read as it is now.

        Once it has read, unless it was stopped, it needs the memory of this one: see ``let_go``.
        """

        def has_read() -> None:
            if not is_stopped():
                self.let_go()

        known = replace(self.known, outlines=tuple(outlines.values()))
        return Run(
            self.source,
            self.filter_string,
            self.request,
            focuses,
            confirmed_purpose,
            known,
            has_read,
            judge=judge,
            no_judge=no_judge,
        )

    def let_go(self) -> None:
        """Give the tables back, half of the memory of an analysis: another one takes its place."""
        self._weighing = None

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
        weighing = self._weighing
        if weighing is None:
            raise ConnectionProblem(
                "The findings could not be tested again.", "Start the analysis again (S)."
            )
        asked = [
            self._decided(weighing, each, judge, no_judge, cancelled)
            if each.judge
            else asked_of_store(self.source, each, self.filter_string)
            for each in distinct(focuses)
        ]
        self.focuses = focuses
        weighing.forget(Category.USER)
        for hypothesis in asked:
            weighing.add(hypothesis)
        findings, tests = weighing.conclude()
        analysis = replace(self.ready.analysis, findings=tuple(findings), tests_run=tests)
        if judge is not None:
            analysis = replace(analysis, judge=account(judge))
        self.ready = AnalysisReady(analysis, self.ready.interrupted)

    def _decided(
        self,
        weighing: Weighing,
        focus: Focus,
        judge: Judge | None,
        no_judge: str,
        cancelled: Callable[[], bool],
    ) -> Hypothesis:
        asking = asked_of_judge(
            focus,
            judge,
            self.source,
            weighing.ended,
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

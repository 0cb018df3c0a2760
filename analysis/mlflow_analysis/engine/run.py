"""Read, extract, test, conclude: one experiment in, a stream of events out.

The stream ends with ``AnalysisReady``. Equal traces and seed give equal findings, whatever the order in
which the traces arrive; only ``timings`` differ.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module

from mlflow_analysis.brief.focus import Focus, distinct
from mlflow_analysis.engine.listing import Listing
from mlflow_analysis.engine.options import AnalysisOptions, Known
from mlflow_analysis.engine.stage_clock import PROGRESS_EVERY, StageClock
from mlflow_analysis.events import (
    AnalysisReady,
    Event,
    FindingReady,
    HypothesisQueued,
    PurposeDrafted,
    ReadingPlanned,
    TraceSkipped,
)
from mlflow_analysis.evidence.summary import summarise
from mlflow_analysis.evidence.weighing import Shown, Weighing
from mlflow_analysis.features import topics
from mlflow_analysis.features.batch import Batch, unchanged
from mlflow_analysis.features.build import features_of
from mlflow_analysis.features.keeper import Keeper
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.analysis import Analysis, Skipped, Window
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.judged import Judging
from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.hypotheses.base import Hypothesis
from mlflow_analysis.hypotheses.catalogue import by_id, catalogue, in_order_of_work
from mlflow_analysis.hypotheses.judged import JudgedClaim, judged_claim
from mlflow_analysis.hypotheses.own import own_hypothesis
from mlflow_analysis.judge.claims import asked_of_judge
from mlflow_analysis.judge.judging import account
from mlflow_analysis.process.allocator import give_back
from mlflow_analysis.process.twin import Divided
from mlflow_analysis.purpose.draft import draft_purpose
from mlflow_analysis.purpose.told import as_told
from mlflow_analysis.reading.dispatch import Reading
from mlflow_analysis.reading.executors import place_for
from mlflow_analysis.reading.previews import Previews
from mlflow_analysis.reading.slices import SliceRead, reading_order
from mlflow_analysis.reading.store_filters import asked_of_store
from mlflow_analysis.records import SkippedTrace, TraceOutline
from mlflow_analysis.source import TraceSource, never

logger = logging.getLogger(__name__)

_GIVE_BACK_EVERY = 0.5
"""Seconds; what a hypothesis let go of the next one takes again, and would have to be cleared by the system first."""
FEWEST_SPANS_FOR_TWO = 20_000
"""With fewer, hypotheses are tested before a second process has got under way."""


def analyze(
    source: TraceSource,
    options: AnalysisOptions | None = None,
    *,
    cancelled: Callable[[], bool] = never,
) -> Iterator[Event]:
    """Analyse every trace of ``source``. Once ``cancelled`` says so, conclude from what was read.

    Raises what the source raises (``ConnectionProblem``), and ``KeyError`` for an unknown hypothesis id.
    """
    return _Run(source, options or AnalysisOptions(), cancelled).events()


class _Run:
    """The state of one analysis."""

    def __init__(
        self, source: TraceSource, options: AnalysisOptions, cancelled: Callable[[], bool]
    ) -> None:
        self.source, self.options, self.cancelled = source, options, cancelled
        self.cache = options.cache
        self.hypotheses: tuple[Hypothesis, ...] = (
            tuple(by_id(each) for each in options.hypotheses) if options.hypotheses else catalogue()
        )
        self.hypotheses += tuple(
            judged_claim(each) if each.judge else own_hypothesis(each)
            for each in distinct(options.focus)
        )
        self.listing = Listing(source, options, cancelled)
        self.keeper: Keeper | None = None
        self.batches: list[Batch] = []
        self.read = 0
        self.skipped: list[SkippedTrace] = []
        self.notes: list[str] = []
        self.timings: dict[str, float] = {}
        self.loading = ThreadPoolExecutor(1, "load")
        """Loads what is needed once all is read, while others read or a disk is waited for; not while traces are
        listed, which takes Python's time as loading does."""

    def events(self) -> Iterator[Event]:
        """All events, in order; what is being written to the cache meanwhile is waited for."""
        try:
            yield from self._events()
        finally:
            self.loading.shutdown(wait=False, cancel_futures=True)
            if self.keeper is not None:
                self.keeper.close()

    def _events(self) -> Iterator[Event]:
        began, began_ms = time.monotonic(), int(time.time() * 1000)
        for hypothesis in self.hypotheses:
            yield HypothesisQueued(
                hypothesis.id,
                hypothesis.title,
                hypothesis.category,
                hypothesis.severity,
                hypothesis.unit,
            )
        outlines = yield from self.listing.outlines()
        self.notes += self.listing.notes
        self._select()
        listed = time.monotonic()
        outlines = yield from self._read(outlines)
        read = time.monotonic()
        interrupted = self.cancelled()
        if interrupted:
            self.notes.append(
                f"Stopped by the user after {self.read:,} of {len(outlines):,} traces. Failing and "
                "slow traces are read first, so shares and statistics lean towards them."
            )
        if self.options.read is not None:
            self.options.read(Known(outlines, () if self.cache else tuple(self.batches)))
        window, total = self._covered(outlines), len(outlines)
        del outlines  # of a hundred thousand traces they take as much memory as a column of texts
        kept = self.cache if self.options.takes_all else None
        in_two = self._in_two(sum(len(each.spans) for each in self.batches))
        features = features_of(self.batches, seed=self.options.seed, kept=kept, in_two=in_two)
        give_back()
        if self.keeper is not None:
            self.keeper.write_rest()  # not before: until here there was enough to do for two
        purpose = draft_purpose(features)
        said = self.options.confirmed_purpose() or self.options.purpose
        if said is not None:
            purpose = purpose.corrected_by(said)
        yield PurposeDrafted(purpose)
        features = as_told(features, purpose)
        findings, tests = yield from self._test(features)
        for finding in findings:
            yield FindingReady(finding)
        self.timings = {
            "began_ms": began_ms,
            "listing": round(listed - began, 3),
            "reading": round(read - listed, 3),
            "testing": round(time.monotonic() - read, 3),
        }
        yield AnalysisReady(
            self._analysis(window, total, features, purpose, findings, tests), interrupted
        )

    def _select(self) -> None:
        """Have the store evaluate the filters of the user's own claims."""
        asked = tuple(
            judged_claim(focus)
            if focus.judge
            else asked_of_store(self.source, focus, self.listing.window, self.cancelled)
            for focus in distinct(self.options.focus)
        )
        self.hypotheses = self.hypotheses[: len(self.hypotheses) - len(asked)] + asked

    def _read(self, outlines: list[TraceOutline]) -> Generator[Event, None, list[TraceOutline]]:
        """What is kept, then spans: failing and slow traces first, then the rest spread over time.

        Returns ``outlines``, those that were read with marks.
        """
        self.loading.submit(import_module, "scipy.stats")
        missing = outlines
        if self.cache is not None:
            cached = self.cache.load(outlines)
            missing, self.keeper = cached.missing, Keeper(self.cache)
            for batch in cached.batches:
                self._take(SliceRead(batch))
        elif self.options.known is not None:
            missing = self._take_known(self.options.known)
        clock, total = StageClock(self.read), len(outlines)
        place = place_for(self.source, len(missing), self.options.workers, self.options.engine)
        if place.workers > 1:  # so much is new that topics will be formed
            self.loading.submit(topics.load)
        previews = Previews(self.hypotheses, self.options.seed) if self.options.live else None
        yield ReadingPlanned(total, self.read, place.workers)
        try:
            for result in Reading(place, reading_order(missing), self.cancelled).results():
                if result is not None:
                    self._take(result)
                    if self.keeper is not None:
                        self.keeper.add(result.batch)
                    if previews is not None:
                        previews.arrive(result.batch)
                    for each in result.skipped:
                        yield TraceSkipped(each.trace_id, each.reason)
                if clock.due(PROGRESS_EVERY):
                    yield clock.progress("reading spans", self.read + len(self.skipped), total)
                if previews is not None:
                    yield from previews.turn(self.cancelled)
        finally:
            place.close()
            if previews is not None:
                previews.close()
            outlines = self._marked(outlines)
            if self.keeper is not None:
                self.keeper.finish(
                    outlines, complete=self.listing.is_whole, stamp=self.listing.stamp
                )
        yield clock.progress("reading spans", self.read + len(self.skipped), total)
        return outlines

    def _marked(self, outlines: list[TraceOutline]) -> list[TraceOutline]:
        """``outlines`` with the marks that reading told of those that had none."""
        if all(each.mark for each in outlines):
            return outlines
        marks = {each.trace_id: each.mark for each in self.skipped}
        for batch in self.batches:
            marks |= batch.marks
        return [
            each if each.mark else each._replace(mark=marks.get(each.trace_id, ""))
            for each in outlines
        ]

    def _take_known(self, known: Known) -> list[TraceOutline]:
        """Take what was read before and has not changed; returns what has to be read."""
        marks = {each.trace_id: each.mark for each in known.outlines}
        for batch in known.batches:
            kept = unchanged(batch, marks)
            self._take(SliceRead(kept))
            for trace_id in kept.traces["trace_id"].to_pylist():
                del marks[trace_id]
        return [each for each in known.outlines if each.trace_id in marks]

    def _take(self, result: SliceRead) -> None:
        self.batches.append(result.batch)
        self.read += len(result.batch)
        self.skipped += result.skipped

    def _test(self, features: Features) -> Generator[Event, None, tuple[list[Finding], int]]:
        """Every hypothesis on the tables of all traces; returns findings and number of tests."""
        clock = StageClock()
        hypotheses: list[Hypothesis] = []
        for each in self.hypotheses:
            if isinstance(each, JudgedClaim):
                each = yield from self._asked(each.focus, features, clock)
            hypotheses.append(each)
        weighing, memory = Weighing(features), StageClock()

        def weigh(hypothesis: Hypothesis) -> Shown:
            tested = weighing.weigh(hypothesis)
            if memory.due(_GIVE_BACK_EVERY):
                give_back()
            return tested

        self.loading.shutdown()  # a copy of this process would wait for ever for a module that is being loaded
        in_two = self._in_two(len(features.spans))
        tasks = [partial(weigh, each) for each in in_order_of_work(hypotheses)]
        with Divided(tasks, twin=in_two) as testing:
            yield clock.progress("testing hypotheses", 0, len(hypotheses))
            for begun in testing.do():
                if clock.due(PROGRESS_EVERY):
                    yield clock.progress("testing hypotheses", begun - 1, len(hypotheses))
            for tested in testing.results():
                weighing.take(tested)
        self.options.weighed(weighing)
        findings, tests = weighing.conclude()
        yield clock.progress("testing hypotheses", len(self.hypotheses), len(self.hypotheses))
        return findings, tests

    def _in_two(self, spans: int) -> bool:
        """Whether a copy of this process does its share."""
        return self.options.workers > 1 and spans >= FEWEST_SPANS_FOR_TWO

    def _asked(
        self, focus: Focus, features: Features, clock: StageClock
    ) -> Generator[Event, None, Hypothesis]:
        """What the judge says of a sample of the traces."""
        asking = asked_of_judge(
            focus,
            self.options.judge,
            self.source,
            features.complete.index,
            seed=self.options.seed,
            window=self.listing.window,
            why_not=self.options.no_judge,
            cancelled=self.cancelled,
        )
        while True:
            try:
                done, questions = next(asking)
            except StopIteration as ended:
                hypothesis: Hypothesis = ended.value
                return hypothesis
            if clock.due(PROGRESS_EVERY):
                yield clock.progress("asking the judge", done, questions)

    def _covered(self, outlines: list[TraceOutline]) -> Window:
        starts = [each.start_ms for each in outlines]
        return Window(min(starts, default=None), max(starts, default=None), self.options.filter)

    def _judging(self) -> Judging | None:
        """What the claims for the judge cost, if there were any."""
        judge, claims = self.options.judge, self.options.focus
        return account(judge) if judge is not None and any(each.judge for each in claims) else None

    def _analysis(
        self,
        window: Window,
        total: int,
        features: Features,
        purpose: Purpose,
        findings: list[Finding],
        tests: int,
    ) -> Analysis:
        skipped = sorted(self.skipped, key=lambda each: each.trace_id)
        return Analysis(
            experiment_id=self.source.experiment_id,
            experiment_name=self.source.experiment_name,
            tracking_uri=self.source.tracking_uri,
            window=window,
            seed=self.options.seed,
            tests_run=tests,
            traces_total=total,
            traces_read=self.read,
            skipped=tuple(Skipped(each.trace_id, each.reason) for each in skipped),
            statistics=summarise(features),
            purpose=purpose,
            findings=tuple(findings),
            timings=self.timings,
            notes=tuple(self.notes),
            judge=self._judging(),
        )

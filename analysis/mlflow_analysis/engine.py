"""Read, extract, test, conclude: one experiment in, a stream of events out.

The stream ends with ``AnalysisReady``. Equal traces and seed give equal findings, whatever the order in
which the traces arrive; only ``timings`` differ.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from mlflow_analysis.events import (
    AnalysisReady,
    Event,
    FindingReady,
    HypothesisQueued,
    Progress,
    PurposeDrafted,
    TraceSkipped,
)
from mlflow_analysis.evidence.running import RunningCounts
from mlflow_analysis.evidence.summary import summarise
from mlflow_analysis.evidence.weighing import Weighing
from mlflow_analysis.features.build import build_features
from mlflow_analysis.features.extract import Extracted, extract
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings import Analysis, Finding, Purpose, Skipped, Window
from mlflow_analysis.focus import Focus
from mlflow_analysis.hypotheses.base import Hypothesis
from mlflow_analysis.hypotheses.catalogue import by_id, catalogue
from mlflow_analysis.hypotheses.own import own_hypothesis
from mlflow_analysis.purpose import as_told, draft_purpose
from mlflow_analysis.records import SkippedTrace, TraceInfo
from mlflow_analysis.source import FilterRefused, TraceSource, never

logger = logging.getLogger(__name__)

_PROGRESS_EVERY = 0.25
_EVIDENCE_EVERY = 0.25
_LONGEST_TURN = 0.15
"""Seconds that the running counts of one turn may take."""
_LIVE_SHARE = 0.2
"""Share of the reading time that running counts may take; one hypothesis is counted in each turn anyway."""
_HEAD_START = 3.0
"""Seconds of reading that are credited at the start, so that all cards soon show something."""
_PURPOSE_AFTER = 200
_READ_AT_ONCE = 200


@dataclass(frozen=True)
class AnalysisOptions:
    """What to analyse and how."""

    filter: str = ""
    """MLflow's trace filter syntax, sent to the store."""
    since_ms: int | None = None
    """Only traces that started at or after this time (ms since the epoch)."""
    max_traces: int | None = None
    """Read the newest N only; the analysis says so."""
    hypotheses: Sequence[str] = ()
    """Ids to test; all of them if empty. Raises ``KeyError`` for an unknown one."""
    focus: Sequence[Focus] = ()
    """What the user asks: each becomes a finding of its own, beside all others."""
    purpose: Purpose | None = None
    """As confirmed by the user; drafted from the traces if ``None``."""
    confirmed_purpose: Callable[[], Purpose | None] = field(default=lambda: None)
    """Asked at the end: the user may confirm while traces are still being read."""
    seed: int = 0
    weighed: Callable[[Weighing], None] = field(default=lambda _: None)
    """Given what was weighed, before the last event: more can be asked of it later."""


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
        self.hypotheses: tuple[Hypothesis, ...] = (
            tuple(by_id(each) for each in options.hypotheses) if options.hypotheses else catalogue()
        )
        self.hypotheses += tuple(own_hypothesis(each) for each in distinct(options.focus))
        self.extracted: list[Extracted] = []
        self.skipped: list[SkippedTrace] = []
        self.notes: list[str] = []
        self.timings: dict[str, float] = {}

    def events(self) -> Iterator[Event]:
        began, began_ms = time.monotonic(), int(time.time() * 1000)
        for hypothesis in self.hypotheses:
            yield HypothesisQueued(
                hypothesis.id,
                hypothesis.title,
                hypothesis.category,
                hypothesis.severity,
                hypothesis.unit,
            )
        infos = yield from self._list()
        self._select()
        listed = time.monotonic()
        yield from self._read(infos)
        read = time.monotonic()
        interrupted = self.cancelled()
        if interrupted:
            self.notes.append(
                f"Stopped by the user after {len(self.extracted)} of {len(infos)} traces. Failing and "
                "slow traces are read first, so shares and statistics lean towards them."
            )
        features = build_features(self.extracted, seed=self.options.seed)
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
        yield AnalysisReady(self._analysis(infos, features, purpose, findings, tests), interrupted)

    def _list(self) -> Generator[Event, None, list[TraceInfo]]:
        """All infos, oldest last; returns them."""
        filter_string = self._window
        total = self.source.count(filter_string)
        clock = _Clock()
        infos: list[TraceInfo] = []
        yield Progress("listing traces", 0, total, 0.0, None)
        for page in self.source.infos(filter_string, cancelled=self.cancelled):
            infos += page
            if self.options.max_traces is not None and len(infos) >= self.options.max_traces:
                seen = total if total is not None and total > len(infos) else len(infos)
                infos = infos[: self.options.max_traces]
                if seen > len(infos):
                    self.notes.append(f"Only the newest {len(infos)} of {seen} traces were read.")
                break
            if clock.due(_PROGRESS_EVERY):
                yield clock.progress("listing traces", len(infos), total)
        yield clock.progress("listing traces", len(infos), len(infos))
        return infos

    @property
    def _window(self) -> str:
        """The filter of the run, in MLflow's syntax."""
        since = self.options.since_ms
        bound = "" if since is None else f"trace.timestamp_ms >= {since}"
        return " AND ".join(part for part in (self.options.filter, bound) if part)

    def _select(self) -> None:
        """Have the store evaluate the filters of the user's own claims."""
        asked = tuple(
            asked_of_store(self.source, focus, self._window, self.cancelled)
            for focus in distinct(self.options.focus)
        )
        self.hypotheses = self.hypotheses[: len(self.hypotheses) - len(asked)] + asked

    def _read(self, infos: list[TraceInfo]) -> Iterator[Event]:
        """Spans: failing and slow traces first, then the rest spread over time."""
        clock, evidence_clock = _Clock(), _Clock()
        running = RunningCounts(self.hypotheses, self.options.seed)
        spent = 0.0
        with ThreadPoolExecutor(max_workers=1) as aside:
            first_draft: Future[Purpose] | None = None
            told = False
            for outcome in self.source.traces(reading_order(infos), cancelled=self.cancelled):
                if isinstance(outcome, SkippedTrace):
                    self.skipped.append(outcome)
                    yield TraceSkipped(outcome.trace_id, outcome.reason)
                else:
                    self.extracted.append(extract(outcome))
                    running.arrive(self.extracted[-1])
                done = len(self.extracted) + len(self.skipped)
                if clock.due(_PROGRESS_EVERY):
                    yield clock.progress("reading spans", done, len(infos))
                if first_draft is None and len(self.extracted) >= _PURPOSE_AFTER:
                    # grouping requests takes longer than a board may stand still
                    first_draft = aside.submit(_draft, list(self.extracted), self.options.seed)
                if first_draft is not None and first_draft.done() and not told:
                    told = True
                    yield PurposeDrafted(first_draft.result())
                if evidence_clock.due(_EVIDENCE_EVERY):
                    started = time.monotonic()
                    allowed = _LIVE_SHARE * (clock.elapsed + _HEAD_START) - spent
                    yield from running.turn(min(allowed, _LONGEST_TURN), self.cancelled)
                    spent += time.monotonic() - started
        yield clock.progress("reading spans", len(self.extracted) + len(self.skipped), len(infos))

    def _test(self, features: Features) -> Generator[Event, None, tuple[list[Finding], int]]:
        """Every hypothesis on the tables of all traces; returns findings and number of tests."""
        clock = _Clock()
        weighing = Weighing(features)
        for done, hypothesis in enumerate(self.hypotheses):
            if done == 0 or clock.due(_PROGRESS_EVERY):
                yield clock.progress("testing hypotheses", done, len(self.hypotheses))
            weighing.add(hypothesis)
        self.options.weighed(weighing)
        findings, tests = weighing.conclude()
        yield clock.progress("testing hypotheses", len(self.hypotheses), len(self.hypotheses))
        return findings, tests

    def _analysis(
        self,
        infos: list[TraceInfo],
        features: Features,
        purpose: Purpose,
        findings: list[Finding],
        tests: int,
    ) -> Analysis:
        starts = [info.start_ms for info in infos]
        skipped = sorted(self.skipped, key=lambda each: each.trace_id)
        return Analysis(
            experiment_id=self.source.experiment_id,
            experiment_name=self.source.experiment_name,
            tracking_uri=self.source.tracking_uri,
            window=Window(
                min(starts, default=None), max(starts, default=None), self.options.filter
            ),
            seed=self.options.seed,
            tests_run=tests,
            traces_total=len(infos),
            traces_read=len(self.extracted),
            skipped=tuple(Skipped(each.trace_id, each.reason) for each in skipped),
            statistics=summarise(features),
            purpose=purpose,
            findings=tuple(findings),
            timings=self.timings,
            notes=tuple(self.notes),
        )


def asked_of_store(
    source: TraceSource, focus: Focus, window: str = "", cancelled: Callable[[], bool] = never
) -> Hypothesis:
    """The hypothesis that tests ``focus`` on the traces of ``window``, its filter evaluated by the store.

    A filter that the source cannot evaluate makes it not testable, with the reason.
    """
    if not focus.filter:
        return own_hypothesis(focus)
    both = " AND ".join(part for part in (focus.filter, window) if part)
    selected: set[str] = set()
    try:
        for page in source.infos(both, cancelled=cancelled):
            selected.update(info.trace_id for info in page)
    except FilterRefused as refused:
        return own_hypothesis(focus, frozenset(), f"{refused.sentence} {refused.remedy}".strip())
    return own_hypothesis(focus, frozenset(selected))


def distinct(focuses: Sequence[Focus]) -> tuple[Focus, ...]:
    """Each claim once, in the order asked."""
    return tuple({focus.key: focus for focus in reversed(focuses)}.values())[::-1]


def reading_order(infos: Sequence[TraceInfo]) -> list[TraceInfo]:
    """Failing traces, then the slowest tenth, then the rest in strides through time."""
    newest_first = sorted(infos, key=lambda info: (-info.start_ms, info.trace_id))
    durations = sorted(info.duration_ms for info in infos if info.duration_ms is not None)
    slow = durations[int(0.9 * len(durations))] if durations else float("inf")
    failing = [info for info in newest_first if info.state == "ERROR"]
    slowest = [
        info for info in newest_first if info.state != "ERROR" and (info.duration_ms or 0.0) > slow
    ]
    first = {info.trace_id for info in failing} | {info.trace_id for info in slowest}
    rest = [info for info in newest_first if info.trace_id not in first]
    stride = max(1, len(rest) // _READ_AT_ONCE)
    return failing + slowest + [info for start in range(stride) for info in rest[start::stride]]


def _draft(extracted: Sequence[Extracted], seed: int) -> Purpose:
    return draft_purpose(build_features(extracted, seed=seed))


class _Clock:
    """Rate and time left of a stage, and when to say so again."""

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def due(self, seconds: float) -> bool:
        now = time.monotonic()
        if now - self._last < seconds:
            return False
        self._last = now
        return True

    def progress(self, stage: str, done: int, total: int | None) -> Progress:
        rate = done / self.elapsed if self.elapsed > 0 else 0.0
        left = (total - done) / rate if total is not None and rate > 0 else None
        return Progress(stage, done, total, rate, left)

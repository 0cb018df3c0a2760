"""From records to an analysis: events in order, nothing lost, equal input gives equal findings."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from mlflow_analysis.brief.focus import parse
from mlflow_analysis.engine import run
from mlflow_analysis.engine.options import AnalysisOptions
from mlflow_analysis.engine.run import analyze
from mlflow_analysis.events import (
    AnalysisReady,
    EvidenceGrew,
    FindingReady,
    HypothesisQueued,
    Progress,
    PurposeDrafted,
    TraceSkipped,
)
from mlflow_analysis.evidence.weighing import Shown, Weighing
from mlflow_analysis.features import topics
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.kinds import Verdict
from mlflow_analysis.process.twin import Divided
from mlflow_analysis.reading import dispatch, previews
from mlflow_analysis.reading.executors import ThisProcess
from mlflow_analysis.reading.slices import reading_order
from mlflow_analysis.records import SkippedTrace, TraceInfo, TraceOutline
from mlflow_analysis.source import RecordedTraces, TraceOutcome, outline_of
from trace_factory import model, tool, trace

EPOCH_MS = 1_780_272_000_000


def some_traces(count: int = 120) -> list:
    generator = random.Random(7)
    return [
        trace(
            model(ms=generator.lognormvariate(6, 0.3)),
            tool(
                "billing" if n % 2 else "search",
                inputs={"n": n},
                outputs="429 Too Many Requests" if n % 2 and n % 8 == 1 else {"rows": n},
            ),
            request=f"Please look up invoice number {n} for me",
            number=n,
            start_ms=EPOCH_MS + n * 400_000,
        )
        for n in range(1, count + 1)
    ]


def analysis_of(source, **options) -> Analysis:
    *_, last = analyze(source, AnalysisOptions(**options))
    assert isinstance(last, AnalysisReady)
    return last.analysis


def test_the_stream_tells_the_whole_story() -> None:
    events = list(analyze(RecordedTraces(some_traces())))
    kinds = [type(event) for event in events]
    assert kinds[0] is HypothesisQueued
    assert kinds[-1] is AnalysisReady
    assert PurposeDrafted in kinds
    analysis = events[-1].analysis
    assert [e.finding for e in events if isinstance(e, FindingReady)] == list(analysis.findings)
    stages = [event.stage for event in events if isinstance(event, Progress)]
    assert list(dict.fromkeys(stages)) == ["listing traces", "reading spans", "testing hypotheses"]
    assert analysis.traces_read == analysis.traces_total == 120


def test_the_planted_rate_limit_is_confirmed_with_its_tool() -> None:
    found = next(
        f
        for f in analysis_of(RecordedTraces(some_traces())).findings
        if f.hypothesis == "rate-limited"
    )
    assert found.verdict is Verdict.CONFIRMED
    assert (found.root_causes[0].attribute, found.root_causes[0].value) == ("tool", "billing")
    assert found.affected == len(found.trace_ids) == len(found.assessments) == 15
    assert found.examples
    assert all("429" in example.excerpt for example in found.examples)
    assert found.assessments[0].name == "rate_limited"


def test_order_of_arrival_does_not_show() -> None:
    records = some_traces()
    shuffled = list(records)
    random.Random(1).shuffle(shuffled)
    first, second = analysis_of(RecordedTraces(records)), analysis_of(RecordedTraces(shuffled))
    assert replace(first, timings={}) == replace(second, timings={})


def test_whether_two_processes_test_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [parse("invoice"), parse('"look up" -> latency')]
    records = some_traces()
    alone = analysis_of(RecordedTraces(records), focus=asked)

    monkeypatch.setattr(run, "FEWEST_SPANS_FOR_TWO", 1)
    weighed: list[Weighing] = []
    events = list(
        analyze(
            RecordedTraces(records),
            AnalysisOptions(workers=2, focus=asked, weighed=weighed.append),
        )
    )

    assert replace(events[-1].analysis, timings={}) == replace(alone, timings={})
    testing = [each for each in events if isinstance(each, Progress)]
    assert (testing[-1].done, testing[-1].total) == (len(run.catalogue()) + len(asked),) * 2
    assert tuple(weighed[0].conclude()[0]) == alone.findings


def test_two_processes_test_where_there_is_enough_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    twins: list[bool] = []

    class Noted(Divided[Shown]):
        def __init__(self, tasks: Sequence[Callable[[], Shown]], *, twin: bool) -> None:
            twins.append(twin)
            super().__init__(tasks, twin=twin)

    monkeypatch.setattr(run, "Divided", Noted)
    records = some_traces(20)
    for fewest, workers in [(60, 2), (61, 2), (60, 1)]:
        monkeypatch.setattr(run, "FEWEST_SPANS_FOR_TWO", fewest)
        analysis_of(RecordedTraces(records), workers=workers, hypotheses=["rate-limited"])
    assert twins == [True, False, False]


@pytest.mark.parametrize("others_read", [False, True])
def test_what_is_needed_later_is_loaded_once_traces_are_listed(
    others_read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    class Listed(RecordedTraces):
        def outlines(self, *args: str, **options) -> Iterator[list[TraceOutline]]:
            yield from super().outlines(*args, **options)
            assert not loaded

    def place(*_: object) -> ThisProcess:
        made = ThisProcess(source)
        made.workers = 1 + others_read
        return made

    source = Listed(some_traces(8))
    monkeypatch.setattr(run, "import_module", loaded.append)
    monkeypatch.setattr(topics, "load", lambda: loaded.append("topics"))
    monkeypatch.setattr(run, "place_for", place)
    analysis_of(source, hypotheses=["rate-limited"])
    assert loaded == ["scipy.stats", *(["topics"] if others_read else ())]


class Flawed(RecordedTraces):
    """A store with a trace that cannot be read."""

    def traces(self, infos: Sequence[TraceInfo], **options) -> Iterator[TraceOutcome]:
        for outcome in super().traces(infos, **options):
            unreadable = outcome.info.trace_id.endswith("5")
            yield (
                SkippedTrace(outcome.info.trace_id, "Its spans are not JSON.")
                if unreadable
                else outcome
            )


def test_an_unreadable_trace_is_reported_and_skipped() -> None:
    events = list(analyze(Flawed(some_traces())))
    analysis = events[-1].analysis
    told = [event.trace_id for event in events if isinstance(event, TraceSkipped)]
    assert sorted(told) == [each.trace_id for each in analysis.skipped]
    assert analysis.skipped
    assert analysis.traces_read + len(analysis.skipped) == analysis.traces_total


class Stopped(RecordedTraces):
    """A store whose user stops while the fortieth trace is being read."""

    met = 0

    def traces(self, infos: Sequence[TraceInfo], **options) -> Iterator[TraceOutcome]:
        for outcome in super().traces(infos, **options):
            self.met += 1
            yield outcome

    def stopped(self) -> bool:
        return self.met >= 40


def test_stopping_concludes_from_what_was_read() -> None:
    source = Stopped(some_traces())
    *_, last = analyze(source, cancelled=source.stopped)
    assert isinstance(last, AnalysisReady)
    assert last.interrupted
    read = last.analysis.traces_read
    assert 0 < read < 120
    assert last.analysis.notes[0].startswith(f"Stopped by the user after {read} of 120 traces.")
    assert last.analysis.findings


def test_a_sample_says_that_it_is_one() -> None:
    analysis = analysis_of(RecordedTraces(some_traces()), max_traces=30)
    assert analysis.traces_read == 30
    assert analysis.notes == ("Only the newest 30 of 120 traces were read.",)
    assert analysis.window.start_ms == EPOCH_MS + 91 * 400_000


def test_one_hypothesis_can_be_asked_for() -> None:
    analysis = analysis_of(RecordedTraces(some_traces()), hypotheses=["rate-limited"])
    assert {each.hypothesis for each in analysis.findings} == {"rate-limited"}
    with pytest.raises(KeyError, match="nonsense"):
        analyze(RecordedTraces([]), AnalysisOptions(hypotheses=["nonsense"]))


def test_fingerprints_survive_growth() -> None:
    few, many = (
        analysis_of(RecordedTraces(some_traces(60))),
        analysis_of(RecordedTraces(some_traces(120))),
    )

    def prints(analysis: Analysis) -> set[str]:
        return {each.fingerprint for each in analysis.findings if each.verdict is Verdict.CONFIRMED}

    assert prints(few) & prints(many)
    assert "rate-limited" in {f.hypothesis for f in many.findings if f.fingerprint in prints(few)}


def test_no_traces_are_no_trouble() -> None:
    analysis = analysis_of(RecordedTraces([]))
    assert analysis.traces_read == 0
    assert all(each.verdict is not Verdict.CONFIRMED for each in analysis.findings)


def test_failing_and_slow_traces_are_read_first() -> None:
    records = some_traces(100)
    infos = [record.info for record in records]
    infos[40] = replace(infos[40], state="ERROR")
    infos[70] = replace(infos[70], duration_ms=1e6)
    order = [each.trace_id for each in reading_order([outline_of(info) for info in infos])]
    assert order[0] == infos[40].trace_id
    assert infos[70].trace_id in order[1:11]
    assert sorted(order) == sorted(info.trace_id for info in infos)


def test_what_is_read_early_is_spread_over_all_of_the_time() -> None:
    outlines = [TraceOutline(f"{at:04}", at, 1.0, "OK", None, "") for at in range(4_000)]

    order = reading_order(outlines)

    assert sorted(order, key=lambda each: each.start_ms) == outlines
    early = [each.start_ms for each in order[:200]]
    assert all(any(at <= start < at + 250 for start in early) for at in range(0, 4_000, 250))


def test_evidence_grows_while_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "_EVIDENCE_EVERY", 0.0)
    monkeypatch.setattr(previews, "_LIVE_SHARE", float("inf"))
    monkeypatch.setattr(dispatch, "_SMALLEST", 2)
    monkeypatch.setattr(dispatch, "_LARGEST", 2)
    events = list(
        analyze(RecordedTraces(some_traces(8)), AnalysisOptions(hypotheses=["rate-limited"]))
    )
    read = [event.traces_read for event in events if isinstance(event, EvidenceGrew)]
    assert read == [2, 4, 6, 8]


def test_where_nobody_watches_nothing_is_counted_before_the_end() -> None:
    kinds = {
        type(event)
        for event in analyze(RecordedTraces(some_traces(8)), AnalysisOptions(live=False))
    }
    assert EvidenceGrew not in kinds
    assert FindingReady in kinds

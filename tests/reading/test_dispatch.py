"""Slices read by processes: the same result as read in one go, whatever happens to the workers."""

from __future__ import annotations

import logging
import multiprocessing
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future
from dataclasses import replace
from typing import Any

import pytest
from invoices import CLAIMS, RECORDS, analysis_of
from worker_that_dies import Deadly, look_again_and_again

from mlflow_analysis.engine.options import AnalysisOptions
from mlflow_analysis.engine.run import analyze
from mlflow_analysis.events import AnalysisReady, Event, Progress, ReadingPlanned
from mlflow_analysis.features.batch import batch_of
from mlflow_analysis.reading import dispatch
from mlflow_analysis.reading.dispatch import Reading, WorkersLost
from mlflow_analysis.reading.executors import Processes, ThisProcess
from mlflow_analysis.reading.slices import SliceRead
from mlflow_analysis.records import TraceOutline
from mlflow_analysis.source import RecordedTraces, TraceOutcome, TraceSource, never

pytestmark = pytest.mark.usefixtures("small_slices")


def listed(source: TraceSource) -> list[TraceOutline]:
    return [outline for page in source.outlines() for outline in page]


def ids_read(reader: Reading) -> list[str]:
    results = [each for each in reader.results() if each is not None]
    return sorted(i for each in results for i in each.batch.traces["trace_id"].to_pylist())


# ---- what is read ---------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 1_000])
@pytest.mark.parametrize("workers", [1, 2])
def test_workers_and_slices_do_not_show(
    source: TraceSource, workers: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = analysis_of(source)
    assert plain.traces_read == len(RECORDS)
    monkeypatch.setattr(dispatch, "_SMALLEST", size)
    monkeypatch.setattr(dispatch, "_LARGEST", size)
    assert analysis_of(source, workers=workers, live=False) == plain


class Ready:
    """A place where nothing takes any time, that tells how large slices were."""

    workers = 2

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def submit(self, outlines: Sequence[TraceOutline]) -> Future[SliceRead]:
        self.sizes.append(len(outlines))
        read: Future[SliceRead] = Future()
        read.set_result(SliceRead(batch_of([])))
        return read

    def renew(self) -> None: ...
    def stop(self) -> None: ...
    def close(self) -> None: ...


def test_slices_grow_and_are_small_again_towards_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "_SMALLEST", 5)
    monkeypatch.setattr(dispatch, "_LARGEST", 200)
    outlines = [TraceOutline(f"{at:04}", at, 1.0, "OK", None, "") for at in range(4_000)]
    place = Ready()

    assert all(read is not None for read in Reading(place, outlines, never).results())
    assert sum(place.sizes) == len(outlines)
    assert max(place.sizes) == 200
    largest = place.sizes.index(200)
    assert place.sizes[:largest] == sorted(place.sizes[:largest])
    assert place.sizes[-1] <= 5
    assert place.sizes[largest:] == sorted(place.sizes[largest:], reverse=True)


def test_a_source_of_this_process_is_read_here() -> None:
    events = list(analyze(RecordedTraces(RECORDS), AnalysisOptions(workers=2)))
    (planned,) = (each for each in events if isinstance(each, ReadingPlanned))
    assert planned == ReadingPlanned(len(RECORDS), 0, workers=1)


def test_a_worker_loads_neither_pandas_nor_mlflow() -> None:
    loading = """
import sys
from mlflow_analysis.reading import worker
from mlflow_analysis.reading.slices import read_slice
from mlflow_analysis.source import RecordedTraces
worker.leave_pandas_out()
read_slice(RecordedTraces([]), [])
print(*{name.partition(".")[0] for name in sys.modules})
"""
    ran = subprocess.run(
        [sys.executable, "-c", loading], capture_output=True, text=True, check=True
    )
    assert "pyarrow" in ran.stdout.split()
    assert not {"pandas", "textual", "sklearn", "scipy", "mlflow"} & set(ran.stdout.split())


# ---- workers that are lost ------------------------------------------------------------------


def test_a_killed_worker_loses_nothing(
    source: TraceSource, caplog: pytest.LogCaptureFixture
) -> None:
    plain = analysis_of(source)
    killed: list[int] = []

    def kill_one(event: Event) -> None:
        if isinstance(event, Progress) and event.done and not killed:
            workers = multiprocessing.active_children()
            killed.append(int(workers[0].pid or 0))
            os.kill(killed[0], signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr("mlflow_analysis.engine.run.PROGRESS_EVERY", 0.0)
        patch.setattr(dispatch, "_SMALLEST", 1)
        patch.setattr(dispatch, "_LARGEST", 1)
        for event in analyze(source, AnalysisOptions(workers=2, live=False, hypotheses=CLAIMS)):
            if isinstance(event, Progress) and event.stage == "reading spans":
                kill_one(event)
    assert killed
    assert "A worker was lost" in caplog.text
    assert isinstance(event, AnalysisReady)
    assert replace(event.analysis, timings={}) == plain


def test_a_worker_that_is_killed_while_it_looks_keeps_nothing_from_the_others(
    source: TraceSource,
) -> None:
    assert source.spec is not None
    for _ in range(3):
        place = Processes(source.spec, 1)
        try:
            looking = place._pool.submit(look_again_and_again)
            while not looking.running():
                time.sleep(0.01)
            time.sleep(0.1)
            (process,) = place._pool._processes
            os.kill(process, signal.SIGKILL)
            with pytest.raises(BrokenExecutor):
                looking.result(60)
            place.renew()
            assert place.submit([]).result(60).skipped == ()
        finally:
            place.close()


def test_only_the_slice_that_kills_its_worker_is_given_up(source: TraceSource) -> None:
    outlines = listed(source)
    assert source.spec is not None
    place = Deadly(source.spec, 2, frozenset({outlines[13].trace_id}))
    try:
        results = [each for each in Reading(place, outlines, never).results() if each is not None]
    finally:
        place.close()
    skipped = [each for result in results for each in result.skipped]
    assert [each.trace_id for each in skipped] == [each.trace_id for each in outlines[12:16]]
    assert {each.reason for each in skipped} == {"The process that read it ended."}
    assert sum(len(each.batch) for each in results) == len(outlines) - 4
    assert place.renewed == 2  # once with others in flight, once alone


def test_workers_that_cannot_live_are_said_to_be_lost(source: TraceSource) -> None:
    outlines = listed(source)
    assert source.spec is not None
    place = Deadly(source.spec, 2, frozenset(each.trace_id for each in outlines))
    try:
        with pytest.raises(WorkersLost) as problem:
            list(Reading(place, outlines, never).results())
    finally:
        place.close()
    assert "--workers 1" in problem.value.remedy


class Broken(RecordedTraces):
    """A source that fails over one trace, not always in the same way as a store does."""

    def read(self, outlines: Sequence[TraceOutline], **options: Any) -> Iterator[TraceOutcome]:
        if any(each.trace_id == RECORDS[13].info.trace_id for each in outlines):
            raise OSError("disk")
        yield from super().read(outlines, **options)


def test_a_slice_that_fails_twice_is_told_with_its_reason() -> None:
    analysis = analysis_of(Broken(RECORDS))
    assert {each.reason for each in analysis.skipped} == {"It could not be read (OSError)."}
    assert analysis.traces_read + len(analysis.skipped) == len(RECORDS)
    assert RECORDS[13].info.trace_id in {each.trace_id for each in analysis.skipped}


def test_a_trace_that_cannot_be_analysed_costs_itself_only() -> None:
    odd = replace(RECORDS[5], spans=(replace(RECORDS[5].spans[0], start_ns=None),))  # type: ignore[arg-type]
    analysis = analysis_of(RecordedTraces([*RECORDS[:5], odd, *RECORDS[6:]]))
    (skipped,) = analysis.skipped
    assert skipped.trace_id == odd.info.trace_id
    assert "could not be analysed (TypeError)" in skipped.reason
    assert analysis.traces_read == len(RECORDS) - 1


@pytest.mark.parametrize(
    "attributes",
    [
        {"http.response.status_code": 10**30},
        {"gen_ai.usage.input_tokens": 10**400, "gen_ai.usage.output_tokens": 1},
    ],
)
def test_a_trace_with_a_number_that_no_column_takes_costs_itself_only(
    attributes: dict[str, int],
) -> None:
    root = replace(RECORDS[5].spans[0], kind="CHAT_MODEL", attributes=attributes)
    odd = replace(RECORDS[5], spans=(root,))
    analysis = analysis_of(RecordedTraces([*RECORDS[:5], odd, *RECORDS[6:]]))
    (skipped,) = analysis.skipped
    assert skipped.trace_id == odd.info.trace_id
    assert "could not be analysed (OverflowError)" in skipped.reason
    assert analysis.traces_read == len(RECORDS) - 1


# ---- stopping -------------------------------------------------------------------------------


class Stuck(RecordedTraces):
    """A store that answers for the first slice and then not at all, until it is let go."""

    def __init__(self) -> None:
        super().__init__(RECORDS)
        self.asked = threading.Event()
        self.let_go = threading.Event()
        self.slices = 0

    def read(self, outlines: Sequence[TraceOutline], **options: Any) -> Iterator[TraceOutcome]:
        self.slices += 1
        if self.slices > 1:
            self.asked.set()
            self.let_go.wait()
        yield from super().read(outlines, **options)


def test_stopping_does_not_wait_for_a_store_that_does_not_answer() -> None:
    source = Stuck()
    try:
        *_, last = analyze(source, cancelled=source.asked.is_set)
        assert not source.let_go.is_set()
    finally:
        source.let_go.set()
    assert isinstance(last, AnalysisReady)
    assert last.interrupted
    assert last.analysis.traces_read == 4


def test_workers_are_told_to_stop_and_end(source: TraceSource) -> None:
    stopped = threading.Event()
    before = set(multiprocessing.active_children())
    for event in analyze(
        source, AnalysisOptions(workers=2, live=False, hypotheses=CLAIMS), cancelled=stopped.is_set
    ):
        if isinstance(event, Progress) and event.stage == "reading spans":
            stopped.set()
    assert isinstance(event, AnalysisReady)
    for each in set(multiprocessing.active_children()) - before:
        each.join(30)
        assert each.exitcode == 0


def test_a_worker_does_not_outlive_whoever_started_it(source: TraceSource) -> None:
    assert source.spec is not None
    starting = f"""
import multiprocessing, os, signal
from mlflow_analysis.reading.executors import Processes
from mlflow_analysis.source import SourceSpec
if __name__ == "__main__":
    place = Processes(SourceSpec({source.spec.tracking_uri!r}, {source.spec.experiment_id!r}, ""), 1)
    place.submit([]).result()
    print(*(each.pid for each in multiprocessing.active_children()), flush=True)
    input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", starting], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        ended = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    readable, _, _ = select.select([ended], [], [], 30)
    assert readable == [ended]


def test_a_thread_reads_where_there_is_one_worker(source: TraceSource) -> None:
    place = ThisProcess(source)
    try:
        assert ids_read(Reading(place, listed(source), never)) == sorted(
            record.info.trace_id for record in RECORDS
        )
    finally:
        place.close()
    assert not multiprocessing.active_children()

"""Figures over the whole window, and over time."""

from __future__ import annotations

from mlflow_analysis.evidence.summary import summarise
from trace_factory import EPOCH_MS, features_of, trace

HOUR_MS = 3_600_000


def test_every_ended_trace_stands_in_the_bucket_of_its_start() -> None:
    records = [
        trace(
            start_ms=EPOCH_MS + hour * HOUR_MS,
            ms=1000.0 + hour,
            state="ERROR" if hour == 20 else "OK",
        )
        for hour in range(48)
    ]
    running = trace(start_ms=EPOCH_MS + 5 * HOUR_MS, state="IN_PROGRESS", response="")
    timeline = summarise(features_of(*records, running)).timeline
    assert [point.traces for point in timeline] == [1] * 48
    assert [index for index, point in enumerate(timeline) if point.failed] == [20]
    assert timeline[0].start_ms == EPOCH_MS
    assert (timeline[3].p50_ms, timeline[3].p95_ms) == (1003.0, 1003.0)
    assert (timeline[20].p50_ms, timeline[20].p95_ms) == (None, None), "failures have no latency"


def test_traces_of_one_moment_stand_in_one_bucket() -> None:
    timeline = summarise(features_of(*(trace(start_ms=EPOCH_MS) for _ in range(3)))).timeline
    assert sum(point.traces for point in timeline) == timeline[0].traces == 3


def test_without_a_trace_that_ended_there_is_no_timeline() -> None:
    assert summarise(features_of(trace(state="IN_PROGRESS", response=""))).timeline == ()

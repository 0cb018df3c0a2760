"""What the hypothesis resource-contention finds, and what it leaves alone."""

from __future__ import annotations

import numpy as np

from mlflow_analysis.hypotheses.operational.resource_contention import ResourceContention
from mlflow_analysis.timing.replay import Replay
from trace_factory import EPOCH_MS, affected_traces, features_of, tool, trace

DAY_MS = 86_400_000


def under_load(slower_by_load, seed=9, calm=60, busy=90):
    """Calm hours, then a rush; the tool takes longer by ``slower_by_load`` for each trace in flight."""
    generator = np.random.default_rng(seed)
    times = np.sort(
        np.concatenate(
            [
                generator.uniform(0, DAY_MS, calm),
                generator.uniform(0.5 * DAY_MS, 0.504 * DAY_MS, busy),
            ]
        )
    )
    load = np.arange(len(times)) - np.searchsorted(times, times - 60_000)
    return [
        trace(
            tool(
                "database",
                ms=float(200 * np.exp(generator.normal(0, 0.2)) * (1 + slower_by_load * others)),
            ),
            start_ms=EPOCH_MS + float(at),
        )
        for at, others in zip(times, load, strict=True)
    ]


def test_an_exhausted_pool_is_found():
    broken = trace(
        tool(
            "database",
            status="ERROR",
            message="QueuePool limit of size 5 overflow 10 reached, connection timed out",
        )
    )
    crashed = trace(tool("render", exception=("MemoryError", "out of memory"), status="ERROR"))

    found = affected_traces(
        ResourceContention(), features_of(broken, crashed, trace(tool("database")))
    )
    assert crashed.info.trace_id in found


def test_a_tool_that_slows_down_with_load_is_found():
    features = features_of(*under_load(0.2))
    (case,) = ResourceContention().cases(features)

    assert "database takes " in case.statement
    assert len(case.affected) > 30
    assert case.affected["rationale"].str.startswith("database took ").all()
    saved = Replay(features.spans.frame, features.traces).saved_ms(case.mended)
    assert set(features.traces.index[saved > 0]) == set(case.affected["trace_id"])
    calm = features.spans["self_ms"][case.mended.own_times.index] - case.mended.own_times
    assert saved.sum() > 10_000 and abs(saved.sum() - calm.sum()) < 1


def test_made_up_durations_show_no_contention():
    records = under_load(0.2)
    made_up = [
        trace(tool("database", ms=800.0), start_ms=record.info.start_ms) for record in records
    ]
    assert affected_traces(ResourceContention(), features_of(*made_up)) == set()


def test_a_tool_whose_time_is_independent_of_load_is_not_flagged():
    for seed in range(10):
        assert affected_traces(ResourceContention(), features_of(*under_load(0.0, seed))) == set()

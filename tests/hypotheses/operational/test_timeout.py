"""What the hypothesis timeout finds, and what it leaves alone."""

from __future__ import annotations

import numpy as np

from mlflow_analysis.hypotheses.operational.timeout import Timeout
from mlflow_analysis.timing.replay import Replay
from trace_factory import affected_traces, features_of, tool, trace


def test_a_timeout_that_says_so_is_found():
    slow = trace(
        tool("report", ms=30_000, exception=("TimeoutError", "timed out"), status="ERROR"),
        state="ERROR",
    )
    features = features_of(slow, trace(tool("report", ms=900)))
    (case,) = Timeout().cases(features)

    assert list(case.affected["trace_id"]) == [slow.info.trace_id]
    assert "(after 30.0 s" in case.affected["rationale"].iloc[0].replace(
        "limit after", "limit (after"
    )
    assert Replay(features.spans.frame, features.traces).saved_ms(case.mended).round().tolist() == [
        29_100.0,
        0.0,
    ]


def test_where_nothing_ever_succeeds_the_whole_wait_is_wasted():
    slow = trace(tool("report", ms=30_000, exception=("TimeoutError", "timed out"), status="ERROR"))
    features = features_of(slow)
    (case,) = Timeout().cases(features)
    assert Replay(features.spans.frame, features.traces).saved_ms(case.mended).round() == [30_000.0]


def test_failures_that_end_at_one_duration_name_an_inferred_limit():
    generator = np.random.default_rng(1)
    fine = [trace(tool("report", ms=float(each))) for each in generator.lognormal(7, 0.5, 60)]
    cut = [
        trace(tool("report", ms=15_000 + n * 20, status="ERROR", message="no reply"), state="ERROR")
        for n in range(6)
    ]
    (case,) = Timeout().cases(features_of(*fine, *cut))

    assert set(case.affected["trace_id"]) == {each.info.trace_id for each in cut}
    assert (
        "6 failures of report end at 15.1 s" in case.statement
        or "6 failures of report end at 15.0 s" in case.statement
    )
    assert case.affected["excerpt"].str.startswith("failed after the inferred limit").all()


def test_failures_of_all_durations_name_no_limit():
    for seed in range(20):
        generator = np.random.default_rng(seed)
        records = [
            trace(
                tool(
                    "report",
                    ms=float(ms),
                    status=status,
                    message="no reply" if status == "ERROR" else "",
                )
            )
            for ms, status in zip(
                generator.lognormal(8.5, 0.6, 120),
                generator.choice(["OK", "ERROR"], 120, p=[0.7, 0.3]),
                strict=True,
            )
        ]
        assert affected_traces(Timeout(), features_of(*records)) == set()


def test_a_tool_that_always_takes_the_same_time_has_no_limit():
    records = [
        trace(
            tool(
                "pause",
                ms=5_000,
                status="ERROR" if n % 5 == 0 else "OK",
                message="broken" if n % 5 == 0 else "",
            )
        )
        for n in range(50)
    ]

    assert affected_traces(Timeout(), features_of(*records)) == set()


def test_what_the_user_cancelled_is_not_flagged():
    features = features_of(
        trace(
            tool(
                "report",
                ms=12_000,
                exception=("CancelledError", "cancelled by the user"),
                status="ERROR",
            )
        )
    )

    assert affected_traces(Timeout(), features) == set()

"""What the hypothesis retry-storm finds, and what it leaves alone."""

from __future__ import annotations

from mlflow_analysis.hypotheses.operational.retry_storm import RetryStorm
from mlflow_analysis.timing.replay import Replay
from trace_factory import affected_traces, features_of, tool, trace

FAILING = {"inputs": {"q": "x"}, "status": "ERROR", "message": "503 Service Unavailable", "ms": 200}


def test_a_call_repeated_after_its_failure_is_found_with_its_pauses():
    hasty = trace(tool("search", **FAILING), tool("search", **FAILING), tool("search", **FAILING))
    patient = trace(
        tool("search", **FAILING),
        tool("search", start=5_000, **FAILING),
        tool("search", start=15_000, inputs={"q": "x"}),
    )
    features = features_of(hasty, patient, trace(tool("search", inputs={"q": "y"})))
    (case,) = RetryStorm().cases(features)

    assert set(case.affected["unit"]) == {hasty.info.trace_id, patient.info.trace_id}
    assert len(case.eligible) == 3
    assert (
        "4 retries of 2 calls; 50% of them came within 1 s, and 50% of the calls succeeded"
        in case.statement
    )
    rationale = case.affected.set_index("trace_id")["rationale"]
    assert "was called 2 more times" in rationale[hasty.info.trace_id]
    assert rationale[hasty.info.trace_id].endswith("and never succeeded.")
    assert rationale[patient.info.trace_id].endswith("and succeeded in the end.")
    # two failed retries of the one; of the other one, and the pause before it, but not the one that helped
    saved = Replay(features.spans.frame, features.traces).saved_ms(case.mended)
    assert saved.round(3).tolist() == [400.0, 5_000.0, 0.0]


def test_one_retry_is_not_a_storm():
    assert (
        affected_traces(
            RetryStorm(), features_of(trace(tool("search", **FAILING), tool("search", **FAILING)))
        )
        == set()
    )


def test_polling_whose_status_changes_is_not_flagged():
    stages = ["queued, not ready", "rendering, not ready", "uploading, not ready", "checking"]
    polling = trace(
        *[
            tool("job", inputs={"id": 1}, outputs={"status": "error", "message": f"job is {each}"})
            for each in stages
        ]
    )

    assert affected_traces(RetryStorm(), features_of(polling)) == set()


def test_other_arguments_and_parallel_calls_are_not_retries():
    other = trace(*[tool("search", **{**FAILING, "inputs": {"q": n}}) for n in range(5)])
    parallel = trace(*[tool("search", start=0, **FAILING) for _ in range(5)])

    assert affected_traces(RetryStorm(), features_of(other, parallel)) == set()

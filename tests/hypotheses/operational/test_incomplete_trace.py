"""What the hypothesis incomplete-trace finds, and what it leaves alone."""

from __future__ import annotations

from mlflow_analysis.hypotheses.operational.incomplete_trace import IncompleteTrace
from trace_factory import EPOCH_MS, affected_traces, features_of, model, trace

HOUR_MS = 3_600_000


def test_a_trace_in_progress_for_hours_is_found():
    stuck = trace(model(), state="IN_PROGRESS", start_ms=EPOCH_MS)
    later = trace(model(), start_ms=EPOCH_MS + 3 * HOUR_MS)
    features = features_of(stuck, later)
    (case,) = IncompleteTrace().cases(features)

    assert list(case.affected["trace_id"]) == [stuck.info.trace_id]
    assert (
        case.affected["rationale"].iloc[0].startswith("The trace is still in progress after 3.0 h")
    )


def test_a_trace_without_outputs_is_found():
    silent = trace(model(), response="")

    assert affected_traces(IncompleteTrace(), features_of(silent, trace(model()))) == {
        silent.info.trace_id
    }


def test_a_trace_that_is_running_now_is_not_flagged():
    running = trace(model(), state="IN_PROGRESS", start_ms=EPOCH_MS + 2.5 * HOUR_MS)
    features = features_of(running, trace(model(), start_ms=EPOCH_MS + 3 * HOUR_MS))

    assert affected_traces(IncompleteTrace(), features) == set()
    assert running.info.trace_id not in IncompleteTrace().eligible(features)


def test_a_failing_trace_without_outputs_is_not_flagged():
    features = features_of(trace(model(), response="", state="ERROR", root_message="boom"))

    assert affected_traces(IncompleteTrace(), features) == set()

"""What the hypothesis content-blocked finds, and what it leaves alone."""

from __future__ import annotations

from mlflow_analysis.hypotheses.operational.content_blocked import ContentBlocked
from trace_factory import affected_traces, features_of, model, tool, trace


def test_a_filter_is_found_by_its_error_and_by_its_finish_reason():
    error = trace(
        model(status="ERROR", message="400: the prompt triggered Azure's content_filter policy"),
        state="ERROR",
    )
    stump = trace(model(finish_reason="content_filter"))
    (case,) = ContentBlocked().cases(features_of(error, stump, trace(model())))

    assert set(case.affected["trace_id"]) == {error.info.trace_id, stump.info.trace_id}
    assert set(case.affected["unit"]) <= set(case.eligible)
    by_trace = case.affected.set_index("trace_id")
    assert by_trace.loc[stump.info.trace_id, "excerpt"] == "finish reason content_filter"


def test_the_models_own_refusal_is_not_flagged():
    features = features_of(
        trace(model(), response="I can't help with that, it is against my guidelines."),
        trace(tool("read", outputs="Our content policy is on page 3.")),
    )

    assert affected_traces(ContentBlocked(), features) == set()

"""What the hypothesis unparseable-model-output finds, and what it leaves alone."""

from __future__ import annotations

from mlflow_analysis.hypotheses.operational.unparseable_model_output import UnparseableModelOutput
from trace_factory import affected_traces, features_of, model, trace


def test_a_reply_that_the_framework_cannot_parse_is_found():
    lost = trace(
        model(
            status="ERROR",
            exception=("OutputParserException", "Could not parse LLM output: Sure, here"),
        ),
        state="ERROR",
        root_message="OutputParserException: Could not parse LLM output: Sure, here",
    )
    (case,) = UnparseableModelOutput().cases(features_of(lost, trace(model())))

    assert list(case.affected["trace_id"]) == [lost.info.trace_id]
    assert (
        case.affected["rationale"]
        .iloc[0]
        .startswith("chat got a model reply that could not be parsed")
    )


def test_a_free_text_answer_is_not_flagged():
    features = features_of(
        trace(model(outputs="Sure: { this is not JSON"), response="Sure: { this is not JSON")
    )

    assert affected_traces(UnparseableModelOutput(), features) == set()

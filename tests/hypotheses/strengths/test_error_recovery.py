"""Answers in spite of a failed call."""

from typing import Any

from mlflow_analysis.hypotheses.strengths.error_recovery import ErrorRecovery
from trace_factory import Planned, affected_traces, features_of, feedback, model, tool, trace


def failing(name: str = "search", of: str = "tea") -> Planned:
    return tool(
        name, inputs={"of": of}, outputs={"error": "503"}, status="ERROR", message="503 unavailable"
    )


def working(name: str = "search", of: str = "tea", **details: Any) -> Planned:
    return tool(name, inputs={"of": of}, outputs={"found": 3}, **details)


def test_a_retry_that_works_is_a_recovery() -> None:
    record = trace(failing(), model(), working(of="green tea"), model(), response="Three kinds.")
    (case,) = ErrorRecovery().cases(features_of(record))
    assert list(case.affected["trace_id"]) == [record.info.trace_id]
    assert case.affected["span_id"].iloc[0] == record.spans[1].span_id
    assert "search failed; search then worked" in case.affected["rationale"].iloc[0]


def test_another_tool_with_the_same_arguments_is_a_recovery() -> None:
    record = trace(failing(), working("catalogue"), response="Three kinds.")
    assert affected_traces(ErrorRecovery(), features_of(record)) == {record.info.trace_id}


def test_answering_without_making_good_is_no_recovery() -> None:
    features = features_of(
        trace(failing(), model(), response="Three kinds."),
        trace(failing(), working("weather", of="Rome"), response="Three kinds."),
        trace(working(), failing(), response="Three kinds."),
        trace(failing(), working(), failing(of="milk"), response="Three kinds."),
    )
    assert len(ErrorRecovery().eligible(features)) == 4
    assert len(affected_traces(ErrorRecovery(), features)) == 0


def test_answers_that_fail_or_tell_of_it_do_not_count() -> None:
    features = features_of(
        trace(failing(), working(), response="Sorry, something went wrong."),
        trace(failing(), working(), response="", state="ERROR"),
        trace(failing(), working(), response="Three.", assessments=[feedback("helpful", False)]),
    )
    assert not affected_traces(ErrorRecovery(), features)


def test_without_failures_nothing_is_eligible() -> None:
    assert ErrorRecovery().eligible(features_of(trace(working()))).empty

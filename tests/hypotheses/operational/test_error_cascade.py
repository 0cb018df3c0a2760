"""What the hypothesis error-cascade finds, and what it leaves alone."""

from __future__ import annotations

from quiet_traces import confirmed_subjects

from mlflow_analysis.hypotheses.operational.error_cascade import ErrorCascade
from trace_factory import features_of, tool, trace

BROKEN = {"inputs": {"q": 1}, "status": "ERROR", "message": "500 Internal Server Error"}


def test_a_tool_that_takes_the_trace_down_is_found():
    down = [
        trace(tool("stock", **BROKEN), state="ERROR", root_message="500 Internal Server Error")
        for _ in range(11)
    ]
    survived = [trace(tool("stock", **BROKEN)) for _ in range(2)]
    fine = [trace(tool("stock")) for _ in range(40)]
    features = features_of(*down, *survived, *fine)

    assert confirmed_subjects(ErrorCascade(), features) == ["stock"]
    (case,) = ErrorCascade().cases(features)
    assert len(case.eligible) == 13
    assert set(case.affected["trace_id"]) == {each.info.trace_id for each in down}
    assert (
        case.statement
        == "When stock fails for good, 85% of the traces fail; of the other traces that call it, 0%."
    )
    assert case.affected["rationale"].str.endswith("; the failure went up to the root.").all()


def test_recovered_failures_are_not_flagged():
    recovered = [
        trace(
            tool("stock", **BROKEN),
            tool("stock", inputs={"q": 1}),
            state="ERROR",
            root_message="out of ideas",
        )
        for _ in range(12)
    ]
    (case,) = ErrorCascade().cases(
        features_of(*recovered, *[trace(tool("stock")) for _ in range(40)])
    )

    assert case.test_without_effect == "no tool failed for good in 10 traces"


def test_traces_that_fail_as_often_without_the_tool_failing_are_not_flagged():
    records = [
        trace(
            tool("stock", **BROKEN) if n % 3 == 0 else tool("stock"),
            state="ERROR" if n % 2 == 0 else "OK",
            root_message="gave up" if n % 2 == 0 else "",
        )
        for n in range(90)
    ]

    assert confirmed_subjects(ErrorCascade(), features_of(*records)) == []

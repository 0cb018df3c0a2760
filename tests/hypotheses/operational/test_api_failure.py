"""What the hypothesis api-failure finds, and what it leaves alone."""

from __future__ import annotations

from mlflow_analysis.hypotheses.operational.api_failure import ApiFailure
from trace_factory import affected_traces, features_of, tool, trace


def test_5xx_and_refused_connections_are_found_and_the_worst_operation_is_named():
    records = [trace(tool("shop"), tool("search")) for _ in range(20)]
    records += [
        trace(tool("shop", status="ERROR", message="503 Service Unavailable")) for _ in range(4)
    ]
    records.append(
        trace(tool("search", exception=("ConnectionError", "Connection refused"), status="ERROR"))
    )
    (case,) = ApiFailure().cases(features_of(*records))

    assert set(case.affected["trace_id"]) == {each.info.trace_id for each in records[20:]}
    assert "mostly in shop (4 of 5), status 503" in case.statement
    assert "shop fails so in 16.7% of its 24 calls, the other operations in 4.8%" in case.statement


def test_4xx_is_not_flagged():
    features = features_of(
        trace(tool("shop", status="ERROR", message="404 Not Found")),
        trace(tool("shop", status="ERROR", message="HTTP 400 Bad Request")),
        trace(tool("shop", status="ERROR", message="429 Too Many Requests")),
        trace(tool("shop", outputs="500 pieces are in stock")),
    )

    assert affected_traces(ApiFailure(), features) == set()


def test_a_root_that_fails_by_itself_is_not_compared_with_calls():
    records = [trace(tool("shop"), tool("search")) for _ in range(20)]
    records += [trace(state="ERROR", root_message="503 Service Unavailable") for _ in range(12)]
    (case,) = ApiFailure().cases(features_of(*records))

    assert len(case.affected) == 12
    assert case.statement.endswith("all in agent, status 503; 12 of the 12 traces with it failed.")


def failing(*messages):
    records = [
        trace(tool("shop")),
        *(trace(tool("shop", status="ERROR", message=each)) for each in messages),
    ]
    (case,) = ApiFailure().cases(features_of(*records))
    return case.statement


def test_statuses_are_named_where_they_tell_of_many_of_the_failures():
    refused = ["Connection refused"] * 20
    assert "all in shop; " in failing(*refused, "503 Service Unavailable")
    several = [f"HTTP {status} Server Error" for status in (500, 502, 503)]
    assert "all in shop, status 500, 502 and 503; " in failing(*several)

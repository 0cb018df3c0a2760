"""What is a failure, what only looks like one, and which class it belongs to."""

from __future__ import annotations

import pytest

from mlflow_analysis.features.failures import failure_of
from mlflow_analysis.records import SpanRecord
from trace_factory import Planned, model, tool, trace


def span(planned: Planned) -> SpanRecord:
    return trace(planned).spans[1]


@pytest.mark.parametrize(
    ("outputs", "error_class"),
    [
        ("Error: user not found", "not-found"),
        ("Error executing tool search: 429 Too Many Requests", "rate-limited"),
        ("HTTP 503 Service Unavailable", "api-failure"),
        ("403 Forbidden: token expired", "authentication-failure"),
        ("ToolException: request timed out after 30 s", "timeout"),
        ({"error": {"code": 401, "message": "invalid token"}}, "authentication-failure"),
        ({"error": "quota exceeded for project"}, "rate-limited"),
        ({"status_code": 500, "message": "oops"}, "api-failure"),
        (
            {"isError": True, "content": [{"type": "text", "text": "order does not exist"}]},
            "not-found",
        ),
        ('{"error": "validation error: field required: order_id"}', "invalid-tool-arguments"),
        ({"success": False, "message": "payment method not accepted"}, "other"),
        (
            "exitcode: 1 (execution failed)\nCode output: Traceback (most recent call last):\n"
            "  File \"x\"\nNameError: name 'x' is not defined\n",
            "code-execution-error",
        ),
    ],
)
def test_errors_in_the_output_of_an_ok_tool(outputs, error_class: str) -> None:
    name = "python_interpreter" if error_class == "code-execution-error" else "search"
    failure = failure_of(span(tool(name, outputs=outputs)))
    assert failure is not None
    assert failure.error_class == error_class


@pytest.mark.parametrize(
    "outputs",
    [
        "The page explains how to log in and what error 404 means.",
        "No results.",
        [],
        {"results": [], "error": None},
        {"errors": [], "hits": 3},
        {"status": "delivered", "code": 200},
        {"message": "Error budgets are fine", "success": True},
        "exitcode: 0 (execution succeeded)\nCode output: an Error: was printed by the test",
        "Errors in medicine: a review",
        {"title": "Exception handling in Python"},
        "",
        None,
    ],
)
def test_what_only_mentions_errors_is_none(outputs) -> None:
    assert failure_of(span(tool("search", outputs=outputs))) is None


def test_a_models_words_are_no_failure() -> None:
    assert failure_of(span(model("chat", outputs="Error: I could not find it."))) is None


@pytest.mark.parametrize(
    ("kind", "text", "error_class"),
    [
        ("openai.RateLimitError", "slow down", "rate-limited"),
        ("httpx.ReadTimeout", "", "timeout"),
        ("AuthenticationError", "Error code: 401", "authentication-failure"),
        (
            "ClientError",
            "The security token included in the request is expired",
            "authentication-failure",
        ),
        ("TokenExpiredError", "sign in again", "authentication-failure"),
        ("RpcError", "The caller does not have permission", "authentication-failure"),
        (
            "TimeoutError",
            "QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00",
            "resource-contention",
        ),
        (
            "OperationalError",
            "(1205, 'Lock wait timeout exceeded; try restarting transaction')",
            "resource-contention",
        ),
        (
            "BadRequestError",
            "Error code: 400 - maximum context length is 8192 tokens",
            "context-length-exceeded",
        ),
        ("BadRequestError", "400 content_filter triggered", "content-blocked"),
        ("OutputParserException", "Could not parse LLM output", "unparseable-model-output"),
        ("GraphRecursionError", "Recursion limit of 25 reached", "step-limit-reached"),
        ("ConnectionError", "refused", "api-failure"),
        ("ValueError", "something odd", "other"),
        ("asyncio.CancelledError", "", "cancelled"),
    ],
)
def test_exceptions(kind: str, text: str, error_class: str) -> None:
    failure = failure_of(span(tool("search", status="ERROR", exception=(kind, text))))
    assert failure is not None
    assert failure.error_class == error_class


def test_the_status_code_counts_before_the_words() -> None:
    failed = tool(
        "search", status="ERROR", message="not found", attributes={"http.status_code": 401}
    )
    failure = failure_of(span(failed))
    assert failure is not None
    assert (failure.error_class, failure.status) == ("authentication-failure", 401)


def test_the_offset_points_at_the_message() -> None:
    outputs = {"elapsed": 3, "error": "quota exceeded"}
    failure = failure_of(span(tool("search", outputs=outputs)))
    assert failure is not None
    assert failure.offset == '{"elapsed":3,"error":"quota exceeded"}'.index("quota")

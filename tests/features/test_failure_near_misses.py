"""Texts that speak of errors and are none."""

from __future__ import annotations

import pytest

from mlflow_analysis.features.failures import failure_of
from mlflow_analysis.records import SpanRecord
from trace_factory import Planned, chain, model, tool, trace

MANUAL = (
    "# Errors\n\nThe agent raises `OutputParserException: Could not parse LLM output` when the reply has "
    'no action, and stops with "Agent stopped due to iteration limit or time limit." at the limit. '
    "Recursion limit of 25 reached without hitting a stop condition means the same for graphs.\n"
)
ARTICLE = (
    "429 Too Many Requests - HTTP | Reference\n\nThe HTTP 429 Too Many Requests client error response "
    "status code indicates that the client has sent too many requests in a given amount of time. "
) + "A server may send Retry-After with it. " * 40
LOG = (
    "2026-05-01 10:00:01 INFO start\n2026-05-01 10:00:02 ERROR HTTP 503 from gateway\n"
    "Traceback (most recent call last):\n  File \"app.py\", line 3\nTimeoutError: 30 s exceeded\n"
)  # fmt: skip
LEVELS = "ERROR: could not open the door\nWARN: trying the window\nINFO: inside\n"
PYTEST = (
    "============ test session starts ============\ntests/test_a.py F.\n"
    "E   AssertionError: assert 1 == 2\n============ 1 failed, 1 passed in 0.12s ============\n"
)
UNITTEST = (
    "F.\n=====\nFAIL: test_sum\nTraceback (most recent call last):\n  File \"t.py\", line 4\n"
    "AssertionError: 1 != 2\n\n-----\nRan 2 tests in 0.001s\n\nFAILED (failures=1)\n"
)  # fmt: skip


def failed(planned: Planned) -> bool:
    return failure_of(_span(planned)) is not None


def _span(planned: Planned) -> SpanRecord:
    return trace(planned).spans[1]


@pytest.mark.parametrize(
    "text",
    [
        MANUAL,
        ARTICLE,
        LOG,
        LEVELS,
        "Log in\nEnter your password. Access denied? Reset your token here.",
        "0 errors, 0 warnings",
        "No errors found.",
        "Errors in medicine: a review",
        "Error handling: best practices",
        "An error budget is the amount of failure that a service may have. It is agreed on.",
        "The margin of error: 3 %",
        "Terror: a history",
        "Exception handling in Python",
        "HTTP 429 (Too Many Requests) is a status code that servers send.",
        "404 Main Street, Springfield",
        "500 items were found.",
        "The error rate fell from 5 % to 3 %.",
        "Timeout settings: 30 s for reads, 60 s for writes.",
        "Failed state theory - an introduction",
        "No results found for “rate limit exceeded”.",
        "Could not find any matching flights; try other dates.",
        "The maximum number of turns is 10; you can raise it in the settings.",
        "Exit code 1 means that the command failed; exit code 0 that it succeeded.",
        "Forbidden City opening hours: 8:30 to 17:00",
        "Unauthorized biographies on sale",
        "Order 5821 was delivered; the item not found at first was in the garage.",
        "error: 0",
        "Errors: none",
        "<html><head><title>404 Gallery - art</title></head></html>",
        "Tool tips: how to keep your saw sharp",
    ],
)
@pytest.mark.parametrize("name", ["web_search", "read_page", "lookup", "book"])
def test_text_about_errors(name: str, text: str) -> None:
    assert not failed(tool(name, outputs=text))
    assert not failed(tool(name, outputs={"content": text}))


@pytest.mark.parametrize(
    "fields",
    [
        {"results": [1], "error": None},
        {"results": [1], "error": ""},
        {"results": [1], "error": False},
        {"results": [1], "error": "None"},
        {"results": [1], "errors": []},
        {"errors": 0, "warnings": 2},
        {"errors": [{"line": 3, "message": "unused import"}], "file": "a.py"},
        {"errors": [{"line": 3, "message": "unused import"}], "warnings": []},
        {"payment_id": 7, "status": "failed", "reason": "card declined", "amount": 12},
        {"id": 7, "name": "nightly build", "status": "failed", "message": "2 tests"},
        {"service": "db1", "status": "error"},
        {"status": "failed"},
        {"code": 404, "city": "Atlanta", "state": "GA"},
        {"status": 450, "unit": "open tickets"},
        {"detail": "Blue, size 42, cotton"},
        {"exit_code": 0, "stdout": "Error: was printed by the test", "stderr": "warning: old"},
        {"success": True, "error": "none of the fields was empty"},
        {"status_code": 200, "body": "Error: a page about errors"},
        {"errors": 0, "error": 0},
        {"isError": False, "content": [{"type": "text", "text": "All quiet"}]},
        {"logs": ["ERROR HTTP 503", "ERROR HTTP 503"]},
        {"title": "Error: a novel", "author": "Ann"},
    ],
)
def test_data_about_errors(fields: dict) -> None:
    assert not failed(tool("lookup", outputs=fields))


@pytest.mark.parametrize(
    "outputs",
    [
        {"error": "The engine has not returned any results for this query."},
        "Error: no matching documents",
        {"status": "error", "message": "No results"},
    ],
)
def test_a_search_that_found_nothing(outputs: object) -> None:
    assert not failed(tool("web_search", outputs=outputs))
    assert failed(tool("book", outputs=outputs))


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (
            "python job.py",
            "exitcode: 0 (execution succeeded)\nCode output: Error: printed by the program",
        ),
        ("python job.py", "Error: printed\n[The command completed with exit code 0.]"),
        ("pytest -q", "Exit code: 1\n" + PYTEST),
        ("python -m unittest", "exitcode: 1 (execution failed)\nCode output: " + UNITTEST),
        ("python -m unittest", UNITTEST),
        ("grep -rn needle .", "Exit code: 1\nOutput:\n"),
        ("cd /srv && rg needle", "\n[Command finished with exit code 1]"),
        ("diff a b", "3c3\n< x\n> y\nexit code: 1"),
        ("cat app.log", LOG),
        ("tail -n 5 app.log", "Traceback (most recent call last):\n  x\nValueError: bad day"[34:]),
        ("pytest -q", "Error: Exit code 1\n" + PYTEST),
        ("ls", "fatal.txt\nnot found.txt\nerror: a play.pdf\n"),
        ("git log", "commit 12ab\n\n    Fix ValueError: bad day\n"),
        ("python job.py", "def f():\n    raise ValueError('Error: x')\n"),
    ],
)
def test_what_commands_print(command: str, text: str) -> None:
    assert not failed(tool("bash", inputs={"command": command}, outputs=text))


@pytest.mark.parametrize("text", [PYTEST, LOG, "2 failed, 10 passed", MANUAL])
def test_what_a_user_pastes_or_a_model_writes(text: str) -> None:
    assert not failed(
        model(inputs={"messages": [{"role": "user", "content": text}]}, outputs="Fine.")
    )
    assert not failed(model(outputs=text))
    assert not failed(chain("agent step", inputs=text, outputs=text))


@pytest.mark.parametrize(
    "outputs",
    [
        "I am sorry: the booking failed with the error “403 Forbidden”.",
        "Error: I could not find your order.",
        {"messages": [{"role": "user", "content": "hi"}], "error": "an earlier call failed"},
        {"answer": "The maximum number of steps is 25; you can raise it."},
        MANUAL,
        "Reached max steps. " + "Here is what I found so far, in full. " * 30,
    ],
)
@pytest.mark.parametrize("kind", ["AGENT", "CHAIN", "UNKNOWN"])
def test_answers_and_states_that_mention_errors(kind: str, outputs: object) -> None:
    assert not failed(Planned("step", kind, outputs=outputs))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("langgraph.errors.GraphInterrupt", "(Interrupt(value='Approve?'),)"),
        ("langgraph.errors.ParentCommand", "Command(goto='writer')"),
        ("pydantic_ai.exceptions.CallDeferred", ""),
        ("GeneratorExit", ""),
        ("StopAsyncIteration", ""),
    ],
)
def test_how_frameworks_pause_and_hand_over(kind: str, text: str) -> None:
    assert not failed(chain("step", status="ERROR", exception=(kind, text)))


@pytest.mark.parametrize(
    "attributes",
    [
        {"error.type": ""},
        {"error.type": "none"},
        {"http.response.status_code": 302},
        {"rpc.grpc.status_code": 0},
        {"otel.status_code": "OK"},
        {"langfuse.observation.level": "WARNING"},
    ],
)
def test_attributes_that_tell_of_success(attributes: dict) -> None:
    assert not failed(tool("call", attributes=attributes))


def test_a_server_that_answers_its_caller_with_404_did_not_fail() -> None:
    attributes = {"http.response.status_code": 404}
    assert not failed(Planned("GET /orders", "UNKNOWN", status="UNSET", attributes=attributes))
    attributes = {"http.response.status_code": 500}
    assert failed(Planned("GET /orders", "UNKNOWN", status="UNSET", attributes=attributes))

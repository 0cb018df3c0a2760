"""The errors that outputs of tools, of code and of agents tell, each with the class that it belongs to.

Wordings follow the frameworks' sources; names, numbers and contents are made up.
"""

from __future__ import annotations

import pytest
from failing_spans import (
    API,
    ARGUMENTS,
    AUTH,
    CODE,
    LIMIT,
    MISSING,
    RATE,
    TIME,
    UNDECLARED,
    UNREAD,
    class_of,
)

from trace_factory import Planned, tool

TOOL_TEXTS = [
    # LangChain and LangGraph
    ("Error: sing is not a valid tool, try one of [hum, whistle].", UNDECLARED),
    ("sing is not a valid tool, try one of [hum, whistle].", UNDECLARED),
    (
        "Error: ToolException('request timed out after 30 s')\n Please fix your mistakes.",
        TIME,
    ),
    (
        "Error invoking tool 'book' with kwargs {'note': '401'} with error:\n 1 validation error for book\n"
        "day\n  Field required [type=missing, input_value={'note': 'timeout'}, input_type=dict]\n"
        " Please fix the error and try again.",
        ARGUMENTS,
    ),
    ("Invalid or incomplete response", UNREAD),
    ("Could not parse LLM output: I am done", UNREAD),
    # OpenAI Agents
    (
        "An error occurred while running the tool. Please try again. Error: Error code: 401 - bad key",
        AUTH,
    ),
    (
        "An error occurred while parsing tool arguments. Please try again with valid JSON. Error: "
        "Expecting ',' delimiter",
        UNREAD,
    ),
    # AutoGen, Magentic
    ("Error: Function book_flight not found.", UNDECLARED),
    ("Error: Expecting value: line 1 column 1\n You argument should follow json format.", UNREAD),
    ("Web surfing error:\n\nTraceback (most recent call last):\nTimeoutError: 30000ms exceeded", TIME),
    # CrewAI
    (
        "\nI encountered an error while trying to use the tool. This was the error: search() got an "
        "unexpected keyword argument 'q'.\n Tool search accepts these inputs: timeout, 404",
        ARGUMENTS,
    ),
    (
        "Action 'sing' don't exist, these are the only available Actions:\nTool Name: hum",
        UNDECLARED,
    ),
    (
        "You tried to use the tool sing, but it doesn't exist. You must use one of the following tools, "
        "use one at time: hum.",
        UNDECLARED,
    ),
    ("Error: the Action Input is not a valid key, value dictionary.", UNREAD),
    (
        "\nError executing tool. coworker mentioned not found, it must be one of the following options:\n"
        "- writer\n",
        MISSING,
    ),
    # LlamaIndex
    ("Encountered error: 503 Server Error: Service Unavailable for url: https://example.org", API),
    ("Error: Could not parse output. Please follow the thought-action-input format. Try again.", UNREAD),
    # DSPy
    ("Execution error in lookup: \nKeyError: 'A7'", "other"),
    # Pydantic AI
    ("Unknown tool name: 'sing'. Available tools: 'hum'", UNDECLARED),
    (
        '1 validation error:\n```json\n[{"type": "missing", "loc": ["day"]}]\n```\n\nFix the errors and '
        "try again.",
        ARGUMENTS,
    ),
    # Model Context Protocol
    ("Error executing tool list_files: [Errno 2] No such file or directory: '/srv/x'", MISSING),
    ("Error calling tool 'list_files': Forbidden", AUTH),
    ("Unknown tool: sing", UNDECLARED),
    ("Input validation error: 'day' is a required property", ARGUMENTS),
    ("MCP error -32603: Internal error", API),
    # plain HTTP
    ("429 Too Many Requests", RATE),
    ("HTTP/1.1 502 Bad Gateway\nServer: nginx", API),
    ("404 Client Error: Not Found for url: https://example.org/x", MISSING),
    ("<html>\n<head><title>503 Service Temporarily Unavailable</title></head>\n<body></body></html>", API),
    ("Error 401: token expired", AUTH),
    ("Status code: 504", TIME),
    # in plain words
    ("Permission denied", AUTH),
    ("Request timed out.", TIME),
    ("Order 5821 not found", MISSING),
    ("File not found: /srv/reports/may.csv", MISSING),
    ("Failed to fetch https://example.org: getaddrinfo ENOTFOUND", API),
    ("❌ Error: payment method not accepted", "other"),
    ("**Error:** the date must be a valid ISO date", ARGUMENTS),
    ("<tool_use_error>String to replace not found in file.\nString: x</tool_use_error>", MISSING),
    ("Execution failed. Traceback:\nException: Response status code is 422:\n{}", ARGUMENTS),
    ("Payment failed: insufficient funds", "other"),
    ("Invalid order id", ARGUMENTS),
    ("Could not find user 5821.", MISSING),
    ("Tool book timed out after 30 seconds", TIME),
    ("Error in calculation: Invalid syntax.", ARGUMENTS),
    ("ERROR", "other"),
    ("Error: connect ECONNREFUSED 127.0.0.1:5432", API),
    ("Error: page.goto: net::ERR_NAME_NOT_RESOLVED at https://example.org", API),
    ("Error: ENOENT: no such file or directory, open 'x'", MISSING),
    ("<tool_use_error>InputValidationError: missing required parameter `path`</tool_use_error>", ARGUMENTS),
    ("No replacement was performed, old_str `x` did not appear verbatim in /srv/a.py.", MISSING),
    ("requests.exceptions.ReadTimeout: HTTPSConnectionPool(host='example.org', port=443)", TIME),
    ("content='Error: ValueError(\"quota exceeded\")' name='book' tool_call_id='c1' status='error'", RATE),
]  # fmt: skip
TOOL_FIELDS = [
    ({"isError": True, "content": [{"type": "text", "text": "Unknown tool: sing"}]}, UNDECLARED),
    ([{"type": "text", "text": "Error: HTTP 500"}], API),
    ({"jsonrpc": "2.0", "id": 1, "error": {"code": -32602, "message": "Bad input"}}, ARGUMENTS),
    ({"type": "tool_result", "is_error": True, "content": "connection refused"}, API),
    (
        {
            "content": "Error: 403 Forbidden",
            "status": "error",
            "tool_call_id": "c1",
            "name": "book",
        },
        AUTH,
    ),
    ({"status": "error", "content": [{"text": "Error: ValueError - unknown id"}]}, MISSING),
    ({"status": "error", "error_message": "Rate limit exceeded"}, RATE),
    (
        {
            "error": "Invoking `book()` failed as the following mandatory input parameters are not "
            "present:\nday\nYou could retry calling this tool."
        },
        ARGUMENTS,
    ),
    ({"error": "Function sing is not found in the tools_dict."}, UNDECLARED),
    ({"error": "not_found", "message": "We know of no such order."}, MISSING),
    ({"ok": False, "error": "invalid_auth"}, AUTH),
    ({"success": False, "error": {"type": "rate_limit_error", "message": "slow down"}}, RATE),
    ({"detail": "Not Found"}, MISSING),
    (
        {"detail": [{"loc": ["body", "day"], "msg": "field required", "type": "value_error"}]},
        ARGUMENTS,
    ),
    ({"message": "Bad credentials", "status": "401", "documentation_url": "x"}, AUTH),
    ({"__type": "com.amazon#ThrottlingException", "message": "slow down"}, RATE),
    ({"title": "Gone", "status": 410, "traceId": "00-1"}, MISSING),
    ({"errors": [{"message": "Unauthorized"}], "data": None}, AUTH),
    ({"status": 403, "headers": {}, "body": "none of your business"}, AUTH),
    ({"result": {"error": "database is locked"}}, "resource-contention"),
    ({"output": '{"error": "quota exceeded"}'}, RATE),
    ("{'error': 'Internal Server Error', 'status': 500}", API),
]
CODE_OUTPUTS = [
    ("Error: Exit code 127\n/bin/bash: line 1: sing: command not found", CODE),
    ("(eval):1: command not found: sing", CODE),
    ("Killed", CODE),
    ("ls: cannot access 'tide': No such file or directory", CODE),
    ("fatal: not a git repository (or any of the parent directories): .git", CODE),
    ("Error: (sqlite3.OperationalError) no such column: tide\n[SQL: SELECT tide FROM sea]", CODE),
    ("exitcode: 1 (execution failed)\nCode output: Traceback (most recent call last):\nKeyError: 'a'", CODE),
    (
        "The script ran, then exited with an error (POSIX exit code: 1)\nIts output was:\n"
        "Traceback (most recent call last):\n  File \"x.py\", line 1\nValueError: bad day",
        CODE,
    ),
    ("bash: sing: command not found\n[The command completed with exit code 127.]", CODE),
    ("<returncode>2</returncode>\n<output>\nmake: *** No rule to make target 'x'\n</output>", CODE),
    ("Exit code: 1\nWall time: 0.2 seconds\nOutput:\nfatal: not a git repository", CODE),
    ("exitcode: 124 (execution failed)\nCode output: \nTimeout", TIME),
    ("so far so good\nTraceback (most recent call last):\n  File \"x\"\nNameError: name 'q' is not defined", CODE),
    ("Traceback (most recent call last):\n  File \"x\"\nMemoryError", "resource-contention"),
    ({"stdout": "", "stderr": "ImportError: no module named tide", "exit_code": 1}, CODE),
    ({"output": "ls: cannot access 'x'", "metadata": {"exit_code": 2}}, CODE),
]  # fmt: skip
ANSWERS = [
    ("Agent stopped due to iteration limit or time limit.", LIMIT),
    ("Agent stopped due to max iterations.", LIMIT),
    ("Sorry, need more steps to process this request.", LIMIT),
    ("Reached max steps.", LIMIT),
    ("Maximum iterations reached. Requesting final answer.", LIMIT),
    ("Max rounds (20) reached.", LIMIT),
    ("Maximum number of turns 5 reached.", LIMIT),
    ("Maximum number of messages 10 reached, current message count: 10", LIMIT),
    ("Recursion limit of 25 reached without hitting a stop condition.", LIMIT),
    ("Error in code parsing:\nYour code snippet is invalid", UNREAD),
    ("An output parsing error occurred. Could not parse LLM output: sure!", UNREAD),
]


@pytest.mark.parametrize(("text", "expected"), TOOL_TEXTS)
def test_what_a_tool_says(text: str, expected: str) -> None:
    assert class_of(tool("book", outputs=text)) == expected
    assert class_of(tool("book", outputs={"content": text})) == expected


@pytest.mark.parametrize(("fields", "expected"), TOOL_FIELDS)
def test_what_fields_say(fields: object, expected: str) -> None:
    assert class_of(tool("book", outputs=fields)) == expected


@pytest.mark.parametrize(("text", "expected"), CODE_OUTPUTS)
def test_how_code_ends(text: object, expected: str) -> None:
    assert class_of(tool("python_interpreter", outputs=text)) == expected


@pytest.mark.parametrize(("text", "expected"), ANSWERS)
@pytest.mark.parametrize("kind", ["AGENT", "CHAIN"])
def test_what_stands_in_place_of_an_answer(text: str, expected: str, kind: str) -> None:
    assert class_of(Planned("run", kind, outputs=text)) == expected
    assert class_of(Planned("run", kind, outputs={"output": text})) == expected

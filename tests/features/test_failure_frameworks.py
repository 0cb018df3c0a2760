"""The error texts that frameworks emit, each with the class that it belongs to.

Wordings follow the frameworks' sources; names, numbers and contents are made up.
"""

from __future__ import annotations

import pytest

from mlflow_analysis.features.failures import failure_of
from mlflow_analysis.records import SpanRecord
from trace_factory import Planned, chain, model, tool, trace

AUTH, API, ARGUMENTS = "authentication-failure", "api-failure", "invalid-tool-arguments"
CODE, LIMIT, UNREAD = "code-execution-error", "step-limit-reached", "unparseable-model-output"
UNDECLARED, MISSING, RATE = "undeclared-tool", "not-found", "rate-limited"
CONTEXT, BLOCKED, TIME = "context-length-exceeded", "content-blocked", "timeout"


def span(planned: Planned) -> SpanRecord:
    return trace(planned).spans[1]


def class_of(planned: Planned) -> str:
    failure = failure_of(span(planned))
    return failure.error_class if failure else "none"


SMOLAGENTS = [
    (
        "AgentParsingError",
        "Error in code parsing:\nYour code snippet is invalid, because the regex pattern "
        "<code>(.*?)</code> was not found in it.\nHere is your code snippet:\nI got 429 pages, "
        "max_iterations reached, timeout\nMake sure to include code with the correct pattern, for instance:",
        UNREAD,
    ),
    (
        "AgentExecutionError",
        "Code execution failed at line 'max_iterations = 100; timeout(401)' due to: InterpreterError: "
        "The variable `tide` is not defined.",
        CODE,
    ),
    (
        "AgentExecutionError",
        "Code execution failed at line 'import posix' due to: InterpreterError: Import of posix is not "
        "allowed. Authorized imports are: ['math', 'time']",
        CODE,
    ),
    (
        "AgentExecutionError",
        "Code execution failed at line 'page = visit(url)' due to: HTTPError: 429 Client Error: Too Many "
        "Requests for url: https://example.org",
        RATE,
    ),
    ("AgentMaxStepsError", "Reached max steps.", LIMIT),
    (
        "AgentToolCallError",
        "Error when executing tool weather with arguments {'timeout': 401}: TypeError: forward() got an "
        "unexpected keyword argument 'timeout'\nYou should only use this tool with a correct input.\n"
        "As a reminder, this tool's description is the following: 'Tells of rate limits.'",
        ARGUMENTS,
    ),
    (
        "AgentToolExecutionError",
        "Error executing tool 'weather' with arguments {'city': 'timeout'}: ConnectionError: no route\n"
        "Please try again or use another tool",
        API,
    ),
    (
        "AgentToolExecutionError",
        "Unknown tool wether, should be one of: weather, final_answer.",
        UNDECLARED,
    ),
    (
        "AgentParsingError",
        "Error while parsing tool call from model output: The model output does not contain any JSON blob.",
        UNREAD,
    ),
    (
        "AgentGenerationError",
        "Error in generating model output:\nlitellm.RateLimitError: RateLimitError: slow down",
        RATE,
    ),
    (
        "AgentGenerationError",
        "Error in generating model output:\nlitellm.BadRequestError: prompt is too long: 211004 tokens > "
        "200000 maximum",
        CONTEXT,
    ),
]
RAISED = [
    (
        "OutputParserException",
        "Could not parse LLM output: `I need 3 retries after a timeout`",
        UNREAD,
    ),
    (
        "langchain_core.exceptions.OutputParserException",
        "Invalid json output: the rate limit is 401\nFor troubleshooting, visit: "
        "https://docs.langchain.com/oss/python/langchain/errors/OUTPUT_PARSING_FAILURE",
        UNREAD,
    ),
    (
        "langgraph.errors.GraphRecursionError",
        "Recursion limit of 25 reached without hitting a stop condition. You can increase the limit by "
        "setting the `recursion_limit` config key.",
        LIMIT,
    ),
    ("agents.exceptions.MaxTurnsExceeded", "Max turns (10) exceeded", LIMIT),
    ("ModelBehaviorError", "Tool book_flight not found in agent Concierge", UNDECLARED),
    ("ModelBehaviorError", "Invalid JSON input for tool book_flight: {date:", UNREAD),
    ("InputGuardrailTripwireTriggered", "Guardrail InputGuardrail triggered tripwire", BLOCKED),
    ("ValueError", "Reached max iterations.", LIMIT),
    (
        "WorkflowRuntimeError",
        "Max iterations of 20 reached! Either something went wrong, or you can increase the max "
        "iterations with `.run(.., max_iterations=...)`",
        LIMIT,
    ),
    ("WorkflowTimeoutError", "Operation timed out after 45.0 seconds", TIME),
    (
        "dspy.utils.exceptions.AdapterParseError",
        "Adapter JSONAdapter failed to parse the LM response. \n\nLM Response: HTTP 503 \n\nExpected to "
        "find output fields in the LM response: [answer]",
        UNREAD,
    ),
    (
        "UnexpectedModelBehavior",
        "Exceeded maximum retries (1) for output validation",
        UNREAD,
    ),
    ("UnexpectedModelBehavior", "Received empty model response", UNREAD),
    ("UsageLimitExceeded", "The next request would exceed the request_limit of 50", LIMIT),
    (
        "pydantic_ai.exceptions.ModelHTTPError",
        "status_code: 503, model_name: sonata, body: {'type': 'error'}",
        API,
    ),
    ("LlmCallsLimitExceededError", "Max number of llm calls limit of `500` exceeded", LIMIT),
    ("McpError", "MCP error -32001: Request timed out", TIME),
    ("McpError", "MCP error -32602: Invalid arguments for tool list_files: path", ARGUMENTS),
    (
        "AI_NoSuchToolError",
        "Model tried to call unavailable tool 'sing'. Available tools: hum.",
        UNDECLARED,
    ),
    ("AI_NoObjectGeneratedError", "No object generated: could not parse the response.", UNREAD),
    (
        "openai.BadRequestError",
        "Error code: 400 - {'error': {'message': \"This model's maximum context length is 8192 tokens.\", "
        "'code': 'context_length_exceeded'}}",
        CONTEXT,
    ),
    (
        "openai.BadRequestError",
        "Error code: 400 - {'error': {'code': 'content_filter', 'message': 'The response was filtered'}}",
        BLOCKED,
    ),
    ("openai.RateLimitError", "Error code: 429 - {'error': {'code': 'insufficient_quota'}}", RATE),
    (
        "anthropic.InternalServerError",
        "Error code: 529 - {'error': {'type': 'overloaded_error'}}",
        API,
    ),
    ("google.api_core.exceptions.ResourceExhausted", "429 Quota exceeded for metric: x", RATE),
    ("google.genai.errors.ClientError", "403 PERMISSION_DENIED. {'error': {'code': 403}}", AUTH),
    ("botocore.errorfactory.ThrottlingException", "An error occurred (ThrottlingException)", RATE),
    (
        "botocore.errorfactory.AccessDeniedException",
        "An error occurred when calling InvokeModel",
        AUTH,
    ),
    ("httpx.ConnectTimeout", "", TIME),
    ("requests.exceptions.SSLError", "certificate verify failed", API),
]
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


@pytest.mark.parametrize(("kind", "text", "expected"), SMOLAGENTS + RAISED)
def test_what_is_raised(kind: str, text: str, expected: str) -> None:
    assert class_of(chain("step", status="ERROR", exception=(kind, text))) == expected
    assert class_of(tool("book", status="ERROR", exception=(kind, text))) == expected


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


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"error.type": "429"}, RATE),
        ({"error.type": "openai.APITimeoutError"}, TIME),
        ({"error.type": "_OTHER", "error.message": "connection refused"}, API),
        ({"http.response.status_code": 503}, API),
        ({"http.status_code": "401"}, AUTH),
        ({"rpc.grpc.status_code": 8}, RATE),
        ({"rpc.response.status_code": "DEADLINE_EXCEEDED"}, TIME),
        ({"otel.status_code": "ERROR", "otel.status_description": "out of memory"}, "resource-contention"),
        (
            {"langfuse.observation.level": "ERROR", "langfuse.observation.status_message": "HTTP 404"},
            MISSING,
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("make", [tool, model])
def test_attributes_by_which_instrumentations_tell(make, attributes: dict, expected: str) -> None:
    assert class_of(make("call", status="UNSET", attributes=attributes)) == expected


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.operation.name": "execute_tool"},
        {"openinference.span.kind": "TOOL"},
        {"traceloop.span.kind": "tool"},
    ],
)
def test_a_tool_by_its_attributes_is_judged_as_one(attributes: dict[str, str]) -> None:
    text = "Error: order 5 does not exist"
    assert class_of(Planned("get_order", "UNKNOWN", outputs=text, attributes=attributes)) == MISSING
    assert class_of(Planned("get_order", "UNKNOWN", outputs=text)) == "none"


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, API),
        ({"error": {"code": 429, "message": "slow down"}}, RATE),
        ({"choices": [{"message": {"content": "{}"}}], "error": {"message": "ignored"}}, "none"),
        ('{"error": "the user gave no date"}', "none"),
    ],
)
def test_the_error_body_of_a_provider_is_one_and_json_of_a_model_is_not(outputs, expected) -> None:
    assert class_of(model(outputs=outputs)) == expected

"""The error texts that frameworks emit, each with the class that it belongs to.

Wordings follow the frameworks' sources; names, numbers and contents are made up.
"""

from __future__ import annotations

import pytest
from failing_spans import (
    API,
    ARGUMENTS,
    AUTH,
    BLOCKED,
    CODE,
    CONTEXT,
    LIMIT,
    MISSING,
    RATE,
    TIME,
    UNDECLARED,
    UNREAD,
    class_of,
)

from trace_factory import Planned, chain, model, tool

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


@pytest.mark.parametrize(("kind", "text", "expected"), SMOLAGENTS + RAISED)
def test_what_is_raised(kind: str, text: str, expected: str) -> None:
    assert class_of(chain("step", status="ERROR", exception=(kind, text))) == expected
    assert class_of(tool("book", status="ERROR", exception=(kind, text))) == expected


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

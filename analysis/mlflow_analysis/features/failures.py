"""Recognise failures and put them into classes.

A span failed if it ended with status ERROR, if it holds an exception event, or if the output of a tool
is itself an error: a structured error field, an exit code, an exception line, an HTTP error at the
start of the text. A bare word "error" somewhere in the output is none of these. The class comes from
an explicit status code first, then from the exception's type, then from the message: and always
before numbers are masked, since a mask would turn 401 into <n>.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlflow_analysis.features.payload import as_text, parsed
from mlflow_analysis.records import SpanRecord

OTHER = "other"
CANCELLED = "cancelled"
_LONGEST = 600


@dataclass(frozen=True, slots=True)
class Failure:
    """What failed in a span."""

    error_class: str
    status: int
    """HTTP or gRPC number, -1 if none was found."""
    message: str
    offset: int
    """Where the message starts in the output text; -1 if it is from elsewhere."""


_HTTP = {
    400: "invalid-tool-arguments", 401: "authentication-failure", 403: "authentication-failure",
    404: "not-found", 407: "authentication-failure", 408: "timeout", 410: "not-found",
    422: "invalid-tool-arguments", 429: "rate-limited", 499: CANCELLED, 504: "timeout",
}  # fmt: skip
_GRPC = {
    1: CANCELLED, 3: "invalid-tool-arguments", 4: "timeout", 5: "not-found", 7: "authentication-failure",
    8: "rate-limited", 13: "api-failure", 14: "api-failure", 16: "authentication-failure",
}  # fmt: skip

# Most specific first: what a provider says inside a 400 or 403 counts for more than the number.
_SPECIFIC = (
    ("context-length-exceeded", r"context[_ ]length|maximum context|context window|too many tokens|prompt is too long|token limit exceeded|exceeds? the (?:model's )?(?:maximum|context)"),
    ("content-blocked", r"content[_ ](?:filter|policy|management)|responsible ?ai ?policy|safety (?:settings|filter|system)|blocked by (?:the )?(?:safety|content|site|provider)"),
    ("unparseable-model-output", r"could not parse (?:the )?(?:llm|model)|output ?parser|failed to parse (?:the )?(?:llm|model|action|tool call)|invalid json (?:in|from) (?:the )?(?:model|llm)|error in code parsing|regex pattern .{0,80} was not found"),
    ("step-limit-reached", r"max(?:imum)?[_ ](?:number of )?(?:steps|iterations|turns|rounds)|reached max|recursion[_ ]limit|iteration limit|max_turns"),
)  # fmt: skip
_GENERAL = (
    ("rate-limited", r"\b429\b|rate[_ -]?limit|too many requests|resource[_ ]exhausted|quota (?:exceeded|exhausted)|exceeded .{0,40}quota|retry[- ]after|throttl"),
    ("authentication-failure", r"\b401\b|\b403\b|unauthori[sz]ed|unauthenticated|permission[_ ]denied|access denied|forbidden|(?:invalid|expired|missing|revoked) (?:api[ _-]?)?(?:token|key|credentials?|signature)|token (?:has |is )?(?:expired|invalid|revoked)|authentication (?:failed|required|error)|not authori[sz]ed"),
    ("timeout", r"timed?[ _-]?out|time ?out\b|deadline[_ ]exceeded|deadline exceeded|\b504\b|gateway time"),
    ("resource-contention", r"out of memory|\boom\b|memoryerror|cuda error|pool (?:exhausted|limit|timeout)|queuepool|too many connections|lock wait|deadlock|database is locked|no space left"),
    ("api-failure", r"\b5(?:00|02|03|20|29)\b|internal server error|bad gateway|service unavailable|server error|overloaded|connection (?:refused|reset|aborted|error)|connecterror|could not resolve|name resolution|network (?:is )?unreachable|ssl error|remote end closed"),
    ("invalid-tool-arguments", r"\b400\b|\b422\b|validation[_ ]?error|invalid (?:argument|parameter|input|value|request|enum)|unexpected keyword|missing \d* ?(?:required )?(?:positional )?(?:argument|parameter|field)|required (?:property|field|argument)|schema|field required|bad request|unrecognized (?:argument|field)"),
    ("not-found", r"\b404\b|not found|no such (?:file|table|record|user|order|key|page|directory)|does not exist|doesn't exist|filenotfound|unknown (?:id|order|user|record)"),
    (CANCELLED, r"(?:request|operation|task|call|run|stream|query) (?:was |has been )?(?:cancel?led|aborted)|(?:cancel?led|aborted|interrupted) by (?:the )?(?:user|client|caller)|keyboardinterrupt|cancellederror"),
)  # fmt: skip
_SPECIFIC_PATTERNS = [(name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _SPECIFIC]
_GENERAL_PATTERNS = [(name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _GENERAL]
_EXCEPTION_TYPES = (
    ("timeout", re.compile(r"Timeout|DeadlineExceeded")),
    ("rate-limited", re.compile(r"RateLimit|TooManyRequests|ResourceExhausted|Throttl")),
    ("authentication-failure", re.compile(r"Authentication|Unauthori[sz]ed|PermissionDenied|PermissionError|Forbidden")),
    ("context-length-exceeded", re.compile(r"ContextLength|ContextWindow")),
    ("content-blocked", re.compile(r"ContentFilter|ContentPolicy")),
    ("unparseable-model-output", re.compile(r"OutputParser|AgentParsing|ParsingError|UnexpectedModelBehavior")),
    ("step-limit-reached", re.compile(r"MaxSteps|MaxTurns|GraphRecursion|MaxIterations")),
    ("resource-contention", re.compile(r"MemoryError|OutOfMemory|PoolTimeout|PoolExhausted")),
    ("api-failure", re.compile(r"Connect(?:ion)?Error|InternalServer|ServiceUnavailable|APIError|BadGateway|ServerError|Overloaded|ConnectionReset|RemoteDisconnected")),
    ("invalid-tool-arguments", re.compile(r"ValidationError|BadRequest|UnprocessableEntity|SchemaError|ToolInputParsing")),
    ("not-found", re.compile(r"NotFound|FileNotFoundError")),
    (CANCELLED, re.compile(r"Cancel?led|KeyboardInterrupt")),
    ("code-execution-error", re.compile(r"^(?:Syntax|Indentation|Name|Import|ModuleNotFound|Attribute|ZeroDivision|Interpreter|UnboundLocal)Error")),
)  # fmt: skip
_CODE_TOOL = re.compile(
    r"python|code|interpreter|terminal|shell|bash|exec|sandbox|repl", re.IGNORECASE
)

_STATUS_KEYS = (
    "http.response.status_code", "http.status_code", "status_code", "statusCode", "response.status_code",
)  # fmt: skip
_GRPC_KEYS = ("rpc.grpc.status_code", "grpc.status_code")
_EXIT_CODE = re.compile(
    r"\A\s*(?:exit ?code|return ?code|exited with code)\s*[:=]?\s*(-?[1-9]\d*)", re.IGNORECASE
)
_TRACEBACK = re.compile(r"^Traceback \(most recent call last\):", re.MULTILINE)
_EXCEPTION_LINE = re.compile(
    r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Exit|Warning)\b(?:: .*)?$",
    re.MULTILINE,
)
_ERROR_START = re.compile(
    r"\A\s*[\"'\[(*]*\s*(?:"
    r"(?:tool |execution |runtime |internal |server |api |fatal |unexpected |http )?(?:error|exception)(?: executing [\w .-]{1,60}| calling [\w .-]{1,60}| in [\w .-]{1,60})?\s*[\])*]*\s*[:!]"
    r"|(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception):"
    r"|failed to \w+"
    r"|(?:http(?:/\d(?:\.\d)?)?|status(?: code)?)\s*:?\s*[45]\d\d\b"
    r"|[45]\d\d\s+(?:client|server|unauthorized|forbidden|not found|bad|too many|internal|service|gateway)\b)",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?:http(?:/\d(?:\.\d)?)?|status(?:[ _]code)?|error(?: code)?|code)\W{0,4}([45]\d\d)\b|\A\W*([45]\d\d)\b|: *([45]\d\d) [A-Za-z]",
    re.IGNORECASE,
)
_JUDGED_BY_OUTPUT = frozenset({"TOOL", "FUNCTION", "MEMORY"})
_STRUCTURED_ONLY = frozenset({"RETRIEVER", "RERANKER", "CHAIN", "UNKNOWN", "TASK"})


def failure_of(span: SpanRecord) -> Failure | None:
    """The failure of a span, or ``None`` if it did not fail."""
    exception_type, exception_text = _exception(span)
    code = _status_code(span.attributes, _STATUS_KEYS)
    grpc = _status_code(span.attributes, _GRPC_KEYS)
    if span.status == "ERROR" or exception_type:
        message = exception_text or span.status_message
        offset = -1
        if not message:
            from_output = _from_output(span)
            if from_output is not None:
                message, offset, code = from_output[0], from_output[1], from_output[2] or code
        labelled = (
            f"{exception_type}: {message}"
            if exception_type and exception_type not in message
            else message
        )
        return _failure(span, code, grpc, exception_type, labelled or "no message recorded", offset)
    found = _from_output(span)
    if found is not None:
        message, offset, stated = found
        return _failure(span, stated or code, grpc, "", message, offset)
    if code >= 400 and span.kind in _JUDGED_BY_OUTPUT:
        return _failure(span, code, grpc, "", f"HTTP status {code}", -1)
    return None


def classify(message: str, code: int = 0, exception_type: str = "", grpc: int = 0) -> str:
    """The class of an error: status code, then exception type, then message; else ``other``."""
    head = message[:2_000]
    for name, pattern in _SPECIFIC_PATTERNS:
        if pattern.search(head):
            return name
    if code in _HTTP:
        return _HTTP[code]
    if 500 <= code < 600:
        return "api-failure"
    if grpc in _GRPC:
        return _GRPC[grpc]
    for name, pattern in _EXCEPTION_TYPES:
        if exception_type and pattern.search(exception_type.rsplit(".", 1)[-1]):
            return name
    for name, pattern in _GENERAL_PATTERNS:
        if pattern.search(head):
            return name
    return OTHER


def _failure(
    span: SpanRecord, code: int, grpc: int, exception_type: str, message: str, offset: int
) -> Failure:
    if not code:
        stated = _NUMBER.search(message[:300])
        code = int(next(group for group in stated.groups() if group)) if stated else 0
    if not exception_type:
        lines = _EXCEPTION_LINE.findall(message)
        exception_type = lines[-1].split(":", 1)[0] if lines else ""
    error_class = classify(message, code, exception_type, grpc)
    is_code = span.kind in _JUDGED_BY_OUTPUT and _CODE_TOOL.search(span.name) is not None
    if is_code and error_class in (
        OTHER,
        "not-found",
        "invalid-tool-arguments",
        "api-failure",
        "authentication-failure",
    ):
        # what generated code runs into is the code's failure, not the platform's
        error_class = "code-execution-error" if not _is_status(span) else error_class
    return Failure(error_class, code or grpc or -1, message[:_LONGEST], offset)


def _is_status(span: SpanRecord) -> bool:
    return bool(_status_code(span.attributes, _STATUS_KEYS))


def _exception(span: SpanRecord) -> tuple[str, str]:
    """Type and message of the last exception event."""
    for event in reversed(span.events):
        if event.name == "exception" or "exception.type" in event.attributes:
            text = str(event.attributes.get("exception.message") or "")
            return str(event.attributes.get("exception.type") or "Exception"), text
    return "", ""


def _status_code(attributes: Mapping[str, Any], keys: tuple[str, ...]) -> int:
    for key in keys:
        value = attributes.get(key)
        if isinstance(value, (int, str)) and str(value).isdigit():
            return int(value)
    return 0


def _from_output(span: SpanRecord) -> tuple[str, int, int] | None:
    """Message, its offset in the output text, and status code, if the output itself is an error."""
    if span.outputs is None or span.kind not in _JUDGED_BY_OUTPUT | _STRUCTURED_ONLY:
        return None
    value = parsed(span.outputs)
    if (
        isinstance(value, list)
        and len(value) == 1
        and isinstance(value[0], dict)
        and span.kind in _JUDGED_BY_OUTPUT
    ):
        value = value[0]
    text = as_text(span.outputs)
    if isinstance(value, dict):
        found = _structured(value)
        if found is not None:
            message, code = found
            return message, text.find(message), code
        inner = value.get("content") or value.get("output") or value.get("result")
        if not (isinstance(inner, str) and span.kind in _JUDGED_BY_OUTPUT):
            return None
        return _from_text(inner, text)
    if span.kind not in _JUDGED_BY_OUTPUT or not isinstance(value, str):
        return None
    return _from_text(value, text)


def _structured(value: dict[str, Any]) -> tuple[str, int] | None:
    """Message and code of a structured error field."""
    code = next(
        (
            int(value[key])
            for key in ("status_code", "statusCode", "status", "code", "exit_code")
            if isinstance(value.get(key), int) and not isinstance(value[key], bool)
        ),
        0,
    )
    error = value.get("error") or value.get("errors") or value.get("exception")
    if isinstance(error, dict):
        stated = error.get("code") or error.get("status")
        if isinstance(stated, int) or (isinstance(stated, str) and stated.isdigit()):
            code = int(stated)
        message = error.get("message") or error.get("detail") or as_text(error)
        return str(message), code
    if isinstance(error, (str, list)) and error:
        return as_text(error), code
    flagged = (
        error is True
        or value.get("isError") is True
        or value.get("is_error") is True
        or (
            isinstance(value.get("status"), str)
            and value["status"].lower() in ("error", "failed", "failure")
        )
        or (value.get("success") is False and ("message" in value or "reason" in value))
        or 400 <= code < 600
        or (isinstance(value.get("exit_code"), int) and value["exit_code"] != 0)
    )
    if not flagged:
        return None
    message = (
        value.get("message")
        or value.get("detail")
        or value.get("reason")
        or value.get("stderr")
        or value.get("content")
        or as_text(value)
    )
    return as_text(message), code if code >= 400 else 0


def _from_text(text: str, whole: str) -> tuple[str, int, int] | None:
    shift = max(0, whole.find(text[:200])) if text is not whole else 0
    exit_code = _EXIT_CODE.match(text)
    traceback = (
        _TRACEBACK.search(text[:4_000])
        if exit_code or text.lstrip().startswith("Traceback")
        else None
    )
    if exit_code or traceback:
        lines = list(_EXCEPTION_LINE.finditer(text, traceback.start() if traceback else 0))
        if lines:
            return lines[-1].group(), shift + lines[-1].start(), 0
        start = exit_code.start() if exit_code else 0
        return text[start : start + _LONGEST].strip(), shift + start, 0
    if _ERROR_START.match(text):
        return text[:_LONGEST].strip(), shift + len(text) - len(text.lstrip()), 0
    return None

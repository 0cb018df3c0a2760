"""Errors in the fields of a structured output: error bodies, flags, exit codes.

What is data *about* something that failed (a payment whose status is "failed", the list of errors
that a linter was asked for) is no error of the call: a flag counts only in an envelope, that is
beside nothing but the fields that such bodies have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlflow_analysis.features.failure_classes import classify
from mlflow_analysis.features.failure_patterns import OTHER
from mlflow_analysis.features.payload import as_text

_ENVELOPE = frozenset({
    "status", "statuscode", "status_code", "response_status", "code", "error", "errors", "message", "msg",
    "detail", "details", "reason", "success", "ok", "iserror", "is_error", "error_code", "errorcode",
    "error_message", "errormessage", "error_type", "errortype", "error_description", "type", "__type", "title",
    "instance", "traceid", "trace_id", "requestid", "request_id", "timestamp", "path", "documentation_url",
    "data", "result", "content", "output", "hint", "help", "suggestion", "retryable", "isretryable",
    "exception", "traceback", "stacktrace", "jsonrpc", "extensions", "retry_after", "tool_call_id",
    "tool_use_id", "tool", "tool_name", "param", "stderr", "stdout", "meta", "_meta", "metadata",
    "structuredcontent", "headers", "body", "url", "role", "additional_kwargs", "response_metadata", "artifact",
})  # fmt: skip
_IDENTITY = frozenset({"id", "name"})
_CARRIERS = frozenset({"jsonrpc", "tool_call_id", "tool_use_id"})
"""A record has a name; so has a message that carries a result, and then it belongs to the envelope."""
_MESSAGE_KEYS = (
    "message", "msg", "error_message", "errorMessage", "Message", "error_description", "detail", "reason",
    "description", "stderr", "text", "title",
)  # fmt: skip
_ERROR_KEYS = (
    "error", "errors", "exception", "Error", "errorMessage", "error_message", "fault", "ExceptionMessage",
)  # fmt: skip
_STATUS_KEYS = ("status_code", "statusCode", "http_status", "httpStatusCode", "status", "code")
_EXIT_KEYS = (
    "exit_code",
    "exitCode",
    "returncode",
    "return_code",
    "exitcode",
    "exit_status",
    "returnCode",
    "ExitCode",
)
_FAILED_WORDS = frozenset({"error", "failed", "failure", "exception", "fail"})
_SUCCESS_WORDS = frozenset({"success", "succeeded", "ok", "completed", "passed"})
_NO_ERROR = frozenset({
    "", "none", "null", "no error", "no errors", "nil", "n/a", "na", "false", "0", "ok", "success", "[]", "{}",
    "undefined", "-",
})  # fmt: skip
_WRAPPERS = (
    "result",
    "output",
    "response",
    "content",
    "return_value",
    "tool_result",
    "value",
    "text",
    "body",
)
_MAY_WRAP = frozenset(_WRAPPERS)
_TELLING = frozenset({
    *_ERROR_KEYS, *_STATUS_KEYS, *_EXIT_KEYS, "metadata", "success", "ok", "isError", "is_error",
    "response_status", "result_status", "detail", "__type",
})  # fmt: skip
"""An output without any of these states no error."""


@dataclass(frozen=True, slots=True)
class StatedError:
    """What a structured output says of its error."""

    message: str
    status: int
    """HTTP status or JSON-RPC code, 0 if none was given."""
    exit_code: int = 0
    kind: str = ""
    """The type of exception, where a field names it."""


def tells_nothing(value: dict[str, Any]) -> bool:
    """Whether no field could state an error, a success or an exit code: so with most outputs."""
    return _TELLING.isdisjoint(value)


def stated_error(value: dict[str, Any], *, is_tool: bool) -> StatedError | None:
    """The error that the fields of an output state, or ``None``.

    Of spans that are no tool call only a pure error body counts: the state that a graph hands from
    node to node may hold a field ``error`` from long before.
    """
    if tells_nothing(value):
        return None
    keys = {str(key).lower() for key in value}
    enveloped = keys <= (_ENVELOPE | _IDENTITY if keys & _CARRIERS else _ENVELOPE)
    if not (is_tool or enveloped) or _succeeded(value):
        return None
    status = _status(value, enveloped)
    exit_code = exit_code_of(value)
    for key in _ERROR_KEYS:
        error = value.get(key)
        if not _is_error(error) or (isinstance(error, list) and not _error_list(error, enveloped)):
            continue
        found = _described(error, value)
        return StatedError(found[0], found[1] or status, exit_code, found[2] or _kind(value))
    if exit_code:
        return StatedError(_own_message(value), 0, exit_code)
    if _flagged(value, keys, enveloped, status):
        return StatedError(_own_message(value), status, exit_code, _kind(value))
    return None


def wrapped(value: Any) -> Any:
    """What a payload wraps: the one item of a list, the content of a message or tool result."""
    if isinstance(value, list) and value and all(_is_block(item) for item in value):
        return "\n".join(str(item.get("text", "")) for item in value)
    if isinstance(value, list) and len(value) == 1:
        return value[0]
    if isinstance(value, dict) and not _MAY_WRAP.isdisjoint(value):
        for key in _WRAPPERS:
            inner = value.get(key)
            if isinstance(inner, (str, dict, list)) and inner:
                return inner
    return None


def exit_code_of(value: dict[str, Any]) -> int:
    """The exit code that a field states; 0 if none does."""
    for key in _EXIT_KEYS:
        code = value.get(key)
        if isinstance(code, int) and not isinstance(code, bool):
            return code
        if isinstance(code, str) and code.lstrip("-").isdigit():
            return int(code)
    inner = value.get("metadata")
    return exit_code_of(inner) if isinstance(inner, dict) else 0


def states_success(value: dict[str, Any]) -> bool:
    """Whether an exit code of 0 is stated: then what the process printed is its own affair."""
    holders = [value, value.get("metadata")]
    return any(
        isinstance(holder, dict) and any(holder.get(key) in (0, "0") for key in _EXIT_KEYS)
        for holder in holders
    )


def answered(value: dict[str, Any]) -> bool:
    """Whether an HTTP status of 2xx is stated: then the body is what was asked for."""
    return any(200 <= _number(value.get(key)) < 300 for key in _STATUS_KEYS[:4])


def _succeeded(value: dict[str, Any]) -> bool:
    status = value.get("status")
    return (
        value.get("success") is True
        or value.get("ok") is True
        or states_success(value)
        or (isinstance(status, str) and status.lower() in _SUCCESS_WORDS)
    )


def _is_block(item: Any) -> bool:
    return isinstance(item, dict) and item.get("type") == "text" and "text" in item


def _is_error(error: Any) -> bool:
    if isinstance(error, str):
        return error.strip().lower() not in _NO_ERROR
    if isinstance(error, dict):
        return any(each not in (None, "", 0, False) for each in error.values())
    return isinstance(error, list) and bool(error)


def _error_list(errors: list[Any], enveloped: bool) -> bool:
    """Whether a list of errors is the body of a failed call, not a report that was asked for."""
    first = errors[0]
    described = isinstance(first, dict) and bool({"message", "msg", "detail", "code"} & set(first))
    return enveloped and (described or isinstance(first, str))


def _described(error: Any, value: dict[str, Any]) -> tuple[str, int, str]:
    if isinstance(error, list):
        return as_text(error), 0, ""
    if isinstance(error, dict):
        numbers = (
            _number(error.get(key)) for key in ("code", "status", "status_code", "httpStatus")
        )
        message = next((error[key] for key in _MESSAGE_KEYS if error.get(key)), error)
        kind = error.get("type") or error.get("status") or error.get("code") or ""
        return as_text(message), next((each for each in numbers if each), 0), _word(kind)
    text = str(error)
    more = value.get("message")
    # a short code ("not_found") beside a message: both tell
    if len(text) <= 40 and isinstance(more, str) and more.strip():
        return more, 0, text
    return text, 0, ""


def _status(value: dict[str, Any], enveloped: bool) -> int:
    for key in _STATUS_KEYS:
        # "code" and "status" are numbers of many things: they count in an envelope
        if key in ("status", "code") and not enveloped:
            continue
        number = _number(value.get(key))
        if 400 <= number < 600:
            return number
    return 0


def _number(value: Any) -> int:
    if isinstance(value, bool):
        return 0
    if isinstance(value, int) or (isinstance(value, str) and value.lstrip("-").isdigit()):
        return int(value)
    return 0


def _flagged(value: dict[str, Any], keys: set[str], enveloped: bool, status: int) -> bool:
    if value.get("error") is True or value.get("isError") is True or value.get("is_error") is True:
        return True
    words = [
        str(value[key]).lower()
        for key in ("status", "response_status", "result_status")
        if isinstance(value.get(key), str)
    ]
    said = any(key in value for key in ("message", "detail", "reason", "content", "msg"))
    if enveloped and said and any(word in _FAILED_WORDS for word in words):
        return True
    if (value.get("success") is False or value.get("ok") is False) and said:
        return True
    if keys == {"detail"}:  # all that FastAPI's body of an error has
        return isinstance(value["detail"], list) or classify(as_text(value["detail"])) != OTHER
    return status > 0 or (enveloped and "__type" in keys)


def _kind(value: dict[str, Any]) -> str:
    for key in ("error_type", "errorType", "__type", "exception_type", "error_code", "errorCode"):
        if isinstance(value.get(key), str):
            return _word(value[key])
    return ""


def _word(value: Any) -> str:
    text = str(value).rpartition("#")[2]
    return text if text.replace("_", "").replace(".", "").isalnum() and len(text) <= 80 else ""


def _own_message(value: dict[str, Any]) -> str:
    for key in (*_MESSAGE_KEYS, "content", "output", "stdout"):
        if value.get(key):
            inner = wrapped(value[key]) if isinstance(value[key], list) else None
            return as_text(inner if isinstance(inner, str) else value[key])
    return as_text(value)

"""Recognise failures and put them into classes.

A span failed if it ended with status ERROR, if it holds an exception event or an attribute that
says so (``error.type``, an HTTP or gRPC status), or if its output is itself an error:

- of tools, a structured error (``error_fields``) or a text that states one (``error_texts``);
- of agents, chains and other steps, a pure error body, or the sentence that a framework gives in
  place of an answer when it stops an agent or cannot read its model;
- of model calls, the error body of the provider: a model's words are no failure.

A bare word "error" somewhere in the output is none of these. How a framework ends, pauses or hands
over a run by raising (an interrupt, a command to the parent graph) is no failure either. Classes
are told by ``failure_classes``.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

from mlflow_analysis.features.conversation import answer_text
from mlflow_analysis.features.error_fields import (
    StatedError,
    answered,
    exit_code_of,
    stated_error,
    states_success,
    tells_nothing,
    wrapped,
)
from mlflow_analysis.features.error_texts import answer_instead, error_in
from mlflow_analysis.features.failure_classes import classify, status_in
from mlflow_analysis.features.failure_patterns import CANCELLED, NO_MESSAGE, OTHER
from mlflow_analysis.features.failure_records import (
    description,
    exception,
    grpc_status,
    http_status,
    is_control_flow,
    says_error,
    says_nothing,
)
from mlflow_analysis.features.payload import as_text, parsed
from mlflow_analysis.features.process_output import is_answer
from mlflow_analysis.features.tool_nature import nature_of
from mlflow_analysis.records import MODEL_KINDS, SpanRecord

__all__ = ["CANCELLED", "OTHER", "Failure", "failure_of"]

_LONGEST = 600
_LONGEST_LITERAL = 20_000
_DEEPEST = 4
_TOOLS = frozenset({"TOOL", "FUNCTION", "MEMORY"})
_RETRIEVERS = frozenset({"RETRIEVER", "RERANKER"})
_SERVER_SIDE = frozenset({"CHAIN", "UNKNOWN", "TASK", "AGENT", "WORKFLOW"})
_LONGEST_ANSWER = 4_000
_KIND_KEYS = frozenset({"gen_ai.operation.name", "openinference.span.kind", "traceloop.span.kind"})

_EXCEPTION_LINE = re.compile(
    r"^\s*(?:[A-Za-z_]\w*\.)*([A-Z]\w*(?:Error|Exception|Interrupt|Timeout|Exceeded))\b(?:: .*)?$",
    re.MULTILINE,
)
_LITERAL = re.compile(
    r"\s*[\[{(].{0,4000}?['\"](?:error|errors|status|is_?error|success|exit_?code)['\"]\s*:",
    re.I | re.S,
)
_MESSAGE_REPR = re.compile(
    r"\Acontent=(?P<quote>['\"])(?P<text>.*?)(?P=quote) (?:name|tool_call_id|additional_kwargs|id)=",
    re.S,
)
_EMPTY = re.compile(
    r"\bno (?:\w+ ){0,2}(?:results?|match(?:es)?|documents|records|hits|entries)\b|\b0 results\b|nothing (?:was )?found"
    r"|(?:has not|hasn't|did not|didn't) return(?:ed)? any results?",
    re.I,
)
"""What a search says that found nothing: an answer, in whatever field."""
_CODE_TEXT = re.compile(
    r"\A\W*(?:AgentExecutionError: )?Code execution failed at line|Error executing code\b", re.I
)


@dataclass(frozen=True, slots=True)
class Failure:
    """What failed in a span."""

    error_class: str
    status: int
    """HTTP or gRPC number, -1 if none was found."""
    message: str
    offset: int
    """Where the message starts in the output text; -1 if it is from elsewhere."""


@dataclass(frozen=True, slots=True)
class _Found:
    message: str
    start: int = -1
    status: int = 0
    exit_code: int = 0
    kind: str = ""


def failure_of(span: SpanRecord) -> Failure | None:
    """The failure of a span, or ``None`` if it did not fail."""
    recorded = span.status == "ERROR"
    attributes = span.attributes
    silent = says_nothing(attributes)
    if silent and not recorded and not span.events:  # so with most: only the output may tell of one
        found = _in_output(span)
        return None if found is None else _failure(span, found, 0, 0)
    kind, text, code, grpc = "", "", 0, 0
    if span.events or not silent:
        kind, text = exception(span)
        if kind and is_control_flow(f"{kind}: {text}"):
            return None
        recorded = recorded or bool(kind)
    if not silent:
        recorded = recorded or says_error(span)
        code, grpc = http_status(attributes), grpc_status(attributes)
    if recorded:
        message = text or span.status_message or description(span)
        if not kind and is_control_flow(message):
            return None
        found = None if message else _in_output(span)
        if found is None:
            named = kind and kind not in message and not kind.isdigit()
            whole = f"{kind}: {message}" if named else message
            found = _Found(whole or NO_MESSAGE, kind=kind)
        return _failure(span, found, code, grpc)
    found = _in_output(span)
    if found is not None:
        return _failure(span, found, code, grpc)
    # a server answers 4xx for its caller's fault; for the one who called it is a failure
    if code >= 500 or (code >= 400 and (span.kind not in _SERVER_SIDE or _is_tool(span))):
        return _failure(span, _Found(f"HTTP status {code}"), code, grpc)
    return _failure(span, _Found(f"gRPC status {grpc}"), code, grpc) if grpc else None


def _failure(span: SpanRecord, found: _Found, code: int, grpc: int) -> Failure:
    code = code or (found.status if 400 <= found.status < 600 else 0)
    message = found.message
    if found.status < 0:
        message = (
            message if str(found.status) in message else f"MCP error {found.status}: {message}"
        )
    kind = found.kind
    if not kind:
        lines = _EXCEPTION_LINE.findall(message[:4_000])
        kind = lines[-1] if lines else ""
    of_code = (_is_tool(span) and nature_of(span.name).runs_code) or bool(_CODE_TEXT.match(message))
    error_class = classify(
        message[:12_000], code, kind, grpc, of_code=of_code, exit_code=found.exit_code
    )
    status = code or status_in(message) or grpc or -1
    return Failure(error_class, status, message[:_LONGEST], found.start)


def _is_tool(span: SpanRecord) -> bool:
    """Tools by MLflow's span type, or by what OpenTelemetry, OpenInference and OpenLLMetry call them."""
    if span.kind in _TOOLS:
        return True
    said = span.attributes
    return not _KIND_KEYS.isdisjoint(said) and (
        said.get("gen_ai.operation.name") == "execute_tool"
        or str(said.get("openinference.span.kind")).upper() == "TOOL"
        or str(said.get("traceloop.span.kind")).lower() == "tool"
    )


def _in_output(span: SpanRecord) -> _Found | None:
    """The error that the output itself is."""
    outputs = span.outputs
    if outputs is None or outputs == "":
        return None
    if span.kind in MODEL_KINDS:
        return _provider_error(outputs)
    is_tool = _is_tool(span)
    value = _literal(parsed(outputs))
    found: _Found | None = None
    if is_tool or span.kind in _RETRIEVERS:
        found = _in_value(span, value)
        if (
            found
            and not found.status
            and nature_of(span.name).searches
            and _EMPTY.search(found.message[:300])
        ):
            return None
    elif isinstance(value, dict):
        stated = stated_error(value, is_tool=False)
        found = _from_fields(stated) if stated else None
    if found is None and not is_tool and span.kind not in _RETRIEVERS:
        answer = answer_text(outputs)
        said = answer_instead(answer) if 0 < len(answer) <= _LONGEST_ANSWER else None
        found = _Found(said.message, said.start) if said else None
    return found and _placed(found, outputs)


def _in_value(span: SpanRecord, value: Any, depth: int = 0) -> _Found | None:
    """The error in what a tool gave back, through the wrappers around it."""
    if isinstance(value, str):
        stated = error_in(value, nature_of(span.name), _command(span))
        return _Found(stated.message, stated.start, 0, stated.exit_code) if stated else None
    if isinstance(value, dict) and not tells_nothing(value):
        error = stated_error(value, is_tool=True)
        if error is not None:
            if error.exit_code == 1 and is_answer(as_text(value), _command(span)):
                return None
            return _from_fields(error)
        if states_success(value) or exit_code_of(value) or answered(value):
            return None
    inner = wrapped(value)
    if inner is None or depth == _DEEPEST:
        return None
    return _in_value(span, _literal(parsed(inner)), depth + 1)


def _from_fields(stated: StatedError) -> _Found:
    return _Found(stated.message, -1, stated.status, stated.exit_code, stated.kind)


def _provider_error(outputs: Any) -> _Found | None:
    """The error body that a provider sent instead of a completion (not JSON that a model wrote)."""
    if not isinstance(outputs, dict) or not isinstance(outputs.get("error"), (dict, str)):
        return None
    if {"choices", "content", "candidates", "output", "message", "generations", "role"} & set(
        outputs
    ):
        return None
    stated = stated_error(outputs, is_tool=True)
    return _placed(_from_fields(stated), outputs) if stated else None


def _placed(found: _Found, outputs: Any) -> _Found:
    """``found`` with the place of its message in the output's text."""
    whole = as_text(outputs)
    first = found.message.split("\n", 1)[0][:80]
    start = found.start if isinstance(outputs, str) and found.start >= 0 else -1
    if start < 0 or not whole.startswith(first, start):
        start = whole.find(first)
    return _Found(found.message, start, found.status, found.exit_code, found.kind)


def _literal(value: Any) -> Any:
    """What a Python literal or a message's repr says: some tracers log ``str(output)``."""
    if not isinstance(value, str):
        return value
    if value.startswith("content="):
        message = _MESSAGE_REPR.match(value)
        return message["text"].replace("\\n", "\n") if message else value
    if len(value) <= _LONGEST_LITERAL and value[:1] in "[{(" and _LITERAL.match(value):
        try:
            return ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return value
    return value


def _command(span: SpanRecord) -> str:
    """The command or code that a tool was given."""
    value = parsed(span.inputs)
    for _ in range(3):
        if isinstance(value, str):
            return value
        if isinstance(value, list):
            value = value[-1] if value else ""
        elif isinstance(value, dict):
            keys = (
                "command",
                "cmd",
                "code",
                "script",
                "input",
                "args",
                "arguments",
                "kwargs",
                "query",
            )
            value = next((value[key] for key in keys if value.get(key)), "")
    return value if isinstance(value, str) else ""

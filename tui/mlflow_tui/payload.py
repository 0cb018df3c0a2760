"""Values from traces as lines to read: chat as messages, text as text, everything else as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import orjson

from mlflow_analysis.protocol import Conversation, SpanView, TraceView
from mlflow_analysis.records import Assessment, SpanEvent, TraceInfo

OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS


class Line(NamedTuple):
    """One line of a payload. ``kind``: text, json, heading, muted, bad or good."""

    kind: str
    text: str


def as_json(value: Any, *, indent: bool = True) -> str:
    """``value`` as JSON text; what JSON has no form for is written as text."""
    try:
        return orjson.dumps(value, default=str, option=OPTIONS if indent else 0).decode()
    except (TypeError, ValueError):  # integers beyond 64 bits, odd keys
        return json.dumps(value, indent=2 if indent else None, ensure_ascii=False, default=str)


def value_lines(value: Any) -> list[Line]:
    """Inputs or outputs: chat messages where they are such, a bare text as it is, else JSON."""
    if value is None:
        return [Line("muted", "not recorded")]
    messages = chat_messages(value)
    if messages is not None:
        lines = _chat_lines(messages)
        rest = _without_messages(value)
        if rest:
            lines += [Line("heading", "also"), *_json_lines(rest)]
        return lines
    if isinstance(value, str):
        return _string_lines(value)
    return _json_lines(value)


def _string_lines(text: str) -> list[Line]:
    stripped = text.lstrip()
    if stripped[:1] in "{[" and stripped:
        try:
            return _json_lines(orjson.loads(text))
        except orjson.JSONDecodeError:
            pass  # text that only looks like JSON is shown as text
    return [Line("text", line) for line in text.split("\n")]


def _json_lines(value: Any) -> list[Line]:
    return list(map(Line, repeat("json"), as_json(value).split("\n")))


# ---- chat -----------------------------------------------------------------------------------


def chat_messages(value: Any) -> list[Mapping[str, Any]] | None:
    """The messages in ``value``, if it is chat: a list of them, ``{"messages": …}``, a model's
    answer with ``choices``, or one message. ``None`` for anything else.
    """
    if isinstance(value, list):
        return value if value and all(_is_message(each) for each in value) else None
    if not isinstance(value, Mapping):
        return None
    if _is_message(value):
        return [value]
    choices = value.get("choices")
    if isinstance(choices, list) and choices:
        answers = [each for each in choices if isinstance(each, Mapping) and "message" in each]
        found = [each["message"] for each in answers]
        return found if found and all(_is_message(each) for each in found) else None
    messages = value.get("messages")
    if isinstance(messages, list) and messages and all(_is_message(each) for each in messages):
        return messages
    return None


def _is_message(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("role"), str)
        and ("content" in value or "tool_calls" in value)
    )


def _without_messages(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or _is_message(value):
        return {}
    return {key: item for key, item in value.items() if key not in ("messages", "choices")}


def _chat_lines(messages: Iterable[Mapping[str, Any]]) -> list[Line]:
    lines: list[Line] = []
    for message in messages:
        if lines:
            lines.append(Line("text", ""))
        name = message.get("name")
        lines.append(Line("heading", f"{message['role']}{f' · {name}' if name else ''}"))
        lines += _content_lines(message.get("content"))
        for call in message.get("tool_calls") or ():
            lines += _tool_call_lines(call)
    return lines


def _content_lines(content: Any) -> list[Line]:
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return _string_lines(content)
    if isinstance(content, list):
        lines: list[Line] = []
        for part in content:
            text = part.get("text") if isinstance(part, Mapping) else None
            lines += _string_lines(text) if isinstance(text, str) else _json_lines(part)
        return lines
    return _json_lines(content)


def _tool_call_lines(call: Any) -> list[Line]:
    function = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping):
        return _json_lines(call)
    arguments = function.get("arguments", "")
    text = arguments if isinstance(arguments, str) else as_json(arguments, indent=False)
    return [Line("muted", f"calls {function.get('name', '?')}"), *_string_lines(text)]


# ---- sections of the inspector --------------------------------------------------------------


def attribute_lines(span: SpanView) -> list[Line]:
    """Status first, then every attribute, short ones on a line of their own."""
    record = span.record
    lines = [Line("bad" if span.failed else "good", f"status  {record.status}")]
    if record.status_message:
        lines += [Line("bad", line) for line in record.status_message.split("\n")]
    if span.error_class:
        lines.append(Line("muted", f"seen as  {span.error_class}"))
    if span.model:
        lines.append(Line("text", f"model  {span.model}"))
    lines.append(Line("muted", f"span  {record.span_id}"))
    if record.attributes:
        lines += [Line("text", ""), *_json_lines(dict(record.attributes))]
    return lines


def event_lines(events: Sequence[SpanEvent]) -> list[Line]:
    """Events in order; stack traces as they were printed."""
    if not events:
        return [Line("muted", "no events on this span")]
    lines: list[Line] = []
    for event in events:
        attributes = dict(event.attributes)
        kind = attributes.pop("exception.type", "")
        message = attributes.pop("exception.message", "")
        stack = attributes.pop("exception.stacktrace", "")
        lines.append(Line("heading", f"{event.name}{f' · {kind}' if kind else ''}"))
        if message:
            lines += [Line("bad", line) for line in str(message).split("\n")]
        if stack:
            lines += [Line("muted", line) for line in str(stack).split("\n")]
        if attributes:
            lines += _json_lines(attributes)
        lines.append(Line("text", ""))
    return lines[:-1]


def assessment_lines(info: TraceInfo, span_id: str) -> list[Line]:
    """Judgements on the trace and on this span."""
    found = [each for each in info.assessments if each.span_id in (None, "", span_id)]
    if not found:
        return [Line("muted", "no assessments on this trace")]
    lines: list[Line] = []
    for each in found:
        value = each.value if isinstance(each.value, str) else as_json(each.value, indent=False)
        lines.append(Line("heading", f"{each.name} · {value}"))
        lines.append(Line("muted", f"{each.kind} by {_source(each)}"))
        if each.error:
            lines.append(Line("bad", f"could not be made: {each.error}"))
        lines += [Line("text", line) for line in each.rationale.split("\n") if each.rationale]
        lines.append(Line("text", ""))
    return lines[:-1]


def _source(assessment: Assessment) -> str:
    kind = assessment.source_type.lower().replace("_", " ")
    return f"{kind} {assessment.source_id}".strip()


def conversation_lines(conversation: Conversation, trace_id: str) -> list[Line]:
    """The session turn by turn; the turn of the open trace is marked."""
    lines: list[Line] = []
    for number, turn in enumerate(conversation.turns, start=1):
        here = "  ◂ this trace" if turn.trace_id == trace_id else ""
        failed = "  ✗ failed" if turn.state == "ERROR" else ""
        if lines:
            lines.append(Line("text", ""))
        lines.append(Line("heading", f"turn {number} of {len(conversation.turns)}{failed}{here}"))
        lines += [Line("muted", "user"), *_string_lines(turn.request or "(nothing recorded)")]
        lines += [Line("muted", "assistant")]
        lines += (
            [Line("bad", line) for line in (turn.response or "(no answer)").split("\n")]
            if turn.state == "ERROR"
            else _string_lines(turn.response or "(nothing recorded)")
        )
    return lines or [Line("muted", "this trace belongs to no session")]


# ---- what can be copied ---------------------------------------------------------------------


def span_value(span: SpanView) -> dict[str, Any]:
    """A span as a JSON value."""
    record = span.record
    return {
        "span_id": record.span_id,
        "parent_id": record.parent_id,
        "name": record.name,
        "type": record.kind,
        "status": record.status,
        "status_message": record.status_message,
        "start_time_unix_nano": record.start_ns,
        "end_time_unix_nano": record.end_ns,
        "inputs": record.inputs,
        "outputs": record.outputs,
        "attributes": dict(record.attributes),
        "events": [
            {"name": event.name, "time_unix_nano": event.time_ns, **dict(event.attributes)}
            for event in record.events
        ],
    }


def trace_markdown(trace: TraceView) -> str:
    """A trace to paste into a ticket: what was asked and answered, and the spans."""
    info = trace.info
    lines = [
        f"# Trace {info.trace_id}",
        "",
        f"State {info.state}, {info.duration_ms or 0:.0f} ms, {len(trace.spans)} spans.",
        "",
        "## Request",
        "",
        *_fenced(info.request_preview),
        "",
        "## Response",
        "",
        *_fenced(info.response_preview),
        "",
        "## Spans",
        "",
    ]
    for span in trace.spans:
        record = span.record
        end = record.end_ns if record.end_ns is not None else record.start_ns
        failed = f" **failed** {record.status_message}".rstrip() if span.failed else ""
        lines.append(
            f"{'  ' * span.depth}- `{record.name}` {record.kind}"
            f" {(end - record.start_ns) / 1e6:.0f} ms{failed}"
        )
    return "\n".join(lines) + "\n"


def _fenced(text: str) -> list[str]:
    fence = "```"
    while fence in text:
        fence += "`"
    return [fence, text, fence]

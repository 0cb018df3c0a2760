"""Chats as OpenAI, Anthropic, LangChain and Gemini write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlflow_tui.inspecting.chat import Chat, Message, Other, Part, ToolCall, ToolResult, Words

LANGCHAIN_ROLES = {
    "human": "user",
    "ai": "assistant",
    "system": "system",
    "tool": "tool",
    "function": "tool",
    "chat": "chat",
    "HumanMessage": "user",
    "AIMessage": "assistant",
    "AIMessageChunk": "assistant",
    "SystemMessage": "system",
    "ToolMessage": "tool",
    "FunctionMessage": "tool",
    "ChatMessage": "chat",
}
_LISTS = ("messages", "input", "output", "contents", "choices", "candidates", "generations")
"""Where messages are kept. Beside them, these say what the system was told."""
_SYSTEM = ("system", "instructions", "system_instruction", "systemInstruction")
_SAID = ("text", "input_text", "output_text")
"""Kinds of parts that some write with their words as ``content``."""
DEEPEST_NESTING = 3


def chat_in(value: Any) -> Chat | None:
    """The chat that ``value`` is; ``None`` for anything else, or if a part of it is no message."""
    if isinstance(value, Mapping):
        message = _message(value)
        if message is not None:
            return Chat((message,))
        for key in _LISTS:
            messages = _messages(value.get(key), key)
            if messages:
                told = [name for name in _SYSTEM if value.get(name)]
                rest = {
                    name: item for name, item in value.items() if name != key and name not in told
                }
                before = [Message("system", _parts(value[name])) for name in told]
                return Chat((*before, *messages), rest)
        return None
    messages = _messages(value, "messages")
    return Chat(tuple(messages)) if messages else None


def _messages(value: Any, key: str, depth: int = 0) -> list[Message] | None:
    """All messages of a list; ``None`` if anything in it is none."""
    if key == "contents" and isinstance(value, str):
        return [Message("user", (Words(value),))]
    if isinstance(value, Mapping) and key == "contents":
        value = [value]
    if not isinstance(value, list) or not value or depth > DEEPEST_NESTING:
        return None
    found: list[Message] = []
    for each in value:
        if isinstance(each, list):  # LangChain: one list for each prompt
            nested = _messages(each, key, depth + 1)
            if nested is None:
                return None
            found += nested
            continue
        message = _message(_unwrapped(each, key)) if isinstance(each, Mapping) else None
        if message is None:
            return None
        found.append(message)
    return found


def _unwrapped(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The message in an OpenAI choice, a Gemini candidate or a LangChain generation."""
    inner = {"choices": "message", "candidates": "content", "generations": "message"}.get(key)
    held = value.get(inner) if inner else None
    if isinstance(held, Mapping):
        return held
    if key == "generations" and isinstance(value.get("text"), str):
        return {"role": "assistant", "content": value["text"]}
    return value


def _message(value: Mapping[str, Any]) -> Message | None:
    role = value.get("role")
    if isinstance(role, str) and isinstance(value.get("parts"), list):
        return Message(role, _parts(value["parts"]))
    if isinstance(role, str) and ("content" in value or "tool_calls" in value):
        return _spoken(role, value)
    return _langchain(value) or _responses_item(value)


def _spoken(role: str, value: Mapping[str, Any]) -> Message:
    """Role, content and calls: OpenAI and Anthropic, and most others after them."""
    parts = _parts(value.get("content"))
    call_id = value.get("tool_call_id")
    if role in ("tool", "function") or isinstance(call_id, str):
        return Message(
            role,
            (
                ToolResult(
                    value.get("content"),
                    str(call_id or ""),
                    _text(value.get("name")),
                    value.get("status") == "error",
                ),
            ),
        )
    reasoning = value.get("reasoning_content")
    thinking = (Words(reasoning, True),) if isinstance(reasoning, str) and reasoning else ()
    refusal = value.get("refusal")
    refused = (Words(refusal),) if isinstance(refusal, str) and refusal else ()
    return Message(
        role, (*thinking, *parts, *refused, *_calls(value, parts)), _text(value.get("name"))
    )


def _calls(value: Mapping[str, Any], parts: Sequence[Part]) -> Iterator[ToolCall]:
    """Calls that stand beside the content; those that stand in it too are not said twice."""
    there = {part.id for part in parts if isinstance(part, ToolCall)}
    extra = value.get("additional_kwargs")
    calls = value.get("tool_calls") or (
        extra.get("tool_calls") if isinstance(extra, Mapping) else ()
    )
    for call in calls if isinstance(calls, list) else ():
        found = _call(call)
        if found.id not in there or not found.id:
            yield found


def _call(call: Any) -> ToolCall:
    if not isinstance(call, Mapping):
        return ToolCall("?", call)
    function = call.get("function")
    held: Mapping[str, Any] = function if isinstance(function, Mapping) else call
    arguments = next(
        (held[name] for name in ("arguments", "args", "input") if held.get(name) is not None), ""
    )
    identity = call.get("id") or call.get("call_id")
    return ToolCall(_text(held.get("name")) or "?", arguments, _text(identity))


def _langchain(value: Mapping[str, Any]) -> Message | None:
    """A LangChain message: plain, or as it is serialised with its class."""
    kind = value.get("type")
    if value.get("lc") == 1 and isinstance(value.get("kwargs"), Mapping):
        path = value.get("id")
        kind = path[-1] if isinstance(path, list) and path else kind
        value = value["kwargs"]
    elif isinstance(value.get("data"), Mapping) and "content" in value["data"]:
        value = value["data"]
    role = LANGCHAIN_ROLES.get(kind) if isinstance(kind, str) else None
    if role is None or "content" not in value:
        return None
    spoken = _text(value.get("role")) if role == "chat" else role
    return _spoken(spoken or role, value)


def _responses_item(value: Mapping[str, Any]) -> Message | None:
    """An item of OpenAI's Responses API that is not a message."""
    kind = value.get("type")
    if kind in ("function_call", "tool_call") and "name" in value:
        named = {**value, "id": value.get("call_id") or value.get("id")}
        return Message("assistant", (_call(named),))
    if kind == "function_call_output":
        return Message("tool", (ToolResult(value.get("output"), _text(value.get("call_id"))),))
    if kind == "reasoning" and ("summary" in value or "content" in value):
        said = [
            Words(part.text, True)
            for part in _parts(value.get("summary") or value.get("content"))
            if isinstance(part, Words)
        ]
        return Message("assistant", tuple(said))
    return None


# ---- parts ----------------------------------------------------------------------------------


def _parts(content: Any) -> tuple[Part, ...]:
    if content is None or content == "":
        return ()
    if isinstance(content, str):
        return (Words(content),)
    if isinstance(content, Mapping):
        inner = content.get("parts")
        return _parts(inner) if isinstance(inner, list) else (_one_part(content),)
    if isinstance(content, list):
        return tuple(_one_part(each) for each in content)
    return (Other(content),)


def _one_part(part: Any) -> Part:
    if isinstance(part, str):
        return Words(part)
    if not isinstance(part, Mapping):
        return Other(part)
    kind = part.get("type")
    if isinstance(part.get("text"), str):
        return Words(part["text"], thinking=part.get("thought") is True)
    if kind in _SAID and isinstance(part.get("content"), str):
        return Words(part["content"])
    if isinstance(part.get("thinking"), str):
        return Words(part["thinking"], thinking=True)
    if kind == "tool_use":
        return _call(part)
    if kind == "tool_result":
        return ToolResult(
            part.get("content"), _text(part.get("tool_use_id")), failed=part.get("is_error") is True
        )
    for name in ("functionCall", "function_call"):  # Gemini: what it has no id for, its name tells
        if isinstance(part.get(name), Mapping):
            call = _call(part[name])
            return ToolCall(call.name, call.arguments, call.id or call.name)
    for name in ("functionResponse", "function_response"):
        held = part.get(name)
        if isinstance(held, Mapping):
            called = _text(held.get("name"))
            return ToolResult(held.get("response"), _text(held.get("id")) or called, called)
    return Other(part)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""

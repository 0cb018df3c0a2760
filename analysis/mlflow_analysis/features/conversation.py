"""Who said what: the request and the answer of a trace, from whatever shape a framework logs."""

from __future__ import annotations

from typing import Any

from mlflow_analysis.features.payload import as_text, parsed

_USER_ROLES = frozenset({"user", "human"})
_ASSISTANT_ROLES = frozenset({"assistant", "ai", "model"})
_MESSAGE_KEYS = (
    "messages",
    "contents",
    "new_message",
    "input",
    "inputs",
    "request",
    "kwargs",
    "args",
)
_REQUEST_KEYS = (
    "question", "query", "prompt", "user_input", "user_message", "message", "text", "content",
    "task", "topic", "contents",
)  # fmt: skip
_ANSWER_KEYS = (
    "content", "answer", "response", "output", "final_output", "final_answer", "final_message", "result", "text",
    "completion", "output_text", "message", "raw", "outputs", "return_values",
)  # fmt: skip
_DEEPEST = 6
_CLASSES = {
    "humanmessage": "user", "usermessage": "user", "systemmessage": "system",
    "aimessage": "assistant", "aimessagechunk": "assistant", "assistantmessage": "assistant",
    "toolmessage": "tool", "functionmessage": "tool", "functionexecutionresultmessage": "tool",
}  # fmt: skip
"""The class names by which LangChain and AutoGen tell who speaks."""
_PLAIN_ROLES = {
    **dict.fromkeys(_USER_ROLES, "user"),
    **dict.fromkeys(_ASSISTANT_ROLES, "assistant"),
    **{role: role for role in ("system", "tool", "developer", "function")},
}
"""Roles as most messages tell them."""
_PARTS = {
    "system-prompt": "system", "user-prompt": "user", "tool-return": "tool", "retry-prompt": "tool",
    "text": "assistant", "tool-call": "assistant",
}  # fmt: skip
"""Pydantic AI tells it part by part."""
Said = tuple[str, dict[str, Any]]
"""A message after the role that says it."""
_HOLDERS = ("kwargs", "data")
"""Where LangChain's serialised forms keep the content."""
_MAY_HOLD = frozenset(_HOLDERS)
_NOT_TEXT = ("tool", "function", "thinking", "image", "reasoning")


def content_text(content: Any) -> str:
    """The text of a message's content: text, a list of parts, or Gemini's ``parts``."""
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        for key in ("text", "content", "parts", "blocks", "value"):
            inner = content.get(key)
            if isinstance(inner, (str, list, dict)):
                return inner if isinstance(inner, str) else content_text(inner)
        return ""
    if isinstance(content, list):
        parts = (content_text(part) for part in content if _is_text(part))
        return "\n".join(part for part in parts if part)
    return ""


def _is_text(part: Any) -> bool:
    if not isinstance(part, dict):
        return True
    kind = str(part.get("type") or part.get("block_type") or part.get("part_kind") or "text")
    return not (kind.startswith(_NOT_TEXT) or "Reasoning" in kind)


def role_of(message: Any) -> str:
    """``user``, ``assistant``, ``system``, ``tool`` … of a message; "" if it is none."""
    if not isinstance(message, dict):
        return ""
    said = message.get("role")
    if isinstance(said, str) and said in _PLAIN_ROLES and "kwargs" not in message:
        return _PLAIN_ROLES[said]
    if isinstance(message.get("kwargs"), dict) and isinstance(message.get("id"), list):
        # LangChain's serialised constructor
        return _CLASSES.get(str(message["id"][-1]).lower(), "")
    role = str(message.get("role") or message.get("type") or "").rpartition(".")[2].lower()
    if role == "textmessage":  # AutoGen: who it is from tells
        return "user" if message.get("source") == "user" else "assistant"
    if role in _USER_ROLES:
        return "user"
    return "assistant" if role in _ASSISTANT_ROLES else _CLASSES.get(role, role)


def message_text(message: Any) -> str:
    """The text of one message."""
    if isinstance(message, dict) and not _MAY_HOLD.isdisjoint(message):
        for holder in _HOLDERS:
            if isinstance(message.get(holder), dict) and "content" in message[holder]:
                return content_text(message[holder]["content"])
    return content_text(message)


def said_in(value: Any, depth: int = 0) -> list[Said]:
    """The chat messages in a payload, in order, each with who says it; empty if it holds none.

    ``value`` has been through ``payload.parsed``.
    """
    if isinstance(value, list):
        if messages := _each_with_role(value):
            return messages
        if value and all(isinstance(item, dict) and _by_part(item) for item in value):
            parts = (message for item in value for message in _messages_by_part(item))
            return [(role_of(message), message) for message in parts]
        if len(value) == 1:
            return said_in(parsed(value[0]), depth + 1) if depth < _DEEPEST else []
        return []
    if isinstance(value, dict) and depth < _DEEPEST:
        holds_text = "content" in value or "parts" in value or "kwargs" in value
        if holds_text and (role := role_of(value)):
            return [(role, value)]
        for key in _MESSAGE_KEYS:
            if key in value:
                found = said_in(parsed(value[key]), depth + 1)
                if found:
                    return found
    return []


def _each_with_role(items: list[Any]) -> list[Said]:
    """The messages that ``items`` are; none if one of them is no message."""
    messages: list[Said] = []
    for item in items:
        role = role_of(item)
        if not role:
            return []
        messages.append((role, item))
    return messages


def _by_part(item: dict[str, Any]) -> bool:
    return item.get("kind") in ("request", "response") and isinstance(item.get("parts"), list)


def _messages_by_part(item: dict[str, Any]) -> list[dict[str, Any]]:
    told = [{"role": "system", "content": item["instructions"]}] if item.get("instructions") else []
    return told + [
        {"role": _PARTS.get(str(part.get("part_kind")), "tool"), "content": part.get("content")}
        for part in item["parts"]
        if isinstance(part, dict)
    ]


def request_text(inputs: Any) -> str:
    """The last thing the user said, from a span's inputs."""
    value = parsed(inputs)
    messages = said_in(value)
    for role, message in reversed(messages):
        if role == "user":
            return message_text(message)
    if messages:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        for key in _REQUEST_KEYS:
            text = content_text(value.get(key))
            if text:
                return text
        for key in ("kwargs", "args", "input", "inputs", "request", "data"):
            if isinstance(value.get(key), (dict, list, str)) and value[key]:
                return request_text(value[key])
        return as_text(value)
    if isinstance(value, list) and value:
        return value[0] if isinstance(value[0], str) else as_text(value)
    return as_text(value)


def answer_text(outputs: Any, depth: int = 0) -> str:
    """What the application answered, from a span's outputs."""
    value = parsed(outputs)
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and depth < _DEEPEST:
        choices = value.get("choices") or value.get("candidates")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            return answer_text(
                choices[0].get("message") or choices[0].get("content") or choices[0].get("text"),
                depth + 1,
            )
        if isinstance(value.get("generations"), list) and value["generations"]:
            first = value["generations"][0]  # LangChain: one list for each prompt
            return answer_text(first[0] if isinstance(first, list) and first else first, depth + 1)
        messages = said_in(value) if "messages" in value else []
        if messages:
            role, last = messages[-1]
            return message_text(last) if role == "assistant" else ""
        if role_of(value):
            return message_text(value)
        for key in _ANSWER_KEYS:
            if value.get(key) not in (None, "", [], {}):
                found = answer_text(value[key], depth + 1)
                if found:
                    return found
        return as_text(value)
    if isinstance(value, list):
        messages = said_in(value)
        if messages:
            spoken = [each for role, each in messages if role == "assistant"]
            return message_text(spoken[-1]) if spoken else ""
        return content_text(value) or as_text(value)
    return as_text(value)

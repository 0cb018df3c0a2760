"""What a model call was told, what tools it was offered, and what it asked for.

Every framework logs these in its own place. Known here: OpenAI (chat, Responses), Anthropic, Gemini,
Bedrock Converse, LangChain and LangGraph, LlamaIndex, AutoGen, CrewAI, smolagents, DSPy, Pydantic AI,
Vercel's AI SDK, MLflow's autologging, and the attributes of OpenTelemetry GenAI and OpenInference.
What isn't recognised counts as not recorded.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from mlflow_analysis.features.conversation import (
    Said,
    content_text,
    message_text,
    role_of,
    said_in,
)
from mlflow_analysis.features.declared_tools import MOST_TOOLS, tool_names
from mlflow_analysis.features.payload import parsed

LONGEST_INSTRUCTIONS = 4_000
_DEEPEST = 8
_REMEMBERED = 512
"""Sets of names that attributes have: a few make up most spans."""
_SYSTEM_ROLES = frozenset({"system", "developer"})
_TOOL_ATTRIBUTES = frozenset({
    "mlflow.chat.tools",
    "gen_ai.tool.definitions",
    "gen_ai.request.tools",
    "llm.tools",
    "ai.prompt.tools",
    "tools",
})  # fmt: skip
_SETTINGS = (
    "llm.invocation_parameters",
    "invocation_params",
    "model_request_parameters",
    "kwargs",
    "config",
)
"""Where a payload or the attributes keep a call's settings as one object."""
_OFFERING_ATTRIBUTES = _TOOL_ATTRIBUTES.union(_SETTINGS)
_TOOL_KEYS = (
    "tools", "functions", "function_tools", "output_tools", "tool_definitions", "available_tools",
    "tools_to_call_from",
)  # fmt: skip
_MAY_OFFER = frozenset(_TOOL_KEYS)
_SETTING_KEYS = (
    *_SETTINGS,
    "toolConfig",
    "tool_config",
    "generation_config",
    "request",
    "options",
    "extra",
    "body",
)
_MAY_SET = frozenset(_SETTING_KEYS)
_INSTRUCTION_KEYS = (
    "system",
    "system_instruction",
    "systemInstruction",
    "system_prompt",
    "instructions",
)
_REPLY_KEYS = (
    "choices", "candidates", "generations", "message", "messages", "output", "content", "parts",
    "response", "result", "kwargs", "additional_kwargs", "data", "blocks", "tool_calls", "toolCalls",
    "function_call", "functionCall", "toolUse",
)  # fmt: skip
_REPLY_PLACES = {key: place for place, key in enumerate(_REPLY_KEYS)}
_REPLY_ATTRIBUTES = ("gen_ai.output.messages", "ai.response.toolCalls")
_CALLS = frozenset({"tool_calls", "toolCalls", "function_call", "functionCall", "toolUse"})
_CALL_TYPES = frozenset({
    "function_call", "tool_use", "tool_call", "tool-call", "custom_tool_call", "mcp_call",
    "server_tool_use",
})  # fmt: skip
_SIGNS_OF_CALL = frozenset({
    "function", "type", "part_kind", "block_type", "toolName", "arguments",
})  # fmt: skip
"""An object without any of these is no call, unless it stands where calls do."""
_OPENING = ("[", "{")
_TOLD = re.compile(r"(?:system|developer): (.*?)(?=\n(?:user|human|assistant): |\Z)", re.DOTALL)
_NUMBERED_TOOL = re.compile(
    r"llm\.tools\.\d+\.(?:tool\.)?(?:json_schema|name)\Z|llm\.request\.functions\.\d+\.name\Z"
)
_NUMBERED_ROLE = re.compile(r"(?:llm\.input_messages\.\d+\.message|gen_ai\.prompt\.\d+)\.role\Z")
_NUMBERED_CALL = re.compile(
    r"(?:llm\.output_messages|gen_ai\.completion)\.\d+\..*tool_calls\.\d+\.(?:.*\.)?name\Z"
)


class ModelCall(NamedTuple):
    """What is known of one call of a language model."""

    instructions: str
    """System prompt, cut at ``LONGEST_INSTRUCTIONS``; "" if none."""
    offered: tuple[str, ...]
    """Names of the tools offered, sorted and distinct."""
    requested: tuple[str, ...]
    """Names of the tools that the reply asks to call, in its order."""


def model_call(inputs: Any, outputs: Any, attributes: Mapping[str, Any]) -> ModelCall:
    """Read one call's payloads. ``inputs`` and ``outputs`` have been through ``payload.parsed``."""
    messages = said_in(inputs)
    settings = _settings(inputs)
    telling = _telling(tuple(attributes))
    told = _instructions(inputs, outputs, attributes, messages, settings, telling)
    return ModelCall(
        sys.intern(told[:LONGEST_INSTRUCTIONS]),
        _offered(outputs, attributes, messages, settings, telling),
        _requested(outputs, attributes, telling),
    )


class _Telling(NamedTuple):
    """Names of attributes, by what they tell."""

    offering: tuple[str, ...]
    """The tools, or settings that may hold them."""
    tools: tuple[str, ...]
    """One tool each."""
    roles: tuple[str, ...]
    """Who says a message, each of another; what is said stands beside it."""
    replies: tuple[str, ...]
    """What the model said, where the outputs may not say it."""
    calls: tuple[str, ...]
    """The name of one requested tool each."""


@lru_cache(maxsize=_REMEMBERED)
def _telling(names: tuple[str, ...]) -> _Telling:
    """Told once for all calls whose attributes have the same names; no value is decoded for it."""
    return _Telling(
        tuple(filter(_OFFERING_ATTRIBUTES.__contains__, names)),
        tuple(filter(_NUMBERED_TOOL.match, names)),
        tuple(filter(_NUMBERED_ROLE.match, names)),
        tuple(filter(names.__contains__, _REPLY_ATTRIBUTES)),
        tuple(filter(_NUMBERED_CALL.match, names)),
    )


def _instructions(
    inputs: Any,
    outputs: Any,
    attributes: Mapping[str, Any],
    messages: list[Said],
    settings: list[Mapping[str, Any]],
    telling: _Telling,
) -> str:
    told = _system_texts(messages)
    if any(told):
        return "\n\n".join(filter(None, told))
    if not told and "gen_ai.input.messages" in attributes:
        told = _system_texts(said_in(parsed(attributes["gen_ai.input.messages"])))
    if not told:
        for source in (*settings, outputs, attributes):
            if isinstance(source, Mapping):
                told = [_text(source[key]) for key in _INSTRUCTION_KEYS if source.get(key)]
            if any(told):
                break
    if not any(told) and "gen_ai.system_instructions" in attributes:
        told = [_text(attributes["gen_ai.system_instructions"])]
    if not any(told):
        told = [
            _text(attributes.get(f"{role.removesuffix('role')}content"))
            for role in telling.roles
            if attributes[role] in _SYSTEM_ROLES
        ]
    if not any(told) and isinstance(inputs, str) and (match := _TOLD.match(inputs)):
        told = [match[1]]
    return "\n\n".join(filter(None, told))


def _system_texts(messages: list[Said]) -> list[str]:
    return [message_text(each) for role, each in messages if role in _SYSTEM_ROLES]


def _text(value: Any) -> str:
    return content_text(parsed(value))


def _offered(
    outputs: Any,
    attributes: Mapping[str, Any],
    messages: list[Said],
    settings: list[Mapping[str, Any]],
    telling: _Telling,
) -> tuple[str, ...]:
    names: set[str] = set()
    sources = list(settings)
    for key in telling.offering:
        if key in _TOOL_ATTRIBUTES:
            names.update(tool_names(attributes[key]))
        else:
            sources += _settings(parsed(attributes[key]))
    if isinstance(outputs, dict) and outputs.get("object") == "response":
        sources += _settings(outputs)  # the Responses API tells the tools again
    for source in sources:
        if _MAY_OFFER.isdisjoint(source):
            continue
        for key in _TOOL_KEYS:
            if source.get(key):
                names.update(tool_names(source[key]))
    for role, message in messages:  # some recorders append the definitions as messages
        if role == "tool" and isinstance(message.get("content"), dict):
            content = message["content"]
            if content.get("type") == "function" and "function" in content:
                names.update(tool_names([content]))
    for key in telling.tools:
        names.update(tool_names([attributes[key]]))
    return tuple(sorted(names))


def _settings(value: Any, depth: int = 0) -> list[Mapping[str, Any]]:
    """The objects of a payload, parsed, that may hold a call's settings, outermost first."""
    if not isinstance(value, dict):
        return []
    found: list[Mapping[str, Any]] = [value]
    if depth < 3 and not _MAY_SET.isdisjoint(value):
        for key in _SETTING_KEYS:
            if isinstance(value.get(key), (dict, str)):
                found += _settings(parsed(value[key]), depth + 1)
    return found


def _requested(outputs: Any, attributes: Mapping[str, Any], telling: _Telling) -> tuple[str, ...]:
    names: list[str] = []
    _collect_calls(outputs, names)
    for key in telling.replies:
        if not names:
            _collect_calls(parsed(attributes[key]), names)
    if not names:
        names = [name for key in telling.calls if isinstance(name := attributes[key], str)]
    return tuple(dict.fromkeys(names))


def _collect_calls(value: Any, names: list[str], depth: int = 0, in_calls: bool = False) -> None:
    """Add to ``names`` the tools that a reply, or a part of one, asks to call."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str) and value.lstrip()[:1] in _OPENING and _looks_like_calls(value):
        value = parsed(value)
    if isinstance(value, list):
        for item in value[:MOST_TOOLS]:
            _collect_calls(item, names, depth + 1, in_calls)
        return
    if not isinstance(value, dict):
        return
    if in_calls or not _SIGNS_OF_CALL.isdisjoint(value):
        name = _called(value, in_calls)
        if name:
            names.append(name)
            return
    places = [key for key in value if key in _REPLY_PLACES]
    if len(places) > 1:
        places.sort(key=_REPLY_PLACES.__getitem__)
    for key in places:
        inner = value[key]
        if not inner or (isinstance(inner, str) and inner.lstrip()[:1] not in _OPENING):
            continue  # words: most replies are nothing else
        before = len(names)
        if isinstance(inner, list):  # at once: a reply is lists for the most part
            for item in (_latest(inner) if key == "messages" else inner)[:MOST_TOOLS]:
                _collect_calls(item, names, depth + 2, key in _CALLS)
        else:
            _collect_calls(inner, names, depth + 1, key in _CALLS)
        if len(names) > before and key in ("message", "tool_calls"):
            return  # LangChain and LlamaIndex repeat them below ``additional_kwargs``


def _looks_like_calls(text: str) -> bool:
    return '"function"' in text[:2_000] or '"tool_calls"' in text[:2_000]


def _latest(messages: list[Any]) -> list[Any]:
    """What the model said last: messages after the last one by somebody else."""
    tail: list[Any] = []
    for message in reversed(messages):
        if role_of(message) != "assistant":
            break
        tail.insert(0, message)
    return tail


def _called(value: Mapping[str, Any], in_calls: bool) -> str:
    """The tool's name if ``value`` is a call, else ""."""
    function = value.get("function")
    if isinstance(function, dict) and "arguments" in function:
        return str(function.get("name") or "")
    kind = value.get("type") or value.get("part_kind") or value.get("block_type")
    is_call = (
        in_calls
        or (isinstance(kind, str) and kind in _CALL_TYPES)
        or "toolName" in value
        or ("arguments" in value and "name" in value and "id" in value)
    )
    if not is_call:
        return ""
    name = value.get("name") or value.get("tool_name") or value.get("toolName")
    return name if isinstance(name, str) else ""

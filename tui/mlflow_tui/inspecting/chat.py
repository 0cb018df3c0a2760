"""What a chat is, whoever recorded it: messages of parts. ``chat_shapes`` reads them, this draws them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from mlflow_tui.inspecting.as_json import as_json
from mlflow_tui.inspecting.lines import Fold, Item, Line, indented
from mlflow_tui.inspecting.values import INLINE, entry_items, text_items, value_items

LONG_RESULT = 12
"""Longer results are folded at first. Lines."""


@dataclass(frozen=True, slots=True)
class Words:
    """Something said; ``thinking`` if it was not meant to be read."""

    text: str
    thinking: bool = False


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model asked for."""

    name: str
    arguments: Any
    id: str = ""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a call gave; ``id`` is that of the call."""

    value: Any
    id: str = ""
    name: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Other:
    """A part of a kind that has no form of its own: an image, a file."""

    value: Any


Part = Words | ToolCall | ToolResult | Other


@dataclass(frozen=True, slots=True)
class Message:
    """One message."""

    role: str
    parts: tuple[Part, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Chat:
    """Messages in order, and what was recorded beside them."""

    messages: tuple[Message, ...]
    rest: Mapping[str, Any] = field(default_factory=dict)


def chat_items(chat: Chat) -> list[Item]:
    """The messages; a call of a tool with its result beneath it."""
    results = {
        part.id: part
        for message in chat.messages
        for part in message.parts
        if isinstance(part, ToolResult) and part.id
    }
    called = {
        part.id
        for message in chat.messages
        for part in message.parts
        if isinstance(part, ToolCall) and part.id
    }
    items: list[Item] = []
    for message in chat.messages:
        parts = [
            part
            for part in message.parts
            if not (isinstance(part, ToolResult) and part.id in called)
        ]
        if message.parts and not parts:
            continue  # its results stand beneath the calls
        if items:
            items.append(Line("text", ""))
        name = f" · {message.name}" if message.name else ""
        items.append(Line("heading", f"{message.role}{name}"))
        for part in parts:
            items += _part_items(part, results)
    if chat.rest:
        items += [Line("text", ""), Line("heading", "also"), *entry_items(chat.rest)]
    return items


def _part_items(part: Part, results: Mapping[str, ToolResult]) -> Iterator[Item]:
    if isinstance(part, Words):
        if part.thinking:
            yield Fold(
                Line("muted", "thinking"),
                partial(text_items, part.text, 1),
                lambda: part.text,
            )
        else:
            yield from text_items(part.text)
    elif isinstance(part, ToolCall):
        yield from _call_items(part)
        if part.id in results:
            yield from _result_items(results[part.id])
    elif isinstance(part, ToolResult):
        yield from _result_items(part)
    else:
        yield from value_items(part.value)


def _call_items(call: ToolCall) -> Iterator[Item]:
    written = (
        call.arguments if isinstance(call.arguments, str) else as_json(call.arguments, indent=False)
    )
    if len(written) <= INLINE and "\n" not in written:
        yield Line("json", f"calls {call.name} {written}".rstrip())
        return
    yield Line("muted", f"calls {call.name}")
    yield from value_items(call.arguments, 1)


def _result_items(result: ToolResult) -> Iterator[Item]:
    what = ("failed" if result.failed else "result") + (f" of {result.name}" if result.name else "")
    items: Sequence[Item] = value_items(_plain_text(result.value), 2)
    if len(items) == 1 and isinstance(items[0], Line) and len(items[0].text) <= INLINE:
        kind = "bad" if result.failed else items[0].kind
        yield Line(kind, f"{indented(1)}↳ {what} {items[0].text.strip()}")
        return
    yield Fold(
        Line("bad" if result.failed else "muted", f"↳ {what}"),
        lambda: items,
        lambda: as_json(result.value, indent=False),
        1,
        eager=len(items) <= LONG_RESULT,
    )


def _plain_text(value: Any) -> Any:
    """The text, where a result is a list with nothing but texts in it."""
    if isinstance(value, list) and value:
        found = [part.get("text") if isinstance(part, Mapping) else part for part in value]
        said = [text for text in found if isinstance(text, str)]
        if len(said) == len(found):
            return "\n".join(said)
    return value

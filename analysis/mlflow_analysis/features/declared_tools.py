"""Names of the tools in a declaration, in the shapes that providers and frameworks give it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import orjson

from mlflow_analysis.features.payload import parsed

MOST_TOOLS = 500
"""Of a longer list the rest is left out."""
_REMEMBERED = 64
"""Sets of tool definitions whose names are kept: an application sends the same few with every call."""
_DECLARATIONS = ("function_declarations", "functionDeclarations")
_NAME = re.compile(r"[\w.:/ -]{1,128}\Z")


def tool_names(value: Any) -> tuple[str, ...]:
    """Names of the tools that ``value`` declares, read once for equal declarations."""
    value = parsed(value)
    if not isinstance(value, (dict, list, tuple)):
        return ()
    try:
        encoded = orjson.dumps(value)
    except (TypeError, ValueError):  # integers beyond 64 bits, or keys that are no text
        return tuple(_declared(value))
    return _names_in(encoded)


@lru_cache(maxsize=_REMEMBERED)
def _names_in(encoded: bytes) -> tuple[str, ...]:
    return tuple(_declared(orjson.loads(encoded)))


def _declared(value: Any) -> Iterator[str]:
    if isinstance(value, dict):  # one tool, or names to definitions
        listed = any(key in value for key in ("name", "function", "toolSpec", *_DECLARATIONS))
        entries: Iterable[Any] = [value] if listed else list(value)
    else:
        entries = value
    for entry in list(entries)[:MOST_TOOLS]:
        yield from _names_of(parsed(entry))


def _names_of(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        if _NAME.match(entry):
            yield entry
        return
    if not isinstance(entry, dict):
        return
    declared = [entry[key] for key in _DECLARATIONS if isinstance(entry.get(key), list)]
    if declared:
        for each in declared:
            yield from _declared(each)
        return
    for inner in ("function", "toolSpec", "tool", "json_schema", "tool.json_schema"):
        nested = parsed(entry.get(inner))
        if isinstance(nested, dict):
            yield from _names_of(nested)
            return
    name = entry.get("name") or entry.get("tool_name")
    if not isinstance(name, str) or not name:
        # built into the provider: OpenAI gives a type only, Gemini a key only
        kind = entry.get("type")
        name = kind if isinstance(kind, str) else next(iter(entry), "")
        if name in ("function", "object", "mcp"):
            return
    if _NAME.match(name):
        yield name

"""Values that a store keeps as JSON texts → JSON values, made printable."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from mlflow_analysis.untrusted import printable, printable_value

# How JSON text can write a character that a terminal could obey, other than as it is. Where neither
# is found, the values need no second look; most texts are like that, and the look is slow.
_ESCAPED = re.compile(
    r"\\(?:[bfr]|u(?:00[0189]|007[fF]|061[cC]|20[026]|[fF][eEfF][fF]|[dD][89a-fA-F]))"
)
_ASCII = bytes(range(128))


def json_value(stored: Any) -> Any:
    """The value that was stored as JSON text, made printable; text that is no JSON stays text.

    Never raises. A text whose value is nested deeper than Python goes stays text too.
    """
    if not isinstance(stored, str):
        try:
            return printable_value(stored)
        except RecursionError:
            return "(nested too deeply to be read)"
    try:
        value = orjson.loads(stored)
    except orjson.JSONDecodeError:
        try:
            # Takes what orjson refuses: lone surrogates, and NaN, which comes as the word.
            value = json.loads(stored, parse_constant=str)
        except (ValueError, RecursionError):
            return printable(stored)
        harmless = False
    else:
        # told here for most texts, which are plain: what this calls, it calls for millions of them
        plain = "\\" not in stored and "\x7f" not in stored and stored.isascii()
        harmless = plain or holds_nothing_unsafe(stored)
    if harmless:
        return value
    try:
        return printable_value(value)
    except RecursionError:
        return printable(stored)


def holds_nothing_unsafe(text: str) -> bool:
    """Whether the strings in well-formed JSON ``text`` are printable as they are.

    JSON does not let control characters stand in strings, except for DEL.
    """
    if "\x7f" in text or ("\\" in text and _ESCAPED.search(text)):
        return False
    if text.isascii():
        return True
    # most of it is ASCII even so, and taking that out is faster than looking at each character
    rest = text.encode("utf-8", "surrogatepass").translate(None, _ASCII)
    others = rest.decode("utf-8", "surrogatepass")
    return others.isprintable() or printable(others) is others


def assessed_value(value: Any) -> Any:
    """The value of an assessment, printable, keys in order: a server's protobuf keeps them in none."""
    if isinstance(value, dict):
        printed = {printable(str(key)): assessed_value(item) for key, item in value.items()}
        return dict(sorted(printed.items()))
    if isinstance(value, (list, tuple)):
        return [assessed_value(item) for item in value]
    return printable_value(value)

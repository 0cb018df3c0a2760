"""Whether one tool call could have been made without knowing what another one returned."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_NAME_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_CHANGING_WORDS = (
    "create update delete remove insert write save send post put patch book pay charge refund cancel submit "
    "commit move add set edit apply execute run login authenticate click type navigate open close install "
    "issue reserve order schedule upload transfer"
)
_READING_WORDS = (
    "get fetch lookup look search list find check status read query quote history details show view retrieve "
    "info policy balance count estimate sql"
)
_CHANGING, _READING = frozenset(_CHANGING_WORDS.split()), frozenset(_READING_WORDS.split())
_VALUE = re.compile(r"\w[\w.@:/+-]{2,}")
_PIECE = re.compile(r"[^\W_]{2,}")
_KEY = re.compile(r'"[^"]*"\s*:')
_NO_VALUES = frozenset({"true", "false", "null", "None", "True", "False"})


def changes_something(tool: str) -> bool:
    """Whether the tool's name says that it changes something: then the order may matter."""
    words = {word.lower() for word in _NAME_WORD.findall(tool)}
    return bool(words & _CHANGING) and not words & _READING


def uses_output(arguments: str, output: str, known: str) -> bool:
    """Whether a value of ``output`` that is not in ``known`` appears in ``arguments``, or the reverse.

    Values are the leaves of JSON, or the words of plain text, of 3 characters or more.
    """
    new = [value for value in argument_values(arguments) if value not in known]
    if not new:
        return False
    # What shares no piece with the output can't come from it; only then is the output taken apart.
    if not any(value in output or any(p in output for p in _PIECE.findall(value)) for value in new):
        return False
    new = [value for value in new if value not in values(known)]
    returned = {value for value in values(output) if value not in known}
    return any(
        value in argument or (len(argument) > 3 and argument in value)
        for argument in new
        for value in returned
    )


@lru_cache(maxsize=1024)
def argument_values(arguments: str) -> frozenset[str]:
    """``values``, without parsing where the text of an object holds no escapes: most arguments are short."""
    if arguments.startswith("{") and "\\" not in arguments:
        return frozenset(_VALUE.findall(_KEY.sub(" ", arguments))) - _NO_VALUES
    return frozenset(values(arguments))


def values(text: str) -> set[str]:
    """What could be handed from one call to the next."""
    try:
        leaves = list(_leaves(json.loads(text)))
    except ValueError:
        leaves = [text]
    return {word for leaf in leaves for word in _VALUE.findall(leaf)} - _NO_VALUES


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None:
        yield str(value)

"""Inputs and outputs of spans as text and as comparable bytes."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

import orjson

from mlflow_analysis.untrusted import printable_value

_UNHASHED = blake2b(digest_size=8)


def canonical(value: Any) -> bytes:
    """JSON with sorted keys: equal values give equal bytes."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str)
    except (TypeError, ValueError):  # keys that are no texts: they take twice as long
        pass
    try:
        return orjson.dumps(
            value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str
        )
    except (TypeError, ValueError):  # integers beyond 64 bits, keys that don't compare
        return json.dumps(value, sort_keys=True, default=str).encode("utf-8", "replace")


def key_of(encoded: bytes) -> str:
    """A short hash of a value that ``canonical`` encoded."""
    hashed = _UNHASHED.copy()  # a new one takes as long as the hashing of most values
    hashed.update(encoded)
    return hashed.hexdigest()


def as_text(value: Any) -> str:
    """A value as a person would read it: text stays, everything else becomes JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return canonical(value).decode("utf-8", "replace")


def parsed(value: Any, longest: int = 200_000) -> Any:
    """``value``, or what its text says if it is a JSON object or list.

    Escapes such as ``\\u001b`` come to life here, so what was decoded is made printable again.
    """
    if isinstance(value, str) and len(value) <= longest and value.lstrip()[:1] in ("{", "["):
        try:
            told = orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
        # without an escape, what was decoded is as printable as the text: most texts are like that
        return told if "\\" not in value and value.isprintable() else printable_value(told)
    return value

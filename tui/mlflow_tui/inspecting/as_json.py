"""Values as JSON text, and JSON texts as values that are safe to draw."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from mlflow_analysis.untrusted import printable_value

OPTIONS = orjson.OPT_NON_STR_KEYS
_REVIVED = re.compile(r"\\[ubfr]")
TOO_DEEP = "(nested too deeply to be written)"


def as_json(value: Any, *, indent: bool = True) -> str:
    """``value`` as JSON text; what JSON has no form for is written as text."""
    try:
        option = OPTIONS | (orjson.OPT_INDENT_2 if indent else 0)
        return orjson.dumps(value, default=str, option=option).decode()
    except (TypeError, ValueError):  # integers beyond 64 bits, odd keys, more than 254 levels
        try:
            return json.dumps(value, indent=2 if indent else None, ensure_ascii=False, default=str)
        except (RecursionError, TypeError):
            return TOO_DEEP


def json_in(text: str) -> Any:
    """The object or list that ``text`` is the JSON of, else ``None``.

    Escapes such as ``\\u001b`` come to life here, so what was decoded is made printable again.
    """
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None  # text that only looks like JSON
    return printable_value(value) if _REVIVED.search(text) else value


def size_of(count: int) -> str:
    """A number of bytes: ``812 bytes``, ``12.3 kB``, ``5.1 MB``."""
    if count < 1_000:
        return f"{count} bytes"
    return f"{count / 1e3:.1f} kB" if count < 999_950 else f"{count / 1e6:.1f} MB"

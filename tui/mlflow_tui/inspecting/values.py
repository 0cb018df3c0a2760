"""Any value as lines: JSON that folds, text with its Markdown, long lists and blobs abbreviated."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeGuard

from mlflow_tui.inspecting.as_json import as_json, json_in, size_of
from mlflow_tui.inspecting.lines import Fold, Item, Line, indented
from mlflow_tui.inspecting.prose import prose_lines
from mlflow_tui.inspecting.stack_traces import is_stack_trace, stack_items

SHOWN_AT_ONCE = 20
CHUNK = 1_000
"""Of a long list or object the first are shown, the rest in folds of so many."""
INLINE = 72
"""Small values stand on one line if they are not longer."""
LONG_TEXT = 300
FEWEST_NUMBERS = 12
"""A list of so many numbers is a vector: an embedding, most likely."""
FEWEST_ENCODED = 200
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{200,}={0,2}")
_DATA_ADDRESS = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w=.+-]+)*;base64,")
_UNREADABLE = re.compile("[\u2400-\u2421\ufffd]")


def value_items(value: Any, indent: int = 0) -> list[Item]:
    """A value without a name."""
    if isinstance(value, str):
        return text_items(value, indent)
    if isinstance(value, Mapping | list) and value:
        if _is_vector(value):
            return [_entry("", value, indent)]
        return _entries(value, indent)
    return [Line("json", indented(indent) + as_json(value, indent=False))]


def text_items(text: str, indent: int = 0) -> list[Item]:
    """A text as what it is: JSON, a stack trace, encoded bytes, or prose."""
    blob = _blob(text)
    if blob:
        return [_blob_fold("", blob, text, indent)]
    value = json_in(text)
    if value:
        return value_items(value, indent)
    if is_stack_trace(text):
        return stack_items(text, indent)
    return [
        line._replace(text=indented(indent) + line.text) if indent else line
        for line in prose_lines(text)
    ]


def entry_items(named: Mapping[str, Any], indent: int = 0) -> list[Item]:
    """Each name with its value."""
    return _entries(named, indent)


# ---- lists and objects ----------------------------------------------------------------------


def _entries(value: Mapping[Any, Any] | Sequence[Any], indent: int) -> list[Item]:
    count = len(value)
    if count <= SHOWN_AT_ONCE + 1:
        return _part(value, 0, count, indent)
    return [*_part(value, 0, SHOWN_AT_ONCE, indent), _rest(value, indent)]


def _part(
    value: Mapping[Any, Any] | Sequence[Any], start: int, stop: int, indent: int
) -> list[Item]:
    if isinstance(value, Mapping):
        return [
            _entry(f"{as_json(str(key), indent=False)}: ", item, indent)
            for key, item in list(value.items())[start:stop]
        ]
    return [
        _entry(f"[{place}] " if isinstance(item, Mapping | list) else "", item, indent)
        for place, item in enumerate(value[start:stop], start=start)
    ]


def _rest(value: Mapping[Any, Any] | Sequence[Any], indent: int) -> Fold:
    count = len(value)

    def make() -> list[Item]:
        if count - SHOWN_AT_ONCE <= CHUNK:
            return _part(value, SHOWN_AT_ONCE, count, indent)
        return [
            Fold(
                Line("muted", f"{start:,} to {min(start + CHUNK, count) - 1:,}"),
                partial(_part, value, start, min(start + CHUNK, count), indent + 1),
                partial(_words, value, start, min(start + CHUNK, count)),
                indent,
                eager=False,
            )
            for start in range(SHOWN_AT_ONCE, count, CHUNK)
        ]

    return Fold(
        Line("muted", f"… {count - SHOWN_AT_ONCE:,} more"),
        make,
        partial(_words, value, SHOWN_AT_ONCE, count),
        indent,
        eager=False,
    )


def _words(value: Mapping[Any, Any] | Sequence[Any], start: int, stop: int) -> str:
    part = (
        dict(list(value.items())[start:stop]) if isinstance(value, Mapping) else value[start:stop]
    )
    return as_json(part, indent=False)


def _entry(label: str, value: Any, indent: int) -> Item:
    """One value with its name, on one line if it is small."""
    if isinstance(value, str):
        return _text_entry(label, value, indent)
    if not isinstance(value, Mapping | list) or not value:
        return _plain(label, as_json(value, indent=False), indent)
    if _is_vector(value):
        return _vector(label, value, indent)
    if _is_small(value):
        written = as_json(value, indent=False)
        if len(written) <= INLINE:
            return _plain(label, written, indent)
    count = len(value)
    noun = ("key" if count == 1 else "keys") if isinstance(value, Mapping) else "items"
    if noun == "items" and count == 1:
        noun = "item"
    brackets = "{}" if isinstance(value, Mapping) else "[]"
    return Fold(
        Line("json", f"{label}{brackets[0]} {count:,} {noun} {brackets[1]}"),
        partial(_entries, value, indent + 1),
        partial(as_json, value, indent=False),
        indent,
    )


def _plain(label: str, written: str, indent: int) -> Line:
    return Line("json", f"{indented(indent)}  {label}{written}")


def _is_small(value: Mapping[Any, Any] | Sequence[Any]) -> bool:
    if len(value) > 6:
        return False
    parts = value.values() if isinstance(value, Mapping) else value
    return all(
        part is None
        or isinstance(part, bool | int | float)
        or (isinstance(part, str) and len(part) < INLINE)
        for part in parts
    )


# ---- texts within JSON ----------------------------------------------------------------------


def _text_entry(label: str, text: str, indent: int) -> Item:
    blob = _blob(text)
    if blob:
        return _blob_fold(label, blob, text, indent)
    inner = json_in(text) if len(text) > 2 else None
    if "\n" not in text and len(text) <= LONG_TEXT and not inner:
        return _plain(label, as_json(text, indent=False), indent)
    lines = text.count("\n") + 1
    what = "JSON in a text" if inner else f"{lines:,} lines" if lines > 1 else "text"
    return Fold(
        Line("muted", f"{label}{what}, {size_of(len(text.encode('utf-8', 'replace')))}"),
        partial(text_items, text, indent + 2),
        lambda: text,
        indent,
    )


def _blob(text: str) -> str:
    """What kind of encoded or unreadable bytes a text is; "" for text that can be read."""
    if len(text) < FEWEST_ENCODED:
        return ""
    address = _DATA_ADDRESS.match(text[:200])
    if address:
        return f"{address[1] or 'data'} in base64"
    head = text[:FEWEST_ENCODED]
    if _ENCODED.fullmatch(head) and _ENCODED.fullmatch(text.strip()) and _is_mixed(head):
        return "base64"
    if len(_UNREADABLE.findall(head)) > len(head) // 5:
        return "binary"
    return ""


def _is_mixed(text: str) -> bool:
    """Encoded bytes are of upper and lower case and have digits; one letter over and over is text."""
    return (
        any(each.isdigit() for each in text)
        and not text.islower()
        and not text.isupper()
        and len(set(text)) > 16
    )


def _blob_fold(label: str, what: str, text: str, indent: int) -> Fold:
    return Fold(
        Line("muted", f"{label}{what}, {size_of(len(text))}"),
        lambda: [Line("muted", indented(indent + 2) + text)],
        lambda: text,
        indent,
        eager=False,
    )


# ---- vectors --------------------------------------------------------------------------------


def _is_vector(value: Any) -> TypeGuard[list[float]]:
    return (
        isinstance(value, list)
        and len(value) >= FEWEST_NUMBERS
        and all(isinstance(each, int | float) and not isinstance(each, bool) for each in value)
    )


def _vector(label: str, numbers: Sequence[float], indent: int) -> Fold:
    first = ", ".join(f"{each:.4g}" for each in numbers[:3])
    return Fold(
        Line("json", f"{label}[{first}, … {len(numbers) - 3:,} more] {len(numbers):,} numbers"),
        partial(_vector_lines, numbers, indent + 2),
        partial(as_json, numbers, indent=False),
        indent,
        eager=False,
    )


def _vector_lines(numbers: Sequence[float], indent: int) -> list[Item]:
    return [
        Line("json", indented(indent) + as_json(numbers[start : start + 8], indent=False)[1:-1])
        for start in range(0, len(numbers), 8)
    ]

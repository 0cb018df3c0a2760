"""Make text from traces safe to draw: shown, never obeyed.

Trace text may hold terminal control sequences, bidirectional overrides, lone surrogates and
NUL. ``printable`` replaces each by a visible stand-in of one column, so that offsets into the
text stay the same and a reader sees that something was there.
"""

from __future__ import annotations

import re
from typing import Any

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_UNSAFE_ASCII = bytes([*range(0x09), *range(0x0B, 0x20), 0x7F])
_REPLACEMENT = "\ufffd"
_LONG = 100
"""Characters from which on ASCII text is told sooner as bytes."""


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return _REPLACEMENT


def printable(text: str) -> str:
    """``text`` with every character that a terminal could obey replaced by a visible one.

    Tab and newline stay; a carriage return before a newline is dropped.
    """
    # Python calls none of the unsafe characters printable, nor a newline; without either, most text
    # is ASCII with nothing in it. Both are told several times as fast as by the search.
    if (len(text) < _LONG or not text.isascii()) and text.isprintable():
        return text
    if text.isascii() and len(text.encode().translate(None, _UNSAFE_ASCII)) == len(text):
        return text
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    if _UNSAFE.search(text) is None:
        return text
    return _UNSAFE.sub(_visible, text)


def single_line(text: str) -> str:
    """``printable`` text on one line: runs of white space become one space."""
    return " ".join(printable(text).split())


def printable_value(value: Any) -> Any:
    """A JSON value with every string in it, keys included, made printable."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(str(key)): printable_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable_value(item) for item in value]
    return value

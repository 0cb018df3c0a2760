"""Names of places, people and products in requests, without a dictionary."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LONGEST = 1_000
_NAME = re.compile(r"\b([a-z]+) ((?:[A-Z][\w'-]{2,})(?: [A-Z][\w'-]{2,})*)")
"""Capitals within a sentence, and the word before them."""
_LOWER = re.compile(r"\b[a-z][\w'-]{2,}")
_CALENDAR = re.compile(
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?)\b"
)


class Names:
    """The names in some requests, and which of them are of one kind.

    A name is written with a capital after a word in small letters, and its first word nowhere in small
    letters. Two are of one kind if they follow the same word somewhere: "to Lisbon", "to Porto".
    """

    def __init__(self, requests: Iterable[str]) -> None:
        self._common: set[str] = set()
        self._after: dict[str, set[str]] = {}
        for text in dict.fromkeys(requests):
            cut = text[:_LONGEST]
            self._common.update(_LOWER.findall(cut))
            for before, name in _NAME.findall(cut):
                if not _CALENDAR.match(name):
                    self._after.setdefault(name, set()).add(before)

    def within(self, text: str) -> list[str]:
        """The names in a request, in their order."""
        return [
            name
            for _, name in _NAME.findall(text[:_LONGEST])
            if name in self._after and name.split()[0].lower() not in self._common
        ]

    def alike(self, one: str, other: str) -> bool:
        """Whether both are of one kind."""
        return not self._after.get(one, set()).isdisjoint(self._after.get(other, set()))


def named(name: str, text: str) -> bool:
    """Whether the text holds the name as a word."""
    return name in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None

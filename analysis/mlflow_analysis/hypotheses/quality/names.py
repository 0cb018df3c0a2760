"""Names of places, people and products in requests, without a dictionary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

from mlflow_analysis.hypotheses.quality.screening import Texts

_LONGEST = 1_000
_NAME = re.compile(r"\b([a-z]+) ((?:[A-Z][\w'-]{2,})(?: [A-Z][\w'-]{2,})*)")
"""Capitals within a sentence, and the word before them."""
_MAY_NAME = r"\b[a-z]+ [A-Z][A-Za-z\d_'-]{2}"
"""What every text with a name holds, for ``screening``."""
_SMALL = re.compile(r"\b[a-z][\w'-]{2,}")
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
        texts = Texts(requests)
        found = {text: _named_in(text) for text in texts.holding(_MAY_NAME)}
        self._after: dict[str, set[str]] = {}
        for before, name in set(chain.from_iterable(found.values())):
            if not _CALENDAR.match(name):
                self._after.setdefault(name, set()).add(before)
        common = _small_words(texts.distinct)
        proper = {name for name in self._after if name.split()[0].lower() not in common}
        named = (
            (text, [name for _, name in pairs if name in proper]) for text, pairs in found.items()
        )
        self.within: Mapping[str, list[str]] = {text: names for text, names in named if names}
        """By request the names in it, in their order; no request is here without any."""

    def alike(self, one: str, other: str) -> bool:
        """Whether both are of one kind."""
        return not self._after.get(one, set()).isdisjoint(self._after.get(other, set()))


def named(name: str, text: str) -> bool:
    """Whether the text holds the name as a word."""
    return name in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _named_in(text: str) -> list[tuple[str, str]]:
    """What is written like a name, and the word before it."""
    return _NAME.findall(text[:_LONGEST])


def _small_words(texts: Iterable[str]) -> set[str]:
    """The words in small letters. Most of what stands between spaces stands there many times."""
    cut = pa.array([text[:_LONGEST] for text in texts], type=pa.large_string())
    between_spaces = pc.ascii_split_whitespace(cut).flatten().unique()
    small = between_spaces.filter(pc.match_substring_regex(between_spaces, r"\b[a-z]"))
    return set(_SMALL.findall(" ".join(small.to_pylist())))

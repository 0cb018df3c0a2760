"""Which texts are worth a search: a first pass over many texts by an engine without backtracking.

Python's patterns cost a microsecond for every few dozen characters; RE2 reads a megabyte in milliseconds.
Most texts hold nothing of what is looked for, so that only few are left for the pattern itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import compress

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mlflow_analysis.features.tables import Features

_FOREIGN = re.compile(r"[^\x00-\x7f]")
_FOLDS = {"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"}
"""Letters that Python takes for an ASCII letter where case is ignored."""
_AT_ONCE = 1_000


class Texts:
    """Distinct texts, made ready once for several patterns."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.distinct = list(dict.fromkeys(texts))

    @cached_property
    def plain(self) -> pa.LargeStringArray:
        """The texts with an ASCII character of its kind for every other."""
        plain = [text if text.isascii() else _FOREIGN.sub(_alike, text) for text in self.distinct]
        return pa.array(plain, type=pa.large_string())

    def may_hold(self, pattern: str) -> npt.NDArray[np.bool_]:
        """For each text whether ``pattern`` may be found in it: ``False`` is sure, ``True`` is not.

        ``pattern`` has flags only at its start, ASCII characters only, no look-around, no back-reference,
        no ``$``. RE2 knows only ASCII letters and digits, so that other characters are shown to it as one of
        their kind.
        """
        if not self.distinct:
            return np.zeros(0, dtype=bool)
        holds = pc.match_substring_regex(self.plain, pattern)
        return np.asarray(holds.to_numpy(zero_copy_only=False), dtype=bool)

    def holding(self, pattern: str, within: int | None = None) -> set[str]:
        """The texts in which ``pattern`` may be found.

        Where only the first ``within`` characters are going to be searched, longer texts are among them
        anyhow: a word may end where a text is cut.
        """
        held = set(compress(self.distinct, self.may_hold(pattern).tolist()))
        if within is not None:
            held.update(text for text in self.distinct if len(text) > within)
        return held

    def finds(self, pattern: re.Pattern[str]) -> npt.NDArray[np.bool_]:
        """For each text whether ``pattern``, one for ``may_hold`` without ``\\s``, is found in it.

        Where a text is plain ASCII both engines say the same.
        """
        found = self.may_hold(pattern.pattern)
        for place in np.flatnonzero(found).tolist():
            text = self.distinct[place]
            found[place] = text.isascii() or pattern.search(text) is not None
        return found

    def finding(self, pattern: re.Pattern[str]) -> set[str]:
        """The texts in which it is found."""
        return set(compress(self.distinct, self.finds(pattern).tolist()))

    def found_in_each(self, pattern: re.Pattern[str]) -> dict[str, list[str]]:
        """By text what ``pattern.findall`` gives: for a pattern without groups that finds words with a digit.

        What is found has no space in it, so that the other words, most of a text, need not be searched.
        """
        return {
            text: pattern.findall(words if text.isascii() else text)
            for text, words in zip(self.distinct, self._with_digits, strict=True)
        }

    @cached_property
    def _with_digits(self) -> list[str]:
        """Of each text the words that hold a digit, in one line."""
        parts = range(0, len(self.distinct), _AT_ONCE)  # a mask takes room: not of all at once
        return [line for at in parts for line in _words_with_digits(self.plain[at : at + _AT_ONCE])]


def requests(features: Features) -> Texts:
    """The requests of the traces that ended."""
    return features.shared(_requests)


def answers(features: Features) -> Texts:
    """The answers of the traces that ended."""
    return features.shared(_answers)


def _requests(features: Features) -> Texts:
    return Texts(features.complete["request"])


def _answers(features: Features) -> Texts:
    return Texts(features.complete["response"])


def any_of(words: Sequence[str]) -> str:
    """A pattern for one of the words, wherever it stands."""
    return "|".join(re.escape(word) for word in words)


def _words_with_digits(texts: pa.LargeStringArray) -> list[str]:
    """The words of each ASCII text that hold a digit, each with a space before it."""
    offsets = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset :][: len(texts) + 1]
    signs = np.frombuffer(texts.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
    offsets = offsets - offsets[0]
    signs = np.maximum(signs, ord(" "))  # whatever parts words or lines
    begins = signs == ord(" ")
    begins[offsets[:-1][np.diff(offsets) > 0]] = True
    first = np.flatnonzero(begins)
    lengths = np.diff(first, append=len(signs))
    is_digit = (signs >= ord("0")) & (signs <= ord("9"))
    kept = np.logical_or.reduceat(is_digit, first)
    ends = np.append(0, np.cumsum(lengths * kept))[np.searchsorted(first, offsets)]
    buffers = pa.py_buffer(ends), pa.py_buffer(signs[np.repeat(kept, lengths)])
    held: list[str] = pa.LargeStringArray.from_buffers(len(texts), *buffers).to_pylist()
    return held


def _alike(found: re.Match[str]) -> str:
    sign = found.group()
    if sign in _FOLDS:
        return _FOLDS[sign]
    if sign.isdecimal():
        return "0"
    if sign.isspace():
        return " "
    return "q" if sign.isalnum() else "~"

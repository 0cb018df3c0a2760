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


class Texts:
    """Distinct texts, made ready once for several patterns."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.distinct = list(dict.fromkeys(texts))

    @cached_property
    def _plain(self) -> pa.Array:
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
        holds = pc.match_substring_regex(self._plain, pattern)
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


def _alike(found: re.Match[str]) -> str:
    sign = found.group()
    if sign in _FOLDS:
        return _FOLDS[sign]
    if sign.isdecimal():
        return "0"
    if sign.isspace():
        return " "
    return "q" if sign.isalnum() else "~"

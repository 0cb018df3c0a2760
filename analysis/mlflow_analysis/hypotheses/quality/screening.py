"""Which texts are worth a search: a first pass over many texts by an engine without backtracking.

Python's patterns cost a microsecond for every few dozen characters; RE2 reads a megabyte in milliseconds.
Most texts hold nothing of what is looked for, so that only few are left for the pattern itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_FOREIGN = re.compile(r"[^\x00-\x7f]")
_FOLDS = {"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"}
"""Letters that Python takes for an ASCII letter where case is ignored."""


def may_hold(texts: Sequence[str], pattern: str) -> npt.NDArray[np.bool_]:
    """For each text whether ``pattern`` may be found in it: ``False`` is sure, ``True`` is not.

    ``pattern`` has flags only at its start, ASCII characters only, no look-around, no back-reference, no ``$``.
    RE2 knows only ASCII letters and digits, so that other characters are shown to it as one of their kind.
    """
    if not len(texts):
        return np.zeros(0, dtype=bool)
    plain = [text if text.isascii() else _FOREIGN.sub(_as_ascii, text) for text in texts]
    holds = pc.match_substring_regex(pa.array(plain, type=pa.large_string()), pattern)
    return np.asarray(holds.to_numpy(zero_copy_only=False), dtype=bool)


def worth_a_look(texts: Sequence[str], pattern: str) -> set[str]:
    """Of distinct ``texts`` those in which ``pattern`` may be found (``may_hold``)."""
    return {text for text, holds in zip(texts, may_hold(texts, pattern), strict=True) if holds}


def any_of(words: Sequence[str]) -> str:
    """A pattern for one of the words, wherever it stands."""
    return "|".join(re.escape(word) for word in words)


def _as_ascii(found: re.Match[str]) -> str:
    sign = found.group()
    if sign in _FOLDS:
        return _FOLDS[sign]
    if sign.isdecimal():
        return "0"
    if sign.isspace():
        return " "
    return "q" if sign.isalnum() else "~"

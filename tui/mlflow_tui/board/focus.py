"""What the reviewer worries about: the words of it, and which texts speak of them."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NOT_WORDS = frozenset(
    re.findall(
        r"\w+",
        "and are but can does for from has have how its not our out that the their them then there "
        "they this too was were what when which why will with you your any all who into about",
    )
)


def focus_words(text: str) -> tuple[str, ...]:
    """The words of a focus to look for: lower case, without endings, no filler words.

    >>> focus_words("Are the payments timing out?")
    ('payment', 'tim')
    """
    words = re.findall(r"[^\W_]{3,}", text.casefold())
    telling = (word for word in words if word not in _NOT_WORDS)
    stems = (re.sub(r"(ings?|ed|es|s)$", "", word) for word in telling)
    return tuple(dict.fromkeys(stem for stem in stems if len(stem) >= 3))


def matches(words: tuple[str, ...], texts: Iterable[str]) -> bool:
    """Whether any of ``words`` begins a word of ``texts``."""
    if not words:
        return False
    pattern = re.compile(r"(?<![^\W_])(?:" + "|".join(map(re.escape, words)) + ")")
    return any(pattern.search(text.casefold()) for text in texts)

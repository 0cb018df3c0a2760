"""How requests and answers are worded: what several quality claims look for.

The cues are English and anchored, so that they miss rather than invent; a cue alone never says
that something is bad (no wording has a universal direction).
"""

from __future__ import annotations

import re

_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_TABLE_OR_LIST = re.compile(r"^[ \t]*(?:\||[-*+•][ \t]|\d+[.)][ \t]|#{1,6} ).*$", re.MULTILINE)
MAY_NOT_BE_PROSE = r"(?m)```|^[ \t]*(?:\||[-*+~][ \t]|\d+[.)][ \t]|#)"
"""What holds none of this is prose as it is. (``screening`` knows a bullet sign as ``~``.)"""
_SENTENCE_ENDS = (".", "!", "?")

ASKS_FOR_LENGTH = (
    r"(?i)\b(?:list|explain|describe|detail\w*|elaborate|write|draft|compose|essay|story|poem"
    r"|summar\w+|overview|compare|comparison|difference|steps?|guide|tutorial|walk me|how (?:do|does"
    r"|can|could|should|would|to)|why|tell me (?:all|everything|more)|everything|all (?:the|about)"
    r"|pros and cons|analy[sz]e|analysis|make (?:me )?an?|implement|examples?|translate|brainstorm"
    r"|ideas?|suggest\w*|recommend\w*|history of|in depth|comprehensive|(?:as|in) an? table"
    r"|generate|create|outline|discuss|teach)\b"
)
"""A request for something that takes many words."""

_DECLINES = re.compile(
    r"(?i)\b(?:i(?:'m| am) (?:very |so |really )?(?:sorry|afraid)[^.!?\n]{0,40}?\b(?:i )?"
    r"(?:can(?:'|no)t|cannot|can not|unable|won't|not able|not allowed)"
    r"|i (?:can(?:'|no)?t|cannot|can not|won't|will not|am unable to|am not able to|'m unable to"
    r"|am not allowed to) (?:help|assist|do that|do this|provide|answer|discuss|comply|fulfil\w*"
    r"|support|share|give|offer|process|handle|complete)"
    r"|i(?:'m| am) (?:unable|not able|not allowed|not permitted) to"
    r"|(?:that|this|it)(?:'s| is) (?:outside|beyond|out of) (?:of )?(?:my|the) "
    r"(?:scope|abilities|capabilities|area)"
    r"|as an ai(?: language)?(?: model| assistant)?,? i (?:can|do not|don't|am not))"
)
_HANDS_OFF = re.compile(
    r"(?i)\b(?:please (?:contact|call|reach out to|email|get in touch with|speak (?:to|with)) "
    r"(?:our |the |your |customer |a )*(?:\w+ )?(?:support|service|team|agent|helpdesk|help desk|office"
    r"|department|representative|human)"
    r"|i(?:'ll| will|'m going to) (?:transfer|connect|hand|escalate|forward) (?:you|this|your)\b"
    r"|(?:transferring|connecting|escalating) (?:you|this|your)\b)"
)
_LEADING = 240

_FAILURE_TOLD = re.compile(
    r"(?i)\b(?:(?:could ?n[o']t|couldn't|can(?:'|no)t|cannot|unable to|failed to|was not able to|wasn't "
    r"able to) (?:\w+ ){0,3}?(?:find|reach|access|retrieve|load|fetch|connect|locate|look up|get"
    r"|process|complete|verify)|(?:error|problem|issue) (?:occurred|while|with|retrieving|when)"
    r"|(?:is|are|was|currently|temporarily) (?:\w+ )?unavailable|try again|something went wrong"
    r"|technical (?:issue|difficult\w+|problem))"
)


_DECLINE_KEYS = (
    "can't", "cant", "cannot", "can not", "unable", "won't", "will not", "not able", "not allowed",
    "not permitted", "outside", "beyond", "out of", "as an ai",
)  # fmt: skip
_HAND_OFF_KEYS = (
    "contact", "call", "reach out", "email", "get in touch", "speak", "transfer", "connect", "hand",
    "escalat", "forward",
)  # fmt: skip
_FAILURE_KEYS = (
    "n't", "not ", "unable", "fail", "error", "problem", "issue", "unavailable", "try again",
    "went wrong", "technical",
)  # fmt: skip
"""Without one of them the pattern can't match: most texts are done with at once."""


MAY_DECLINE = _DECLINES.pattern.replace("'", "['~]")
MAY_HAND_OFF = _HANDS_OFF.pattern.replace("'", "['~]")
"""For ``screening``, which knows a typographic apostrophe as ``~``: found wherever the pattern is."""


def prose(text: str) -> str:
    """``text`` without fenced code, tables, list items and headings."""
    if "```" in text:
        text = _FENCE.sub(" ", text)
    return _TABLE_OR_LIST.sub("", text)


def sentences(text: str) -> list[str]:
    """The sentences of ``text``, stripped, none empty."""
    for end in _SENTENCE_ENDS:  # many times quicker than a pattern
        text = text.replace(end + " ", end + "\n")
    return list(filter(None, map(str.strip, text.split("\n"))))


def declined(response: str) -> re.Match[str] | None:
    """Where the beginning of an answer says that the request is not done, if it does."""
    head = _straight(response[:_LEADING])
    return _DECLINES.search(head) if _holds(head, _DECLINE_KEYS) else None


def handed_off(response: str) -> re.Match[str] | None:
    """Where an answer sends the user to somebody else, if it does."""
    plain = _straight(response)
    return _HANDS_OFF.search(plain) if _holds(plain, _HAND_OFF_KEYS) else None


def tells_failure(response: str) -> bool:
    """Whether an answer says that something did not work."""
    plain = _straight(response)
    return _holds(plain, _FAILURE_KEYS) and _FAILURE_TOLD.search(plain) is not None


def cut_out(text: str, start: int, end: int, margin: int = 60) -> tuple[str, int]:
    """The part of ``text`` from ``start`` to ``end`` with a margin, and where it begins."""
    begin = max(0, start - margin)
    return text[begin : end + margin], begin


def _holds(text: str, keys: tuple[str, ...]) -> bool:
    lower = text.lower()
    return any(key in lower for key in keys)


def _straight(text: str) -> str:
    """Typographic apostrophes as plain ones; the length stays."""
    return text.replace("\u2019", "'")

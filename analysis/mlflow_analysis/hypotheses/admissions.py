"""Words by which an answer owns up to a failure: a small lexicon, with a version."""

from __future__ import annotations

import re

# Any of them is enough to let a trace go, so the list may be generous: it can hide a swallowed error,
# and never makes one.
ADMISSIONS_VERSION = 1
_ADMISSIONS = re.compile(
    r"\b(?:"
    r"(?:can|could|did|do|does|was|were|is|are|have|has|had|would)(?:n['’]?t| not) (?:\w+ ){0,3}?"
    r"(?:able|access|available|be (?:able|completed|found|reached|retrieved)|complete|connect|fetch|find|found|get|"
    r"load|locate|look|open|process|reach|retrieve|respond|run|see|succeed|working|work|connected|completed)"
    r"|cannot|can['’]?t|couldn['’]?t|could not|unable|unavailable|unsuccessful(?:ly)?"
    r"|not (?:able|available|possible|found|reachable|responding|accessible)"
    r"|not (?:eligible|allowed|permitted|installed|supported)"
    r"|(?:does|do|did)(?:n['’]?t| not) (?:allow|support|match|exist|recognize|recognise)|can only be"
    r"|errors?|fail(?:ed|s|ure|ures|ing)?|exceptions?|outage|timed[ -]?out|time[ -]?out"
    r"|(?:technical|temporary|unexpected|system) (?:issues?|problems?|difficult\w+|glitch\w*)"
    r"|(?:ran|run) into (?:a|an|some) (?:issue|problem)s?|something went wrong|went wrong"
    r"|no longer (?:available|exists?)|does(?:n['’]?t| not) (?:seem to )?exist|invalid|denied|refused|blocked"
    r"|no (?:such|matching|records?|results?|data|match(?:es)?|information)|(?:don['’]?t|do not|didn['’]?t) see"
    r"|double[- ]?check|(?:check|verify|confirm|provide) (?:the|your)"
    r"|rate limit\w*|try again|trouble|sorry|apolog\w+|unfortunately|regret"
    r")\b",
    re.IGNORECASE,
)


def admits_failure(answer: str) -> bool:
    """Whether ``answer`` says that something failed, is missing or could not be done (English only)."""
    return _ADMISSIONS.search(answer) is not None

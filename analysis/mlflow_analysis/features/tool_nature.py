"""What the name of a tool says of its output."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_CODE_WORDS = frozenset({
    "python", "interpreter", "terminal", "shell", "bash", "sandbox", "repl", "ipython", "jupyter", "notebook",
    "powershell", "sql", "exec", "zsh",
})  # fmt: skip
_RUN_WORDS = frozenset({"run", "execute", "execution", "executor", "runner", "eval"})
_RUNNABLE = frozenset({"code", "command", "commands", "script", "cell", "program", "cmd"})
_READ_WORDS = frozenset({
    "read", "reader", "open", "view", "cat", "fetch", "fetcher", "browse", "browser", "visit", "page", "document",
    "documents", "doc", "docs", "log", "logs", "search", "retrieve", "retriever", "retrieval", "grep", "scrape",
    "wiki", "wikipedia", "knowledge", "kb", "crawl", "webpage", "website", "url", "transcript",
})  # fmt: skip
_SEARCH_WORDS = frozenset(
    {"search", "retrieve", "retriever", "retrieval", "grep", "find", "lookup"}
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True, slots=True)
class ToolNature:
    """What a tool does, as far as it matters for reading its output."""

    runs_code: bool = False
    """Runs generated code or commands: what these print is their own affair."""
    reads: bool = False
    """Gives back content that others wrote, which may speak of errors."""
    searches: bool = False
    """May find nothing, which is no failure."""


ORDINARY = ToolNature()


@lru_cache(maxsize=4_096)
def nature_of(name: str) -> ToolNature:
    """The nature of the tool of this name, by the words in it."""
    words = {word.lower() for word in _WORD.findall(name)}
    return ToolNature(
        bool(words & _CODE_WORDS) or bool(words & _RUN_WORDS and words & _RUNNABLE),
        bool(words & _READ_WORDS),
        bool(words & _SEARCH_WORDS),
    )

"""What a made-up application is: its topics, tools, models and wording."""

from __future__ import annotations

from dataclasses import dataclass

Words = tuple[str, ...]


@dataclass(frozen=True)
class Topic:
    """One kind of request. Templates take the slots and facts in braces."""

    name: str
    keywords: Words
    """Any of them in the label of a cluster says that the cluster is this topic."""
    requests: Words
    answers: Words
    facts: dict[str, tuple[int, int]]
    """Name and range of the numbers that the tools give."""
    tools: dict[str, float]
    """How often each tool serves it."""


@dataclass(frozen=True)
class Application:
    """An application and the framework that it is built on."""

    name: str
    framework: str
    """openai, langchain, plain or agents: decides shapes and span names."""
    tools: dict[str, str]
    """Name and span type."""
    models: Words
    topics: tuple[Topic, ...]
    slots: dict[str, Words]
    background: Words
    """Sentences that make a long request."""
    system: str

    def topic(self, name: str) -> Topic:
        """A topic by name. Raises ``KeyError``."""
        return {each.name: each for each in self.topics}[name]

"""What the application does, as it is drafted, confirmed and corrected."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool or data source that the application calls."""

    name: str
    kind: str
    calls: int
    failures: int
    p50_ms: float
    example_arguments: str = ""
    arguments: tuple[str, ...] = ()
    """Names of what it is called with, the most frequent first."""
    gives: str = ""
    """What comes back: fields of JSON, number of documents, text."""

    @property
    def failure_rate(self) -> float:
        """Failed calls over calls, 0 to 1."""
        return self.failures / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class RequestPattern:
    """A group of similar requests."""

    label: str
    traces: int
    share: float
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PurposeFact:
    """One thing that the traces tell of the application, and what it was read from."""

    name: str
    """conversations, languages, models, users, …"""
    value: str
    basis: str


@dataclass(frozen=True, slots=True)
class Purpose:
    """What the application does, drafted from its traces; the user confirms or corrects it."""

    description: str
    tools: tuple[ToolUse, ...] = ()
    data_sources: tuple[ToolUse, ...] = ()
    """Those of ``tools`` that are read from."""
    patterns: tuple[RequestPattern, ...] = ()
    confirmed_by_user: bool = False
    facts: tuple[PurposeFact, ...] = ()
    declared_tools: tuple[str, ...] | None = None
    """The tools that the user says there are; a call of any other is one too many. ``None``: not said."""
    out_of_scope: tuple[str, ...] = ()
    """Request patterns (by label) or topics (by words) that are none of the application's business."""

    def corrected_by(self, said: Purpose) -> Purpose:
        """What the user said, with the figures of this newer draft.

        Of tools that an earlier draft did not show yet nothing was said: they are there until it is.
        """
        declared, shown = said.declared_tools, {tool.name for tool in said.tools}
        if declared is not None and shown:
            known = shown.union(declared)
            declared += tuple(tool.name for tool in self.tools if tool.name not in known)
        return replace(
            self,
            description=said.description or self.description,
            confirmed_by_user=said.confirmed_by_user,
            declared_tools=declared,
            out_of_scope=said.out_of_scope,
        )

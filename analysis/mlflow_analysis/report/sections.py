"""The sections of a report, and which of them one has."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

SECTIONS = {
    "since": "Since the last review",
    "window": "What was analysed",
    "purpose": "Purpose",
    "statistics": "Summary statistics",
    "issues": "Accepted issues",
    "performance": "Performance",
    "quality": "Quality",
    "asked": "Asked by the user",
    "strengths": "Strengths",
    "recommendations": "Recommendations",
    "undecided": "Not decided",
    "rejected": "Rejected",
    "unconfirmed": "Refuted, inconclusive and not testable",
    "method": "Method and limits",
}
"""The sections in their order: the id, which is also the template's name, and the heading."""


class _Report(Protocol):
    @property
    def since(self) -> object: ...
    @property
    def asked(self) -> object: ...


def known(names: Collection[str]) -> tuple[str, ...]:
    """``names`` in the order of the report. Raises ``ValueError`` for one that is no section."""
    unknown = sorted(set(names) - set(SECTIONS))
    if unknown:
        raise ValueError(
            f"No section is called {', '.join(unknown)}; there are {', '.join(SECTIONS)}."
        )
    return tuple(name for name in SECTIONS if name in names)


def chosen(names: Collection[str], report: _Report) -> list[tuple[str, str]]:
    """Id and heading of those of ``names`` that ``report`` has something for.

    What nobody asked and what no review came before have no section.
    """
    empty = {
        name for name, content in (("since", report.since), ("asked", report.asked)) if not content
    }
    return [(name, SECTIONS[name]) for name in known(names) if name not in empty]

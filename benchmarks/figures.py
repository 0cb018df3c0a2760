"""Measured figures and the limits they are held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured number."""

    name: str
    value: str
    limit: str = ""
    kept: bool | None = None
    """``None`` where there is no limit."""


def table(figures: Sequence[Figure]) -> str:
    """The figures in columns."""
    rows = [("", "measured", "limit", "")] + [
        (each.name, each.value, each.limit, {True: "kept", False: "BROKEN", None: ""}[each.kept])
        for each in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, 3) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )

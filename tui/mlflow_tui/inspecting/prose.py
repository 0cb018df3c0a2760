"""Texts as lines, their Markdown told apart: headings, code, tables in columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.cells import cell_len

from mlflow_tui.inspecting.lines import Line

LARGEST_STYLED = 200_000
"""Characters. Longer texts are data rather than prose, and are shown as they are."""
_HEADING = re.compile(r"#{1,6} \S")
_FENCE = re.compile(r"\s*(```|~~~)")
WIDEST_CELL = 40


def prose_lines(text: str) -> list[Line]:
    """Every line of ``text``; none is left out, only cells of tables are moved under one another."""
    lines = text.split("\n")
    if len(text) > LARGEST_STYLED:
        return [Line("text", line) for line in lines]
    return list(_styled(lines))


def _styled(lines: Sequence[str]) -> Iterator[Line]:
    within = False
    for is_row, group in groupby(lines, lambda line: line.lstrip().startswith("|")):
        if is_row and not within:
            yield from _table(list(group))
            continue
        for line in group:
            if _FENCE.match(line):
                within = not within
                yield Line("code", line)
            elif within:
                yield Line("code", line)
            else:
                yield Line("heading" if _HEADING.match(line) else "markdown", line)


def _table(lines: list[str]) -> Iterator[Line]:
    """Rows with their cells in columns; lines that only look like a table stay as they are."""
    if len(lines) < 2 or not _is_rule(lines[1]):
        yield from (Line("markdown", line) for line in lines)
        return
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    count = max(map(len, rows))
    widths = [
        min(
            WIDEST_CELL,
            max((cell_len(row[place]) for row in _told(rows) if place < len(row)), default=0),
        )
        for place in range(count)
    ]
    for number, row in enumerate(rows):
        if number == 1:
            yield Line("muted", "-|-".join("-" * width for width in widths))
            continue
        cells = [cell + " " * (widths[place] - cell_len(cell)) for place, cell in enumerate(row)]
        yield Line("heading" if number == 0 else "markdown", " | ".join(cells).rstrip())


def _told(rows: list[list[str]]) -> list[list[str]]:
    return [rows[0], *rows[2:]]


def _is_rule(line: str) -> bool:
    return "-" in line and set(line) <= set("|:- \t")

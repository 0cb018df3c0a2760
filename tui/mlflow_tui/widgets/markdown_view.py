"""Markdown as a scrolling page. Textual's own widget takes seconds for a long report; this does not.

``rendered`` makes finished lines, section by section, in whatever thread calls it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from typing import ClassVar

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, TableElement
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text
from rich.theme import Theme
from textual.strip import Strip

from mlflow_analysis.untrusted import printable
from mlflow_tui.widgets.palette import ROLES, Palette
from mlflow_tui.widgets.strip_view import StripView

_FENCE = re.compile(r"`{3,}")
MOST_COLUMNS = 100
"""Lines longer than this are hard to read."""


class MarkdownView(StripView):
    """The page; its colours come from the stylesheet."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {*ROLES}


class _LeftHeading(Heading):
    """Rich centres headings and boxes the first; a page of sections reads better without."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "left"
        if self.tag in ("h1", "h2"):
            yield Text("")
        yield self.text


class _PlainCode(CodeBlock):
    """Code as it is, indented: colours of a language would say more than a log line means."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in str(self.text).rstrip().split("\n"):
            yield Text("    " + line, style="markdown.code_block", overflow="fold")


class _BareTable(TableElement):
    """A table whose headings are all empty is drawn without a line for them."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        headings = self.header.row.cells if self.header is not None and self.header.row else []
        named = any(cell.content.plain.strip() for cell in headings)
        for table in super().__rich_console__(console, options):
            if isinstance(table, Table):
                table.show_header = named
                table.box = box.SIMPLE_HEAD if named else None
                table.pad_edge = False
            yield table


class _Report(Markdown):
    elements: ClassVar = {
        **Markdown.elements,
        "heading_open": _LeftHeading,
        "fence": _PlainCode,
        "code_block": _PlainCode,
        "table_open": _BareTable,
    }


def rendered(markdown: str, width: int, palette: Palette) -> Iterator[list[Strip]]:
    """The lines of each section of ``markdown``, and within it of each issue, wrapped to ``width`` columns.

    Control characters are made visible and links are not made clickable: the text may come from
    traces.
    """
    columns = max(20, min(width, MOST_COLUMNS))
    console = Console(
        file=StringIO(),
        width=columns,
        color_system="truecolor",
        force_terminal=True,
        legacy_windows=False,
        theme=Theme(_styles(palette), inherit=True),
    )
    for piece in _pieces(printable(markdown)):
        if piece.strip():
            content = _Report(piece, hyperlinks=False)
            lines = console.render_lines(content, pad=False)
            yield list(_closed_up(lines))


def _pieces(markdown: str) -> Iterator[str]:
    """The sections, and the issues within one: it may hold dozens, and is drawn as it grows.

    A heading within a fence is none.
    """
    lines: list[str] = []
    fence = ""
    for line in markdown.splitlines(keepends=True):
        opened = _FENCE.match(line)
        if fence:
            fence = "" if line.strip() == fence else fence
        elif opened:
            fence = opened[0]
        elif line.startswith(("## ", "### ")):
            yield "".join(lines)
            lines = []
        lines.append(line)
    yield "".join(lines)


def _closed_up(lines: list[list[Segment]]) -> Iterator[Strip]:
    """The lines, with one empty line where there are several, and one at the end."""
    empty = True
    for line in lines:
        strip = Strip([Segment(segment.text, segment.style) for segment in line])
        blank = not strip.text.strip()
        if not (blank and empty):
            yield strip
        empty = blank
    if not empty:
        yield Strip([])


def _styles(palette: Palette) -> dict[str, str | Style]:
    plain = palette.text
    return {
        "markdown.h1": palette.heading,
        "markdown.h2": palette.heading,
        "markdown.h3": palette.strong,
        "markdown.h4": palette.strong,
        "markdown.strong": Style(bold=True),
        "markdown.em": Style(italic=True),
        "markdown.code": palette.accent,
        "markdown.code_block": palette.muted,
        "markdown.block_quote": palette.muted,
        "markdown.item.bullet": palette.muted,
        "markdown.item.number": palette.muted,
        "markdown.hr": palette.muted,
        "markdown.link": plain,
        "markdown.link_url": palette.muted,
        "markdown.table.header": palette.muted,
        "markdown.table.border": palette.muted,
    }

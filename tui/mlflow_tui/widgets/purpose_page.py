"""What an application calls and what it is asked, as aligned columns: pure drawing of a ``Purpose``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from mlflow_analysis.findings.purpose import Purpose, RequestPattern, ToolUse
from mlflow_analysis.untrusted import single_line
from mlflow_tui.widgets.figures import grouped, milliseconds, share
from mlflow_tui.widgets.finding_card import clip
from mlflow_tui.widgets.glyphs import Glyphs
from mlflow_tui.widgets.page import Page
from mlflow_tui.widgets.palette import Palette

TOOL, TOPIC = "tool", "topic"
_NAME_WIDTH = 34
_MARGIN = 6
"""Cursor and tick stand before a name."""
_FAILING = 0.05
"""A failure rate from which it is coloured; what is a finding is for the board to say."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line that can be ticked: a tool, or a kind of request."""

    kind: str
    name: str
    line: int
    lines: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """The page, and what on it can be ticked, from top to bottom."""

    lines: list[Text]
    items: tuple[Item, ...]


def has_tool(purpose: Purpose, name: str) -> bool:
    """Whether the application has that tool, as far as anybody said."""
    return purpose.declared_tools is None or name in purpose.declared_tools


def purpose_page(
    purpose: Purpose, width: int, glyphs: Glyphs, palette: Palette, cursor: int | None = None
) -> Drawn:
    """Lines for data sources, tools, request patterns and facts, on ``width`` columns.

    ``cursor`` is the number of the item that it is on.
    """
    return _Drawing(purpose, width, glyphs, palette, cursor).drawn()


class _Drawing:
    def __init__(
        self, purpose: Purpose, width: int, glyphs: Glyphs, palette: Palette, cursor: int | None
    ) -> None:
        self._purpose = purpose
        self._page = Page(width, glyphs, palette)
        self._cursor = cursor
        self._items: list[Item] = []
        longest = max((cell_len(single_line(tool.name)) for tool in purpose.tools), default=0)
        self._name_width = min(_NAME_WIDTH, max(12, longest))

    def drawn(self) -> Drawn:
        purpose = self._purpose
        sources = {source.name for source in purpose.data_sources}
        self._tools("Data sources", purpose.data_sources)
        self._tools("Tools", [tool for tool in purpose.tools if tool.name not in sources])
        self._unseen_tools()
        self._patterns(purpose.patterns)
        self._topics()
        self._facts()
        return Drawn(self._page.lines, tuple(self._items))

    # ---- one line that can be ticked ----------------------------------------------------

    def _item(self, kind: str, name: str, ticked: bool, text: Text, below: Sequence[Text]) -> None:
        palette, glyphs = self._page.palette, self._page.glyphs
        here = len(self._items) == self._cursor
        line = Text(no_wrap=True)
        line.append(f"{glyphs.cursor if here else ' '} ", palette.accent)
        line.append(f"[{'x' if ticked else ' '}] ", palette.text if ticked else palette.warn)
        line.append_text(text)
        line.truncate(self._page.width, overflow="crop")
        self._items.append(Item(kind, name, len(self._page.lines), 1 + len(below)))
        self._page.lines += [line, *below]

    def _quiet(self, text: str, indent: int = _MARGIN + 2) -> Text:
        quoted = clip(text, self._page.width - indent, self._page.glyphs).rstrip()
        return Text(" " * indent + quoted, self._page.palette.muted, no_wrap=True)

    # ---- tools --------------------------------------------------------------------------

    def _tools(self, title: str, tools: Sequence[ToolUse]) -> None:
        if not tools:
            return
        page, palette = self._page, self._page.palette
        page.blank()
        page.lines.append(
            Text.assemble(
                (f"{title:<{self._name_width + _MARGIN}}", palette.heading),
                (f"{'calls':>9}{'failed':>10}{'median':>10}", palette.muted),
            )
        )
        for tool in tools:
            name = clip(single_line(tool.name), self._name_width, page.glyphs)
            ticked = has_tool(self._purpose, tool.name)
            text = Text(name, palette.text if ticked else palette.muted, no_wrap=True)
            text.append(f"{grouped(tool.calls):>9}", palette.text)
            failing = palette.bad if tool.failure_rate >= _FAILING else palette.muted
            text.append(f"{share(tool.failure_rate):>10}", failing)
            text.append(f"{milliseconds(tool.p50_ms):>10}", palette.muted)
            if not ticked:
                text.append("  not its tool", palette.warn)
            self._item(TOOL, tool.name, ticked, text, self._signature(tool))

    def _signature(self, tool: ToolUse) -> list[Text]:
        takes = single_line(", ".join(tool.arguments) or tool.example_arguments)
        parts = [f"takes {takes}"] if takes and takes != "{}" else []
        parts += [f"gives {single_line(tool.gives)}"] if tool.gives else []
        return [self._quiet("; ".join(parts))] if parts else []

    def _unseen_tools(self) -> None:
        """Tools that the user named and that no trace calls."""
        seen = {tool.name for tool in self._purpose.tools}
        unseen = [name for name in self._purpose.declared_tools or () if name not in seen]
        if unseen:
            self._page.heading("Tools without a call")
        for name in unseen:
            self._item(TOOL, name, True, Text(single_line(name), self._page.palette.text), ())

    # ---- requests -----------------------------------------------------------------------

    def _patterns(self, patterns: Sequence[RequestPattern]) -> None:
        if not patterns:
            return
        palette = self._page.palette
        self._page.heading("What is asked", "the groups are formed by words they share")
        for pattern in patterns:
            inside = pattern.label not in self._purpose.out_of_scope
            text = Text(f"{share(pattern.share):>6}", palette.text, no_wrap=True)
            text.append(
                f"  {single_line(pattern.label)}", palette.strong if inside else palette.muted
            )
            text.append(f"  {grouped(pattern.traces)} traces", palette.muted)
            if not inside:
                text.append("  out of scope", palette.warn)
            examples = [
                self._quiet(single_line(each), _MARGIN + 8) for each in pattern.examples[:2]
            ]
            self._item(TOPIC, pattern.label, inside, text, examples)

    def _topics(self) -> None:
        """Out of scope by words of the user's, or by a pattern of an earlier analysis."""
        labels = {pattern.label for pattern in self._purpose.patterns}
        others = [name for name in self._purpose.out_of_scope if name not in labels]
        if others:
            self._page.heading("Out of scope", "requests that hold all these words")
        for name in others:
            text = Text(single_line(name), self._page.palette.muted)
            text.append("  out of scope", self._page.palette.warn)
            self._item(TOPIC, name, False, text, ())

    # ---- facts --------------------------------------------------------------------------

    def _facts(self) -> None:
        if not self._purpose.facts:
            return
        palette = self._page.palette
        self._page.heading("The traces also tell")
        self._page.fields(
            [
                (
                    single_line(fact.name),
                    Text.assemble(
                        (single_line(fact.value), palette.text),
                        (f"  ({single_line(fact.basis)})", palette.muted),
                    ),
                )
                for fact in self._purpose.facts
            ]
        )

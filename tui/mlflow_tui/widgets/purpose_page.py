"""What an application calls and what it is asked, as aligned columns: pure drawing of a ``Purpose``."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from mlflow_analysis.findings import Purpose, RequestPattern, ToolUse
from mlflow_analysis.untrusted import single_line
from mlflow_tui.widgets.figures import grouped, milliseconds, share
from mlflow_tui.widgets.finding_card import clip
from mlflow_tui.widgets.glyphs import Glyphs
from mlflow_tui.widgets.page import Page
from mlflow_tui.widgets.palette import Palette

_MOST_TOOLS = 12
_MOST_PATTERNS = 8
_NAME_WIDTH = 28
_FAILING = 0.05
"""A failure rate from which it is coloured; what is a finding is for the board to say."""


def purpose_page(purpose: Purpose, width: int, glyphs: Glyphs, palette: Palette) -> list[Text]:
    """Lines for tools, data sources and request patterns, on ``width`` columns."""
    page = Page(width, glyphs, palette)
    calls = (*purpose.tools, *purpose.data_sources)
    longest = max((cell_len(single_line(call.name)) for call in calls), default=0)
    name_width = min(_NAME_WIDTH, max(len("Data sources"), longest))
    _tools(page, "Tools", purpose.tools, name_width)
    _tools(page, "Data sources", purpose.data_sources, name_width)
    _patterns(page, purpose.patterns)
    return page.lines


def _tools(page: Page, title: str, tools: Sequence[ToolUse], name_width: int) -> None:
    if not tools:
        return
    palette = page.palette
    page.blank()
    page.lines.append(
        Text.assemble(
            (f"{title:<{name_width}}", palette.heading),
            (f"{'calls':>9}{'failed':>10}{'median':>10}", palette.muted),
        )
    )
    for tool in tools[:_MOST_TOOLS]:
        name = clip(single_line(tool.name), name_width, page.glyphs)
        line = Text(name, palette.text, no_wrap=True)
        line.append(f"{grouped(tool.calls):>9}", palette.text)
        failing = palette.bad if tool.failure_rate >= _FAILING else palette.muted
        line.append(f"{share(tool.failure_rate):>10}", failing)
        line.append(f"{milliseconds(tool.p50_ms):>10}", palette.muted)
        room = page.width - line.cell_len - 2
        if tool.example_arguments and room >= 12:
            arguments = clip(single_line(tool.example_arguments), room, page.glyphs).rstrip()
            line.append(f"  {arguments}", palette.muted)
        page.lines.append(line)
    if len(tools) > _MOST_TOOLS:
        page.paragraph(f"and {len(tools) - _MOST_TOOLS} more", palette.muted)


def _patterns(page: Page, patterns: Sequence[RequestPattern]) -> None:
    if not patterns:
        return
    palette = page.palette
    page.heading("What is asked")
    for pattern in patterns[:_MOST_PATTERNS]:
        line = Text(f"{share(pattern.share):>6}", palette.text, no_wrap=True)
        line.append(f"  {single_line(pattern.label)}", palette.strong)
        line.append(f"  {grouped(pattern.traces)} traces", palette.muted)
        line.truncate(page.width, overflow="crop")
        page.lines.append(line)
        for example in pattern.examples[:2]:
            room = page.width - 8
            quoted = clip(single_line(example), room, page.glyphs).rstrip()
            page.lines.append(Text(" " * 8 + quoted, palette.muted, no_wrap=True))

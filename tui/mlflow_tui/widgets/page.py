"""Writing a page of styled, wrapped text line by line."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.style import Style
from rich.text import Text

from mlflow_analysis.untrusted import printable
from mlflow_tui.widgets.glyphs import Glyphs
from mlflow_tui.widgets.palette import Palette

_CONSOLE = Console(file=StringIO(), width=200, color_system=None, legacy_windows=False)
"""Only to wrap with: nothing is printed on it."""


class Page:
    """Lines of at most ``width`` columns. All text given is made printable and never parsed."""

    def __init__(self, width: int, glyphs: Glyphs, palette: Palette) -> None:
        self.width = max(16, width)
        self.glyphs = glyphs
        self.palette = palette
        self.lines: list[Text] = []

    def blank(self) -> None:
        """An empty line, but never two in a row."""
        if self.lines and self.lines[-1].plain.strip():
            self.lines.append(Text(""))

    def heading(self, text: str, aside: str = "") -> None:
        """A section's name, with something quiet after it."""
        self.blank()
        line = Text.assemble((printable(text), self.palette.heading), no_wrap=True)
        if aside:
            line.append(f"  {printable(aside)}", self.palette.muted)
        self.add(line)

    def paragraph(
        self,
        text: str,
        style: Style | None = None,
        *,
        indent: int = 0,
        hanging: int = 0,
        most_lines: int = 0,
    ) -> None:
        """Wrapped text; ``most_lines`` above 0 cuts it there, with an ellipsis."""
        self.add(
            Text(printable(text).expandtabs(4), style or self.palette.text),
            indent=indent,
            hanging=hanging,
            most_lines=most_lines,
        )

    def add(self, text: Text, *, indent: int = 0, hanging: int = 0, most_lines: int = 0) -> None:
        """Wrapped text in parts of different styles; later lines stand ``hanging`` further in."""
        wrapped = text.wrap(_CONSOLE, max(8, self.width - indent - hanging), overflow="fold")
        lines = list(wrapped)
        cut = 0 < most_lines < len(lines)
        if cut:
            lines = lines[:most_lines]
        for number, line in enumerate(lines):
            line.rstrip()
            if cut and number == most_lines - 1:
                line.truncate(max(8, self.width - indent - hanging) - 2)
                line.append(f" {self.glyphs.ellipsis}", self.palette.muted)
            margin = Text(" " * (indent + (hanging if number else 0)))
            self.lines.append(margin + line)

    def fields(self, rows: list[tuple[str, Text]]) -> None:
        """Labels in a column of their own, values wrapped beside them."""
        label_width = max((len(label) for label, _ in rows), default=0) + 2
        for label, value in rows:
            start = len(self.lines)
            self.add(value, indent=label_width)
            first = self.lines[start]
            self.lines[start] = (
                Text.assemble((f"{label:<{label_width}}", self.palette.muted)) + first[label_width:]
            )

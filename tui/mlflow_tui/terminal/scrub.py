"""The net under everything: no text on its way to the terminal may hold what a terminal obeys."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from mlflow_analysis.untrusted import printable


class Scrub(LineFilter):
    """Makes every drawn segment printable.

    Trace text is made safe where it is read; this catches what came another way (a file name, an
    exception text, the clipboard). Textual calls line filters internal, so a test holds it to what
    we rely on: every drawn line passes through ``get_line_filters``.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """``segments`` with unsafe characters replaced; control segments are Textual's own."""
        return [
            segment
            if segment.control or (segment.text.isascii() and segment.text.isprintable())
            else Segment(
                printable(segment.text).replace("\n", " ").replace("\t", " "), segment.style
            )
            for segment in segments
        ]

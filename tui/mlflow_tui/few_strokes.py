"""Lines on their way to the terminal, the same to the eye in fewer bytes."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter


class FewStrokes(LineFilter):
    """Joins what can be drawn in one colour: every change of it is up to 40 bytes on the line.

    A blank has no colour of its own but its background, so it takes the style of its neighbour.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """``segments`` with those joined that look alike; control segments are Textual's own."""
        parts: list[Segment] = []
        for segment in segments:
            text, style, control = segment
            before = parts[-1] if parts else None
            if control or before is None or before.control:
                parts.append(segment)
            elif style == before.style or (text.isspace() and _same_ground(style, before.style)):
                parts[-1] = Segment(before.text + text, before.style)
            elif before.text.isspace() and _same_ground(style, before.style):
                parts[-1] = Segment(before.text + text, style)
            else:
                parts.append(segment)
        return parts


def _same_ground(one: Style | None, other: Style | None) -> bool:
    """Whether blanks look the same in both styles."""
    if one is None or other is None:
        return False
    marked = any((each.underline or each.reverse or each.strike) for each in (one, other))
    return one.bgcolor == other.bgcolor and not marked

"""Lines of two texts beside one another, or one beneath the other where that is too narrow."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from textual import events

from mlflow_tui.inspecting.differences import DiffRow
from mlflow_tui.widgets.line_scroll import LineScroll, clip
from mlflow_tui.widgets.palette import Palette

BESIDE_FROM = 100
"""Columns."""
LONGEST_WRAPPED = 4_000
"""Characters of one line that are shown."""


class DiffView(LineScroll):
    """``-`` stands before what only the first text has, ``+`` before what only the second has."""

    has_cursor = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._differences: Sequence[DiffRow] = ()
        self._drawn: list[tuple[str, str, str]] = []
        """Kind, and what stands on the left and on the right, of each row on the screen."""
        self._laid_out_for = -1

    def show(self, differences: Sequence[DiffRow]) -> None:
        """Show other differences, from the top."""
        self._differences = differences
        self._laid_out_for = -1
        self._lay_out()
        self.scroll_to(y=0, animate=False)

    def on_resize(self, event: events.Resize) -> None:  # type: ignore[override]
        """Another width wraps otherwise."""
        event.prevent_default()
        self._lay_out()

    @property
    def _beside(self) -> bool:
        return self.columns >= BESIDE_FROM

    def _lay_out(self) -> None:
        if self.columns == self._laid_out_for or self.columns < 10:
            return
        self._laid_out_for = self.columns
        self._drawn = []
        for each in self._differences:
            if each.kind in ("heading", "muted"):
                self._drawn.append((each.kind, each.left, ""))
            elif self._beside:
                self._lay_beside(each)
            else:
                self._lay_beneath(each)
        self.set_line_count(len(self._drawn))

    def _lay_beside(self, each: DiffRow) -> None:
        width = (self.columns - 3) // 2 - 2
        left, right = _wrapped(each.left, width), _wrapped(each.right, width)
        for place in range(max(len(left), len(right))):
            self._drawn.append(
                (
                    each.kind,
                    left[place] if place < len(left) else "",
                    right[place] if place < len(right) else "",
                )
            )

    def _lay_beneath(self, each: DiffRow) -> None:
        width = self.columns - 3
        if each.kind == "same":
            self._drawn += [("same", text, "") for text in _wrapped(each.left, width)]
        if each.kind in ("changed", "left"):
            self._drawn += [("left", text, "") for text in _wrapped(each.left, width)]
        if each.kind in ("changed", "right"):
            self._drawn += [("right", "", text) for text in _wrapped(each.right, width)]

    def draw(self, index: int, width: int, palette: Palette) -> list[Segment]:
        """One row, its sign first on each side."""
        kind, left, right = self._drawn[index]
        if kind in ("heading", "muted"):
            style = palette.heading if kind == "heading" else palette.muted
            return [Segment(f" {clip(left, width - 1)}", style)]
        minus = "-" if kind in ("changed", "left") else " "
        plus = "+" if kind in ("changed", "right") else " "
        removed = palette.bad if minus == "-" else palette.muted
        added = palette.good if plus == "+" else palette.muted
        if not self._beside:
            return (
                [Segment(f" {plus} {right}", added)]
                if kind == "right"
                else [Segment(f" {minus} {left}", removed)]
            )
        side = (width - 3) // 2
        return [
            Segment(clip(f"{minus} {left}", side), removed),
            Segment(" | ", palette.muted),
            Segment(clip(f"{plus} {right}", side), added),
        ]


def _wrapped(text: str, width: int) -> list[str]:
    text = text.replace("\t", "    ")
    if len(text) > LONGEST_WRAPPED:
        text = f"{text[:LONGEST_WRAPPED]} … {len(text) - LONGEST_WRAPPED:,} more characters"
    return [text] if cell_len(text) <= width else chop_cells(text, width)

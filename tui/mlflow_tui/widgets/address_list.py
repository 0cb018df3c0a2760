"""The addresses that can be chosen without typing."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment

from mlflow_tui.addresses import Choice
from mlflow_tui.widgets.line_scroll import LineScroll, clip
from mlflow_tui.widgets.palette import Palette


class AddressList(LineScroll):
    """Kind, address, where it comes from."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._choices: list[Choice] = []

    @property
    def chosen(self) -> Choice | None:
        """The choice under the cursor."""
        return self._choices[self.cursor] if self._choices else None

    def show(self, choices: Sequence[Choice]) -> None:
        """Show these."""
        self._choices = list(choices)
        self.styles.max_height = max(1, len(self._choices))
        self.set_line_count(len(self._choices))

    def draw(self, index: int, width: int, palette: Palette) -> list[Segment]:
        """One choice."""
        choice = self._choices[index]
        remark = min(len(choice.remark), max(0, width - 46))
        room = max(8, width - 15 - (remark + 2 if remark else 0))
        line = [
            Segment(" "),
            Segment(clip(choice.kind, 12), palette.muted),
            Segment("  "),
            Segment(clip(choice.shown, room), palette.text),
        ]
        if remark:
            line.append(Segment("  " + clip(choice.remark, remark), palette.muted))
        return line

"""The sources that can be chosen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment

from mlflow_tui.addresses import Choice
from mlflow_tui.widgets.line_scroll import LineScroll, clip
from mlflow_tui.widgets.palette import Palette

TALLEST = 12
"""Lines; more are scrolled to."""


class AddressList(LineScroll):
    """Kind, source, where it comes from."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._choices: list[Choice] = []
        self._source_width = 0

    @property
    def chosen(self) -> Choice | None:
        """The choice under the cursor."""
        return self._choices[self.cursor] if self._choices else None

    def show(self, choices: Sequence[Choice], profile: str = "") -> None:
        """Show these, the cursor on that profile if it is among them."""
        self._choices = list(choices)
        self._source_width = max((len(choice.shown) for choice in choices), default=0)
        self.styles.max_height = max(1, min(TALLEST, len(self._choices)))
        self.set_line_count(len(self._choices))
        for place, choice in enumerate(self._choices):
            if profile and choice.profile is not None and choice.profile.name == profile:
                self.move_to(place)

    def draw(self, index: int, width: int, palette: Palette) -> list[Segment]:
        """One choice."""
        choice = self._choices[index]
        room = max(8, width - 15)
        source = min(self._source_width, max(8, room * 3 // 5, room - 30))
        remark = max(0, room - source - 2)
        broken = choice.profile is not None and choice.profile.problem is not None
        line = [
            Segment(" "),
            Segment(clip(choice.kind, 12), palette.muted),
            Segment("  "),
            Segment(clip(_end_of(choice, source), source), palette.bad if broken else palette.text),
        ]
        if remark:
            line.append(Segment("  " + clip(choice.remark, remark), palette.muted))
        return line


def _end_of(choice: Choice, width: int) -> str:
    """The end of an address says more than its beginning, which many have in common."""
    shown = choice.shown
    if choice.kind != "recent" or cell_len(shown) <= width:
        return shown
    return "…" + shown[-(width - 1) :]

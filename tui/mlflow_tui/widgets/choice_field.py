"""One of several, on one line: the arrows change it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from mlflow_analysis.untrusted import single_line


class ChoiceField(Widget, can_focus=True):
    """Holds a ``value`` of ``choices`` (value, name)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "previous", show=False),
        Binding("right,space", "turn(1)", "next", show=False),
        Binding("enter", "submit", "submit", show=False),
    ]

    class Changed(Message):
        """Another value was chosen."""

    class Submitted(Message):
        """Enter was pressed."""

    def __init__(
        self,
        choices: Sequence[tuple[str, str]],
        value: str,
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._choices = list(choices)
        values = [each for each, _ in self._choices]
        self._place = values.index(value) if value in values else 0

    @property
    def value(self) -> str:
        """What is chosen."""
        return self._choices[self._place][0]

    def render(self) -> Content:
        """The name of what is chosen, between arrows."""
        name = single_line(self._choices[self._place][1])
        arrows = "$primary" if self.has_focus else "$muted"
        return Content.assemble(("‹ ", arrows), name, (" ›", arrows))

    def action_turn(self, by: int) -> None:
        """To the next or the previous one."""
        if len(self._choices) > 1:
            self._place = (self._place + by) % len(self._choices)
            self.refresh()
            self.post_message(self.Changed())

    def action_submit(self) -> None:
        """As enter in a text field."""
        self.post_message(self.Submitted())

    def on_focus(self) -> None:
        """The arrows are drawn otherwise."""
        self.refresh()

    def on_blur(self) -> None:
        """As ``on_focus``."""
        self.refresh()

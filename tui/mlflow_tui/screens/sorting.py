"""What the experiments are sorted by, chosen with one key."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from mlflow_tui.experiment_rows import Sort

CHOICES = (
    ("c", Sort.CHANGED),
    ("n", Sort.NAME),
    ("i", Sort.ID),
    ("t", Sort.TRACES),
    ("l", Sort.LAST),
    ("f", Sort.FAILED),
    ("m", Sort.P50),
    ("p", Sort.P95),
    ("h", Sort.COURSE),
    ("r", Sort.REVIEWED),
)


class SortDialog(ModalScreen[Sort | None]):
    """One key says which; the one in use turns round."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"sort('{sort.name}')", sort.value) for key, sort in CHOICES),
        Binding("escape,q", "give_up", "close"),
    ]

    def __init__(self, now: Sort) -> None:
        super().__init__()
        self._now = now

    def compose(self) -> ComposeResult:
        """The choices, one a line."""
        with Vertical(classes="dialog -small"):
            yield Static(Content.styled("Sort by", "bold $primary"), classes="dialog-title")
            for key, sort in CHOICES:
                again = "  turn round" if sort is self._now else ""
                yield Static(
                    Content.assemble((f"{key}  ", "bold $primary"), sort.value, (again, "$muted"))
                )

    def action_sort(self, name: str) -> None:
        """Close with the answer."""
        self.dismiss(Sort[name])

    def action_give_up(self) -> None:
        """Close without one."""
        self.dismiss(None)

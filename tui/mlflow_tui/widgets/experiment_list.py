"""The experiments of a store, found by typing a part of the name."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz
from rich.segment import Segment

from mlflow_analysis.records import Experiment
from mlflow_analysis.untrusted import single_line
from mlflow_tui.widgets.line_scroll import LineScroll, clip
from mlflow_tui.widgets.moments import day
from mlflow_tui.widgets.palette import Palette

ALIKE = 70.0
"""Least likeness (0 to 100) of a name that does not hold the text itself."""


def matching(experiments: Sequence[Experiment], text: str) -> list[Experiment]:
    """Experiments whose name or id is like ``text``: those that hold it first, then by likeness."""
    wanted = text.casefold().strip()
    if not wanted:
        return list(experiments)
    scored: list[tuple[float, int, Experiment]] = []
    for place, experiment in enumerate(experiments):
        name = experiment.name.casefold()
        if experiment.experiment_id == wanted:
            score = 300.0
        elif wanted in name:
            score = 200.0 - name.index(wanted)
        else:
            score = fuzz.partial_ratio(wanted, name)
        if score >= ALIKE:
            scored.append((-score, place, experiment))
    return [experiment for _, _, experiment in sorted(scored, key=lambda each: each[:2])]


class ExperimentList(LineScroll):
    """Name, id, last change."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._experiments: list[Experiment] = []
        self.open_id = ""
        """The experiment that is open; it is marked."""

    @property
    def chosen(self) -> Experiment | None:
        """The experiment under the cursor."""
        return self._experiments[self.cursor] if self._experiments else None

    def show(self, experiments: Sequence[Experiment], keep: str) -> None:
        """Show these, the cursor on experiment ``keep`` if it is among them."""
        self._experiments = list(experiments)
        ids = [experiment.experiment_id for experiment in self._experiments]
        place = ids.index(keep) if keep in ids else 0
        self.cursor = -1
        self.set_line_count(len(ids))
        self.cursor = -1
        if ids:
            self.move_to(place)

    def draw(self, index: int, width: int, palette: Palette) -> list[Segment]:
        """One experiment."""
        experiment = self._experiments[index]
        is_open = experiment.experiment_id == self.open_id
        changed = 16 if width >= 60 else 10 if width >= 36 else 0
        number = 8 if width >= 44 else 0
        name_width = width - 4 - (changed + 2 if changed else 0) - (number + 2 if number else 0)
        line = [
            Segment(" "),
            Segment("• " if is_open else "  ", palette.accent),
            Segment(clip(single_line(experiment.name), name_width), palette.text),
        ]
        if number:
            shown = single_line(experiment.experiment_id)
            line.append(Segment("  " + clip(shown, number, right=True), palette.muted))
        if changed:
            when = day(experiment.last_update_ms)[:changed]
            line.append(Segment("  " + clip(when, changed), palette.muted))
        return line

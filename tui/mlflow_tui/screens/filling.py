"""Filling in a list of experiments while it is looked at: figures, and when each was last reviewed."""

from __future__ import annotations

import asyncio

from textual import work
from textual.worker import Worker

from mlflow_analysis.protocol import FetchFigures, Problem
from mlflow_tui.client import EngineProblem
from mlflow_tui.experiment_rows import ExperimentRow, Sort
from mlflow_tui.last_reviews import last_reviews
from mlflow_tui.screens.base import StepScreen
from mlflow_tui.widgets.experiment_list import ExperimentList

OF_DATABASES = frozenset({"SQLite", "PostgreSQL", "MySQL"})
"""Kinds of store that work out the figures of many experiments at once."""
BATCH, DEAR_BATCH = 200, 5
"""Experiments in one question, to a database and to any other store."""


class FillingScreen(StepScreen):
    """A screen with an ``ExperimentList``; what is seen of it is asked for first."""

    def __init__(self) -> None:
        super().__init__()
        self._listed_for = ""
        """Store whose experiments are on the screen."""
        self._sort, self._descending = Sort.CHANGED, True
        self._figures_due: set[str] = set()
        """Experiments whose figures are not known, or from before a refresh."""
        self._filling: Worker[None] | None = None
        self._figures_problem: Problem | None = None
        self._reviewed: dict[str, int] = {}

    @property
    def listing(self) -> ExperimentList:
        """The experiments."""
        return self.query_one(ExperimentList)

    # ---- for the subclass ---------------------------------------------------------------

    def rows(self) -> list[ExperimentRow]:
        """What is listed, in order."""
        raise NotImplementedError

    def show_matching(self, *, keep: bool = True) -> None:
        """Draw the list; ``keep``: the cursor stays on its experiment."""
        raise NotImplementedError

    def show_status(self) -> None:
        """Draw the line above the list."""
        raise NotImplementedError

    # ---- filling in ---------------------------------------------------------------------

    def _fill(self) -> None:
        """Go on asking for figures, unless that goes on already."""
        if self._filling is None or not self._filling.is_running:
            self._filling = self._fill_in()

    @work(exclusive=True, group="figures", exit_on_error=False)
    async def _fill_in(self) -> None:
        """Figures of what is seen, then of the rest if that is cheap or the order stands on it."""
        while self.is_current and (wanted := self._wanted()):
            try:
                answer = await self.client.ask(FetchFigures(tuple(wanted)))
            except EngineProblem as failure:
                self._figures_problem = failure.problem
                break
            self._figures_problem = None
            self._figures_due -= set(wanted)
            self.state.figures |= {each.experiment_id: each for each in answer.figures}
            if self._sort.needs_figures:
                self.show_matching()
            else:
                self.listing.update(self.rows())
            self.show_status()
        self.show_status()

    def _wanted(self) -> list[str]:
        connection = self.state.connection
        cheap = connection is not None and connection.store in OF_DATABASES
        most = BATCH if cheap else DEAR_BATCH
        if not self.listing.size.height:
            return []
        seen = [each for each in self.listing.seen if each in self._figures_due]
        if seen or not (cheap or self._sort.needs_figures):
            return seen[:most]
        return [
            each.experiment_id
            for each in self.state.experiments
            if each.experiment_id in self._figures_due
        ][:most]

    @work(exclusive=True, group="reviews", exit_on_error=False)
    async def _look_for_reviews(self) -> None:
        """Somebody may have decided something since, in this program or another."""
        found = await asyncio.to_thread(
            last_reviews,
            self.tui.settings.review_directory,
            self._listed_for,
            [each.experiment_id for each in self.state.experiments],
        )
        if found != self._reviewed:
            self._reviewed = found
            self.show_matching()

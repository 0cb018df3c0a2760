"""Saved filters on the traces screen: what the dialog answers is done, and the dialog comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from textual import work

from mlflow_analysis.protocol import RowQuery
from mlflow_tui.config.saved_filters import FiltersNotUnderstood, SavedFilter, SavedFilters
from mlflow_tui.screens.dialogs import ConfirmDialog
from mlflow_tui.screens.filters_dialog import FiltersDialog, Wish
from mlflow_tui.screens.text_dialog import TextDialog
from mlflow_tui.screens.trace_list import TraceListScreen
from mlflow_tui.widgets.trace_status import conditions


class FilterKeepingScreen(TraceListScreen):
    """``F`` and what follows."""

    @property
    def _filters(self) -> SavedFilters:
        return SavedFilters(self.tui.settings.filters_path)

    @work(exclusive=True, group="filters", exit_on_error=False)
    async def action_saved_filters(self) -> None:
        """List the saved filters; use, save, rename or delete."""
        while True:
            saved = self._read_filters()
            if saved is None:
                return
            now = " · ".join(conditions(self.state))
            wish = await self.app.push_screen_wait(FiltersDialog(saved, now))
            if wish is None:
                return
            if wish.what == "use":
                self._use(next(each for each in saved if each.name == wish.name))
                return
            await self._grant(wish, {each.name for each in saved})

    def _read_filters(self) -> list[SavedFilter] | None:
        """Those in the file; ``None``, and a word on it, if they cannot be read."""
        found: list[SavedFilter] = []
        return found if self._tried(lambda: found.extend(self._filters.all())) else None

    async def _grant(self, wish: Wish, names: set[str]) -> None:
        filters, state = self._filters, self.state
        if wish.what == "save":
            name = await self.app.push_screen_wait(
                TextDialog("Save what is on as", hint="--filter @NAME uses it on the command line.")
            )
            if not name or (name in names and not await self._sure(f"Replace the filter {name}?")):
                return
            query = replace(state.query, sort=RowQuery().sort, descending=RowQuery().descending)
            kept: str = name
            self._tried(
                lambda: filters.save(kept, state.filter_string, query), f"Saved as @{name}."
            )
        elif wish.what == "rename":
            name = await self.app.push_screen_wait(TextDialog(f"Rename {wish.name} to", wish.name))
            if name and name != wish.name:
                self._tried(lambda: filters.rename(wish.name, name), f"It is called @{name} now.")
        elif await self._sure(f"Delete the filter {wish.name}?"):
            self._tried(lambda: filters.delete(wish.name), f"@{wish.name} is deleted.")

    async def _sure(self, question: str) -> bool:
        answer: bool = await self.app.push_screen_wait(ConfirmDialog(question))
        return answer

    def _tried(self, change: Callable[[], None], done: str = "") -> bool:
        """Do something with the file and say so, or why it could not be done."""
        try:
            change()
        except FiltersNotUnderstood as problem:
            self.tell(f"{problem.sentence} {problem.remedy}", problem=True)
            return False
        except OSError as error:
            self.tell(f"{self._filters.path}: {error.strerror or error}.", problem=True)
            return False
        if done:
            self.tell(done)
        return True

    def _use(self, saved: SavedFilter) -> None:
        """Put exactly these conditions on; the order of the rows stays."""
        query = self.state.query
        self.requery(replace(saved.query, sort=query.sort, descending=query.descending))
        if saved.filter_string != self.state.filter_string:
            self.tui.read_table(saved.filter_string)

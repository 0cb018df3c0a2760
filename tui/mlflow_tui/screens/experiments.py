"""Which experiment, and whether its traces hold what an analysis needs."""

from __future__ import annotations

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from mlflow_analysis.protocol import (
    ListExperiments,
    Problem,
    SummariseExperiment,
)
from mlflow_analysis.records import Experiment
from mlflow_analysis.untrusted import single_line
from mlflow_styles import stylesheet
from mlflow_tui.actions import CONNECTION, EXPERIMENTS, TRACES, bindings_for
from mlflow_tui.client import EngineProblem
from mlflow_tui.experiment_rows import ExperimentRow, Sort, in_order, matching
from mlflow_tui.screens.filling import FillingScreen
from mlflow_tui.widgets.experiment_list import ExperimentHead, ExperimentList
from mlflow_tui.widgets.experiment_preview import preview, preview_head
from mlflow_tui.widgets.figures import grouped
from mlflow_tui.widgets.line_scroll import LineScroll
from mlflow_tui.widgets.prompt_line import PromptLine

SETTLE_SECONDS = 0.25
"""An experiment is looked into once the cursor has rested on it that long."""


class ExperimentsScreen(FillingScreen):
    """The list, and below it a preview of the one under the cursor."""

    PLACE = EXPERIMENTS
    BINDINGS = bindings_for(EXPERIMENTS)
    CSS_PATH = stylesheet("experiments")
    AUTO_FOCUS = "#experiment-list"
    HORIZONTAL_BREAKPOINTS = [(0, "-tight"), (56, "-narrow"), (110, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (20, "-low"), (32, "-high")]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self._sought = ""
        self._problem: Problem | None = None
        self._loading = False
        self._settle: Timer | None = None
        self._previews_due: set[str] = set()
        """Experiments whose preview is from before a refresh."""

    def compose_body(self) -> ComposeResult:
        """The two panes, one above the other."""
        with Vertical(id="choose"):
            with Horizontal(id="list-line"):
                yield Static(id="list-status", markup=False)
            yield PromptLine(id="prompt")
            yield ExperimentHead()
            yield ExperimentList(id="experiment-list")
            yield Static(id="list-note", markup=False)
        with VerticalScroll(id="preview"):
            yield Static(id="preview-text", markup=False)

    # ---- the list -----------------------------------------------------------------------

    def state_changed(self) -> None:
        """Another store has other experiments; coming back, somebody may have decided something."""
        state = self.state
        uri = state.connection.tracking_uri if state.connection else ""
        self.listing.open_id = state.experiment.experiment_id if state.experiment else ""
        if uri != self._listed_for and uri:
            self._listed_for = uri
            self._sought = ""
            self._reviewed = {}
            self.listing.show((), "")
            self.query_one("#preview-text", Static).update("")
            self._read()
        elif uri:
            self._look_for_reviews()
            self._fill()
        self.show_status()

    def engine_restarted(self, sentence: str) -> None:
        """What was being looked into is looked into again."""
        self._look_into()
        self._fill()

    def action_refresh(self) -> None:
        """Ask the store again; what is shown stays until the answer is there."""
        self._previews_due = set(self.state.summaries)
        self._read()

    @work(exclusive=True, group="list", exit_on_error=False)
    async def _read(self) -> None:
        self._loading = True
        self.show_status()
        try:
            answer = await self.client.ask(ListExperiments())
        except EngineProblem as failure:
            self._problem = failure.problem
        else:
            self._problem = self._figures_problem = None
            self.state.experiments = answer.experiments
            self._figures_due = {each.experiment_id for each in answer.experiments}
            self.show_matching()
            self._look_for_reviews()
            self._fill()
            if self._previews_due:
                self._look_into()
        finally:
            self._loading = False
            self.show_status()

    def rows(self) -> list[ExperimentRow]:
        """What is sought, in order."""
        figures, reviewed = self.state.figures, self._reviewed
        rows = [
            ExperimentRow(each, figures.get(each.experiment_id), reviewed.get(each.experiment_id))
            for each in matching(self.state.experiments, self._sought)
        ]
        if self._sought and self._sort is Sort.CHANGED:
            return rows  # the likest first
        return in_order(rows, self._sort, self._descending)

    def show_matching(self, *, keep: bool = True) -> None:
        """Draw the list; ``keep``: the cursor stays on its experiment."""
        chosen = self.listing.chosen
        kept = chosen.experiment_id if chosen else self.listing.open_id
        self.listing.show(self.rows(), kept if keep else "")
        self.query_one(ExperimentHead).mark(self._sort, self._descending)

    # ---- the status line ----------------------------------------------------------------

    def show_status(self) -> None:
        """Draw the line above the list."""
        self.query_one("#list-status", Static).update(self._status(), layout=False)
        note = self._note()
        self.set_class(note is not None, "-empty")
        if note is not None:
            self.query_one("#list-note", Static).update(note)

    def _status(self) -> Content:
        total, shown = len(self.state.experiments), self.listing.line_count
        if self._problem is not None:
            kept = " The list is from before." if total else ""
            return Content.styled(f"✗ {self._problem.sentence}{kept}", "$error")
        count = grouped(total) if shown == total else f"{grouped(shown)} of {grouped(total)}"
        parts = [Content.styled(f"{count} experiment{'' if total == 1 else 's'}", "bold")]
        if self._loading:
            parts.append(Content.styled("reading …", "$warning"))
        if self._figures_problem is not None:
            sentence = f"figures: {self._figures_problem.sentence} R tries again"
            parts.append(Content.styled(sentence, "$error"))
        elif self._sort.needs_figures and self._figures_due:
            known = total - len(self._figures_due)
            parts.append(
                Content.styled(f"figures of {grouped(known)} of {grouped(total)} …", "$warning")
            )
        if self._sought:
            parts.append(Content.styled(f"like “{single_line(self._sought)}”", "$primary"))
        if not self._sought or self._sort is not Sort.CHANGED:
            parts.append(Content.styled(f"by {self._sort.value}", "$muted"))
        return Content.styled(" · ", "$muted").join(parts)

    def _note(self) -> Content | None:
        if self.listing.line_count:
            return None
        if self.state.connection is None:
            return Content("No store is open. Press 1 and choose one.")
        if self._problem is not None:
            return Content.assemble(
                (self._problem.sentence, "$error"), "\n\n", (self._problem.remedy, "$muted")
            )
        if self._loading:
            return Content.styled("Reading the experiments …", "$muted")
        if self.state.experiments:
            return Content.assemble(
                f"No experiment is called anything like “{single_line(self._sought)}”.",
                ("\n\nesc shows all", "$muted"),
            )
        return Content("This store has no experiments.")

    # ---- the preview --------------------------------------------------------------------

    @on(LineScroll.Moved, "#experiment-list")
    def _moved(self) -> None:
        self._show_preview()
        if self._settle is not None:
            self._settle.stop()
        self._settle = self.set_timer(SETTLE_SECONDS, self._settled)

    def _settled(self) -> None:
        self._look_into()
        self._fill()

    @on(events.Resize)
    def _resized(self) -> None:
        self.call_after_refresh(self._show_preview)

    @on(ExperimentList.Measured)
    def _measured(self) -> None:
        self._fill()

    def _look_into(self) -> None:
        chosen = self.listing.chosen
        if chosen is not None and (
            chosen.experiment_id not in self.state.summaries
            or chosen.experiment_id in self._previews_due
        ):
            self._summarise(chosen)

    @work(exclusive=True, group="preview", exit_on_error=False)
    async def _summarise(self, experiment: Experiment) -> None:
        text = self.query_one("#preview-text", Static)
        try:
            summary = await self.client.ask(SummariseExperiment(experiment.experiment_id))
        except EngineProblem as failure:
            problem = failure.problem
            if self.listing.chosen == experiment:
                text.update(
                    Content.assemble(
                        preview_head(experiment, self._preview_width),
                        "\n\n",
                        (problem.sentence, "$error"),
                        "\n",
                        (problem.remedy, "$muted"),
                    )
                )
            return
        self._previews_due.discard(experiment.experiment_id)
        self.state.summaries[experiment.experiment_id] = summary
        self._show_preview()

    @property
    def _preview_width(self) -> int:
        return self.query_one("#preview").scrollable_content_region.width

    def _show_preview(self) -> None:
        chosen = self.listing.chosen
        text = self.query_one("#preview-text", Static)
        if chosen is None:
            text.update("")
            return
        summary = self.state.summaries.get(chosen.experiment_id)
        if summary is None:
            text.update(
                Content.assemble(
                    preview_head(chosen, self._preview_width),
                    ("\n\nLooking at its newest traces …", "$muted"),
                )
            )
        else:
            text.update(preview(chosen, summary, self._preview_width))

    # ---- actions ------------------------------------------------------------------------

    def action_cursor(self, where: str) -> None:
        """Move in the list, or scroll the preview if it has the focus."""
        pane = self.query_one("#preview", VerticalScroll)
        if self.focused is not pane:
            self.listing.move(where)
        elif where in ("first", "last"):
            (pane.scroll_home if where == "first" else pane.scroll_end)(animate=False)
        else:
            step = pane.size.height - 1 if where.startswith("page") else 1
            pane.scroll_relative(y=step if where.endswith("down") else -step, animate=False)

    def action_find(self) -> None:
        """Find by a part of the name, or of a tag."""
        self.query_one(PromptLine).ask("find", "a part of the name, or a tag", self._sought)

    @on(PromptLine.Typed)
    def _typed(self, message: PromptLine.Typed) -> None:
        self._sought = message.text
        self.show_matching(keep=False)
        self.show_status()

    @on(PromptLine.Answered)
    def _answered(self) -> None:
        self.query_one(PromptLine).close()
        self.listing.focus()

    def on_key(self, event: events.Key) -> None:
        """While typing, the arrows still move in the list."""
        if self.query_one(PromptLine).purpose and event.key in ("down", "up"):
            self.listing.move(event.key)
            event.stop()

    def action_sort(self, step: int) -> None:
        """Sort by the next column to the right (1) or left (-1); left of all is the last change."""
        columns = list(Sort)
        place = columns.index(self._sort) + step
        if 0 <= place < len(columns):
            self._sort, self._descending = columns[place], columns[place].descending
            self._sorted()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._descending = not self._descending
        self._sorted()

    def _sorted(self) -> None:
        self.show_matching(keep=False)
        self._fill()
        self.show_status()

    @on(LineScroll.Chosen, "#experiment-list")
    def _row_chosen(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        """Open the experiment and go to its traces."""
        self.tui.action_go(TRACES)

    def before_leaving(self, place: str) -> None:
        """Going on to a later step opens the experiment under the cursor."""
        chosen = self.listing.chosen
        if place in (CONNECTION, EXPERIMENTS) or chosen is None:
            return
        if self.state.experiment is None or (
            chosen.experiment_id != self.state.experiment.experiment_id
        ):
            self.tui.choose_experiment(chosen)

    def action_back(self) -> None:
        """Leave the preview, close the search, or go back to the connection."""
        prompt = self.query_one(PromptLine)
        if self.focused is not None and self.focused.id == "preview":
            self.listing.focus()
        elif prompt.purpose or self._sought:
            prompt.close()
            self._sought = ""
            self.show_matching()
            self.show_status()
            self.listing.focus()
        else:
            self.app.switch_mode(CONNECTION)

"""Which experiment, and whether its traces hold what an analysis needs."""

from __future__ import annotations

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from mlflow_analysis.protocol import ListExperiments, Problem, SummariseExperiment
from mlflow_analysis.records import Experiment
from mlflow_analysis.untrusted import single_line
from mlflow_styles import stylesheet
from mlflow_tui.actions import CONNECTION, EXPERIMENTS, TRACES, bindings_for
from mlflow_tui.client import EngineProblem
from mlflow_tui.screens.base import StepScreen
from mlflow_tui.widgets.experiment_list import ExperimentList, matching
from mlflow_tui.widgets.experiment_preview import preview, preview_head
from mlflow_tui.widgets.figures import grouped
from mlflow_tui.widgets.line_scroll import LineScroll
from mlflow_tui.widgets.prompt_line import PromptLine

SETTLE_SECONDS = 0.25
"""An experiment is looked into once the cursor has rested on it that long."""


class ExperimentsScreen(StepScreen):
    """List on the left, a preview of the one under the cursor on the right."""

    PLACE = EXPERIMENTS
    BINDINGS = bindings_for(EXPERIMENTS)
    CSS_PATH = stylesheet("experiments")
    AUTO_FOCUS = "#experiment-list"
    HORIZONTAL_BREAKPOINTS = [(0, "-tight"), (64, "-narrow"), (110, "-wide")]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self._listed_for = ""
        """Store whose experiments are on the screen."""
        self._sought = ""
        self._problem: Problem | None = None
        self._loading = False
        self._settle: Timer | None = None

    def compose_body(self) -> ComposeResult:
        """The two panes."""
        with Horizontal(id="experiments"):
            with Vertical(id="choose"):
                yield Static(id="list-status", markup=False)
                yield PromptLine(id="prompt")
                yield ExperimentList(id="experiment-list")
                yield Static(id="list-note", markup=False)
            with VerticalScroll(id="preview"):
                yield Static(id="preview-text", markup=False)

    @property
    def listing(self) -> ExperimentList:
        """The experiments."""
        return self.query_one(ExperimentList)

    # ---- the list -----------------------------------------------------------------------

    def state_changed(self) -> None:
        """Another store has other experiments."""
        state = self.state
        uri = state.connection.tracking_uri if state.connection else ""
        self.listing.open_id = state.experiment.experiment_id if state.experiment else ""
        self.listing.refresh()
        if uri != self._listed_for and uri:
            self._listed_for = uri
            self._sought = ""
            self.listing.show((), "")
            self.query_one("#preview-text", Static).update("")
            self._read()
        self._show_status()

    def engine_restarted(self, sentence: str) -> None:
        """What was being looked into is looked into again."""
        self._look_into()

    def action_refresh(self) -> None:
        """Ask the store again."""
        self.state.summaries.clear()
        self._read()

    @work(exclusive=True, group="list", exit_on_error=False)
    async def _read(self) -> None:
        self._loading = True
        self._show_status()
        try:
            answer = await self.client.ask(ListExperiments())
        except EngineProblem as failure:
            self._problem = failure.problem
        else:
            self._problem = None
            self.state.experiments = answer.experiments
            self._show_matching()
        finally:
            self._loading = False
            self._show_status()

    def _show_matching(self) -> None:
        chosen = self.listing.chosen
        keep = chosen.experiment_id if chosen else self.listing.open_id
        self.listing.show(
            matching(self.state.experiments, self._sought), keep if not self._sought else ""
        )

    def _show_status(self) -> None:
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
        if self._sought:
            parts.append(Content.styled(f"like “{single_line(self._sought)}”", "$primary"))
        else:
            parts.append(Content.styled("last changed first", "$muted"))
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
        self._settle = self.set_timer(SETTLE_SECONDS, self._look_into)

    @on(events.Resize)
    def _resized(self) -> None:
        self.call_after_refresh(self._show_preview)

    def _look_into(self) -> None:
        chosen = self.listing.chosen
        if chosen is not None and chosen.experiment_id not in self.state.summaries:
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
                        preview_head(experiment),
                        "\n\n",
                        (problem.sentence, "$error"),
                        "\n",
                        (problem.remedy, "$muted"),
                    )
                )
            return
        self.state.summaries[experiment.experiment_id] = summary
        self._show_preview()

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
                    preview_head(chosen), ("\n\nLooking at its newest traces …", "$muted")
                )
            )
        else:
            width = self.query_one("#preview").scrollable_content_region.width
            text.update(preview(chosen, summary, width))

    # ---- actions ------------------------------------------------------------------------

    def action_cursor(self, where: str) -> None:
        """Move in the list, or scroll the preview if it has the focus."""
        preview = self.query_one("#preview", VerticalScroll)
        if self.focused is not preview:
            self.listing.move(where)
        elif where in ("first", "last"):
            (preview.scroll_home if where == "first" else preview.scroll_end)(animate=False)
        else:
            step = preview.size.height - 1 if where.startswith("page") else 1
            preview.scroll_relative(y=step if where.endswith("down") else -step, animate=False)

    def action_find(self) -> None:
        """Find by a part of the name."""
        self.query_one(PromptLine).ask("find", "a part of the name", self._sought)

    @on(PromptLine.Typed)
    def _typed(self, message: PromptLine.Typed) -> None:
        self._sought = message.text
        self._show_matching()
        self._show_status()

    @on(PromptLine.Answered)
    def _answered(self) -> None:
        self.query_one(PromptLine).close()
        self.listing.focus()

    def on_key(self, event: events.Key) -> None:
        """While typing, the arrows still move in the list."""
        if self.query_one(PromptLine).purpose and event.key in ("down", "up"):
            self.listing.move(event.key)
            event.stop()

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
        """Close the search, or go back to the connection."""
        prompt = self.query_one(PromptLine)
        if prompt.purpose or self._sought:
            prompt.close()
            self._sought = ""
            self._show_matching()
            self._show_status()
            self.listing.focus()
        else:
            self.app.switch_mode(CONNECTION)

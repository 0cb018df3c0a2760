"""The board: claims under test, what the traces say of them, and what the reviewer decides."""

from __future__ import annotations

import os
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import DescendantBlur, DescendantFocus
from textual.timer import Timer
from textual.widgets import Static

from mlflow_analysis.events import AnalysisReady, PurposeDrafted
from mlflow_analysis.protocol import Pushed
from mlflow_styles import stylesheet
from mlflow_tui.actions import BOARD, REPORT, bindings_for
from mlflow_tui.board.filter import Filter, Shown
from mlflow_tui.screens.claim import claim_of
from mlflow_tui.screens.claiming import ClaimingScreen
from mlflow_tui.screens.purpose import PurposeScreen
from mlflow_tui.screens.text_dialog import TextDialog
from mlflow_tui.widgets.board_list import BoardList
from mlflow_tui.widgets.board_status import BoardStatus, Standing
from mlflow_tui.widgets.detail_view import DetailView
from mlflow_tui.widgets.glyphs import glyphs_for
from mlflow_tui.widgets.watch_words import watch_words

DETAIL_SECONDS = 0.08
"""The detail is drawn when the cursor has rested this long: holding a key down draws it once."""

_DECIDING = (
    "accept",
    "reject",
    "severity",
    "assign",
    "merge",
    "split",
    "mark",
    "comment",
    "undo",
    "redo",
)
_WALKING = ("review", "skip", "filter", "find", "previous_match")
_CLAIMS = ("change_claim", "remove_claim")
_CONDITIONAL = (
    *_DECIDING,
    *_WALKING,
    *_CLAIMS,
    "open",
    "next_evidence",
    "stop",
    "start",
    "export",
    "back",
)
"""Actions that do not always apply."""


class BoardScreen(ClaimingScreen):
    """Cards left, detail right; in a narrow terminal enter shows the detail instead."""

    PLACE: ClassVar[str] = BOARD
    BINDINGS = bindings_for(BOARD)
    CSS_PATH = stylesheet("board")

    def __init__(self) -> None:
        super().__init__()
        self._glyphs = glyphs_for(os.environ)
        self._detail_timer: Timer | None = None
        self._offered: tuple[bool | None, ...] = ()

    def compose_body(self) -> ComposeResult:
        """Status line, cards, detail."""
        yield BoardStatus(self._glyphs)
        with Horizontal(id="board-body"):
            yield BoardList(self._glyphs)
            yield Static(id="board-divider")
            yield DetailView(self._glyphs)

    def on_mount(self) -> None:
        """The keys are for the cards."""
        self._list.focus()

    @on(DescendantFocus)
    @on(DescendantBlur)
    def _tell_who_has_the_keys(self) -> None:
        body = self.query_one("#board-body")
        body.set_class(self.focused is self._detail, "-reading-detail")

    # ---- what is shown --------------------------------------------------------------------

    @property
    def _detail(self) -> DetailView:
        return self.query_one(DetailView)

    def state_changed(self) -> None:
        """Another experiment, another run, or back from another screen."""
        self._open_review()
        self._begin()
        self._draw()

    def engine_pushed(self, bodies: tuple[Pushed, ...]) -> None:
        """The client hands events on four times a second at most; draw once for each such batch."""
        self.steps_pushed(bodies)
        if self.is_current or any(isinstance(body, PurposeDrafted) for body in bodies):
            self._draw()
        for body in bodies:
            if isinstance(body, AnalysisReady):
                self._keep_purpose()
            if isinstance(body, AnalysisReady) and not body.interrupted:
                self.run_worker(self._follow_up(body.analysis.findings))

    def _keep_purpose(self) -> None:
        """What was confirmed while traces were still read says what all of them show, also from now on."""
        board, charter = self._board, self.state.charter
        if board.purpose is None or not board.purpose_follows_draft:
            return
        board.settle_purpose(board.purpose)
        kept = charter.with_purpose(board.purpose)
        if kept != charter:
            self.tui.keep_charter(kept)

    def engine_restarted(self, sentence: str) -> None:
        """The run is lost; what it had found stays until another is started."""
        self._draw()

    def _begin(self) -> None:
        """Coming here with nothing analysed yet starts the reading and asks about the purpose."""
        state = self.state
        if state.experiment is None:
            return
        if not state.analysing and not self._board.started and state.analysis_problem is None:
            self.tui.start_analysis()
        asking = any(isinstance(screen, PurposeScreen) for screen in self.app.screen_stack)
        if self.is_current and state.analysing and not self._board.purpose_settled and not asking:
            self.app.push_screen(PurposeScreen())

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        board = self._board
        self._list.empty_text = self._empty_text()
        self._list.show(board.groups(self._shown), board.successor)
        self._draw_status()
        self._draw_detail_soon()
        self._offer_keys()

    def _empty_text(self) -> str:
        if self.state.experiment is None:
            return "Choose an experiment first (2)."
        if self._board.count():
            return f"No card is {self._shown.phrase}. f chooses others, esc shows all."
        if self.state.analysing:
            return "Listing the claims to test …"
        return "Nothing here yet. S starts the analysis."

    def _draw_status(self) -> None:
        board, state = self._board, self.state
        done = board.analysis
        problem = state.analysis_problem
        self.query_one(BoardStatus).say(
            Standing(
                progress=board.progress if state.analysing else None,
                workers=board.workers,
                traces_read=done.traces_read if done is not None else None,
                interrupted=board.interrupted,
                skipped=board.skipped,
                problem=f"{problem.sentence} {problem.remedy}" if problem is not None else "",
                waiting="Starting …" if state.analysing else "",
                to_decide=board.count(Filter.TO_DECIDE),
                accepted=board.count(Filter.ACCEPTED),
                rejected=board.count(Filter.REJECTED),
                merged=board.count(Filter.MERGED),
                disputed=board.count(Filter.DISPUTED),
                shown=self._shown.phrase,
                found=self._match_place,
                marked=len(board.marks),
                review=self._review_place,
                focus=board.focus,
                watching=watch_words(state.watch) if state.watch is not None else "",
            )
        )

    @on(BoardList.Moved)
    def _moved(self) -> None:
        self._draw_detail_soon()
        if self._sought:
            self._draw_status()
        self._offer_keys()

    @on(BoardList.Chosen)
    async def _chosen(self) -> None:
        await self.action_open()

    def _offer_keys(self) -> None:
        """Redraw the footer, but only if other keys apply than before: bytes count over SSH."""
        offered = tuple(self.check_action(action, ()) for action in _CONDITIONAL)
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def _draw_detail_soon(self) -> None:
        if self._detail_timer is not None:
            self._detail_timer.stop()
        self._detail_timer = self.set_timer(DETAIL_SECONDS, self._draw_detail)

    def _draw_detail(self) -> None:
        if self._detail.display:
            done = self._board.analysis
            self._detail.timeline = done.statistics.timeline if done is not None else ()
            self._detail.few_bytes = bool(getattr(self.app, "low_bandwidth", False))
            self._detail.show_card(self.card)

    def on_resize(self) -> None:
        """A detail that a wider terminal brings back shows what became of its card meanwhile."""
        self.call_after_refresh(self._draw_detail)

    # ---- moving ---------------------------------------------------------------------------

    @property
    def _detail_fills(self) -> bool:
        """Whether the detail stands in the cards' place (narrow terminal)."""
        return self.query_one("#board-body").has_class("-detail") and not self._wide

    @property
    def _wide(self) -> bool:
        return self.has_class("-wide")

    def action_cursor(self, where: str) -> None:
        """Move in the pane that has the keys."""
        if self.focused is self._detail:
            self._detail.move(where)
        else:
            self._list.move(where)

    def action_next_pane(self) -> None:
        """From the cards to the detail and back."""
        if not self._wide:
            self._show_detail(not self._detail_fills)
        elif self.focused is self._detail:
            self.set_focus(self._list)
        else:
            self.set_focus(self._detail)

    def _show_detail(self, shown: bool) -> None:
        self.query_one("#board-body").set_class(shown, "-detail")
        (self._detail if shown else self._list).focus()
        if shown:
            self.call_after_refresh(self._draw_detail)
        self._offer_keys()

    async def action_open(self) -> None:
        """In a narrow terminal first the detail; then the example in Traces, at its span."""
        card = self.card
        if card is None:
            return
        if not self._wide and not self._detail_fills:
            self._show_detail(True)
            return
        self._draw_detail()
        example = self._detail.example
        if example is None:
            self.tell("There is no example to open: nothing was found.")
            return
        await self.tui.show_evidence(example.trace_id, example.span_id, example.excerpt, card.key)

    def action_back(self) -> None:
        """Out of the detail, the review, the marks, the filter: one at a time."""
        if self._detail.charts:
            self._detail.show_charts(False)
        elif self._detail_fills:
            self._show_detail(False)
        elif self.focused is self._detail:
            self._list.focus()
        elif self._reviewing:
            self._end_review()
        elif self._board.marks:
            self._board.set_marks(())
        elif self._sought and not self._shown.text:
            self._sought = ""
        else:
            self._shown = Shown()
        self._draw()

    def action_next_evidence(self) -> None:
        """Point at the next example."""
        self._point_at_example(1)

    def action_previous_evidence(self) -> None:
        """Point at the previous example."""
        self._point_at_example(-1)

    def action_charts(self) -> None:
        """The charts of the card in the place of its detail, and back."""
        shown = not self._detail.charts
        if not self._wide:
            self._show_detail(True)
        self._draw_detail()
        self._detail.show_charts(shown)
        self._offer_keys()

    def _point_at_example(self, step: int) -> None:
        if not self._wide and not self._detail_fills:
            self._show_detail(True)
            return
        self._draw_detail()
        self._detail.point_at_example(step)

    @work(exclusive=True, group="dialog")
    async def action_focus_on(self) -> None:
        """Ask what worries the reviewer; what speaks of it is marked and comes first."""
        text = await self.app.push_screen_wait(
            TextDialog(
                "What worries you?",
                self._board.focus,
                hint="It is tested as a claim of your own, and claims that speak of these words are "
                "marked and come first in their family. Empty takes the marks back.",
                verb="ask",
            )
        )
        if text is not None:
            self._board.set_focus(text)
            claim = claim_of(text)
            if claim is not None:
                self.tui.ask_claims((*self.state.charter.focuses, claim))
            self._draw()

    def action_purpose(self) -> None:
        """Look at what the application does once more."""
        self.app.push_screen(PurposeScreen())

    # ---- running --------------------------------------------------------------------------

    def action_start(self) -> None:
        """Analyse again, from the start, with purpose, focus and claims as they are."""
        self.tui.start_analysis(self._board.focus)
        self._board.settle_purpose(self.state.charter.purpose)

    def action_stop(self) -> None:
        """Conclude from what was read."""
        self.tui.stop_analysis()
        self.tell("Stopping: the verdicts come from what was read so far.")

    def action_ask_judge(self) -> None:
        """Ask the judge about the finding under the cursor."""
        if self.card is not None and self.card.finding is not None:
            self.ask_judge(self.card.finding.fingerprint)

    def action_export(self) -> None:
        """Exporting is done on the report, where one sees what is exported."""
        self.tui.action_go(REPORT)

    # ---- which keys apply -----------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The footer shows, and the keys do, only what makes sense now."""
        if not self.is_mounted or not self.query(BoardList):
            return True
        if action in _DECIDING:
            return self._can_decide(action)
        if action in _WALKING:
            return self._can_walk(action)
        if action == "open":
            return self.card is not None
        if action in _CLAIMS:
            return self._own_claim() is not None
        if action in ("add_claim", "watch"):
            return self.state.experiment is not None
        if action == "purpose":
            return self._board.purpose is not None
        if action == "ask_judge":
            found = self.card.finding if self.card is not None else None
            return self._board.analysis is not None and found is not None and bool(found.trace_ids)
        if action in ("next_evidence", "previous_evidence", "charts"):
            return self.card is not None and self.card.finding is not None
        if action == "stop":
            return self.state.analysing
        if action == "start":
            return not self.state.analysing and self.state.experiment is not None
        if action == "export":
            return self._board.analysis is not None
        if action == "back":
            return bool(
                self._detail.charts
                or self._detail_fills
                or self.focused is self._detail
                or self._reviewing
                or self._board.marks
                or self._sought
                or not self._shown.is_all
            )
        return True

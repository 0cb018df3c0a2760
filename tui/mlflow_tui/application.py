"""The app: five modes, what they share, and how it begins and ends. No logic of any screen.

Importing this module imports Textual; ``mlflow_tui.app`` is what the command line calls.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual import work
from textual.app import App, ComposeResult, SystemCommand
from textual.command import CommandPalette
from textual.filter import LineFilter
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widgets import Input

from mlflow_analysis.charter import (
    Charter,
    CharterNotUnderstood,
    charter_path,
    read_charter,
    write_charter,
)
from mlflow_analysis.focus import Focus
from mlflow_analysis.protocol import (
    AskFocuses,
    CheckConnection,
    ConnectionReport,
    OpenExperiment,
    Problem,
    Pushed,
    RowQuery,
    StartAnalysis,
    Stop,
    TableGrew,
)
from mlflow_analysis.records import Experiment
from mlflow_analysis.review import ANALYSES, Review, review_path
from mlflow_analysis.sign_in import ConnectionRequest
from mlflow_styles import stylesheet
from mlflow_styles.themes import ROLE_DEFAULTS, THEMES
from mlflow_tui.actions import (
    CONNECTION,
    EVERYWHERE,
    EXPERIMENTS,
    TRACES,
    actions_for,
    bindings_for,
)
from mlflow_tui.board_state import BoardState
from mlflow_tui.client import EngineClient, EngineProblem
from mlflow_tui.crash import crash_report
from mlflow_tui.messages import EnginePushed, EngineRestarted, StateChanged
from mlflow_tui.modes import MODES
from mlflow_tui.screens.base import StepScreen
from mlflow_tui.scrub import Scrub
from mlflow_tui.settings import Settings
from mlflow_tui.state import AppState
from mlflow_tui.terminal import leave_on_signals, theme_for
from mlflow_tui.widgets.chrome import HeaderLine

COLLECT_AFTER = (1_000, 10, 10_000)
"""Thresholds of the cyclic collector's generations: of the oldest, hours of work; cycles die young here."""
RESTARTS = 3
RESTART_WINDOW_SECONDS = 60.0
"""An engine that dies more often than that in this time is not started again."""


class MlflowTui(App[int]):
    """Five screens over one engine process.

    The arguments say how far to jump ahead: an address or a profile, an env file whose variables hold where
    the environment says nothing, an experiment's name or id, a filter.
    """

    TITLE = "mlflow-tui"
    CSS_PATH = stylesheet("app")
    MODES = MODES
    BINDINGS = bindings_for(EVERYWHERE)
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        client: EngineClient,
        settings: Settings,
        *,
        tracking_uri: str | None = None,
        env_file: str = "",
        profile: str = "",
        experiment: str | None = None,
        filter_string: str = "",
        demo: bool = False,
    ) -> None:
        theme = theme_for(os.environ)
        # Textual takes NO_COLOR out of the environment here, and turns "no colour of its own"
        # into black on black unless it knows already that the theme is of the terminal's colours.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.client = client
        self.settings = settings
        self.state = AppState()
        self.start_connection = (
            ConnectionRequest(tracking_uri or "", env_file)
            if tracking_uri is not None or (env_file and not profile)
            else None
        )
        self.start_profile = profile
        self.start_env_file = env_file
        self.start_experiment = experiment
        self.start_filter = filter_string
        self.start_demo = demo
        self._restarts: list[float] = []
        self._table_opened = asyncio.Event()
        for each in THEMES:
            self.register_theme(each)
        self.theme = theme

    # ---- beginning and end --------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """The header alone: it is on the screen while the first step is being imported."""
        yield HeaderLine(CONNECTION)

    def on_mount(self) -> None:
        """Listen to the engine and to the signals that end a session."""
        self.call_after_refresh(self._begin)
        leave_on_signals(self.exit)
        # Coming back from ctrl+z, Textual leaves the screen blank.
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))

    async def _begin(self) -> None:
        """After the first paint: the first step, and the engine, whose imports take a while."""
        await self.switch_mode(CONNECTION)
        gc.enable()
        gc.freeze()
        # A full collection goes through all that an analysis found, 0.2 s and more under a held key.
        gc.set_threshold(*COLLECT_AFTER)
        self.client.attach(self._engine_pushed, self._engine_crashed)

    def on_unmount(self) -> None:
        """The engine ends with the app."""
        self.client.close()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Nothing reaches the terminal without passing ``Scrub``."""
        return [*super().get_line_filters(), _SCRUB]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our colour roles, for themes that do not have them."""
        return ROLE_DEFAULTS

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """As Textual's, but text is text: markup in it is shown, not obeyed."""
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)

    def _handle_exception(self, error: Exception) -> None:
        """A crash goes to the log file; the terminal gets a sentence.

        Textual would print the traceback with local variables, and those hold trace content.
        """
        self._return_code = 1
        first = self._exception is None
        if first:
            self._exception = error
            self._exit_renderables.append(crash_report(error, self.settings.log_directory))
        self._close_messages_no_wait()
        if first:
            self._exception_event.set()  # the test pilot raises the error again

    # ---- the engine ---------------------------------------------------------------------

    def _engine_pushed(self, bodies: tuple[Pushed, ...]) -> None:
        self.state.apply(bodies)
        if any(isinstance(body, TableGrew) for body in bodies):
            self._table_opened.set()
        self._tell_screens(lambda: EnginePushed(bodies))

    def _engine_crashed(self, problem: Problem) -> None:
        now = time.monotonic()
        self._restarts = [at for at in self._restarts if now - at < RESTART_WINDOW_SECONDS] + [now]
        self.state.analysing = False
        if len(self._restarts) > RESTARTS:
            self.notify(
                f"{problem.sentence} It failed {RESTARTS} times in a minute and stays off. "
                f"Leave; what went wrong is in {self.settings.log_directory / 'engine.log'}.",
                severity="error",
                timeout=60,
            )
            return
        self.notify(f"{problem.sentence} {problem.remedy}", severity="error", timeout=10)
        self.client.hold()
        self.client.start()
        self._reopen(problem.sentence)

    @work(exclusive=True, group="reopen", exit_on_error=False)
    async def _reopen(self, sentence: str) -> None:
        """Bring a new engine to where the old one was."""
        state = self.state
        try:
            if state.connection is not None:
                asked = state.asked
                await self.client.ask(
                    CheckConnection(asked.tracking_uri, asked.env_file, asked.sign_in)
                )
            if state.experiment is not None:
                await self.client.ask(
                    OpenExperiment(state.experiment.experiment_id, state.filter_string)
                )
        except EngineProblem as failure:
            self.notify(f"{failure.problem.sentence} {failure.problem.remedy}", severity="error")
            return
        finally:
            self.client.release()
        self._tell_screens(lambda: EngineRestarted(sentence))

    def _tell_screens(self, make: Callable[[], Message]) -> None:
        for stack in self._screen_stacks.values():
            for screen in stack:
                if isinstance(screen, StepScreen):
                    screen.post_message(make())

    def state_changed(self) -> None:
        """Tell every screen that ``state`` holds another connection, experiment or review."""
        self._tell_screens(StateChanged)

    # ---- what screens ask for -----------------------------------------------------------

    def connected(self, asked: ConnectionRequest, report: ConnectionReport) -> None:
        """A store answered: it is the open one. Another one than before has other experiments."""
        state = self.state
        before = state.connection.tracking_uri if state.connection else ""
        state.asked, state.connection = asked, report
        if before != report.tracking_uri:
            state.experiments, state.experiment = (), None
            state.figures, state.summaries = {}, {}
            state.table, state.review, state.board = None, None, BoardState()
        self.state_changed()

    def restart_engine(self) -> None:
        """End what the engine is doing, and bring a new one to where it was."""
        self.client.hold()
        self.client.restart()
        self.state.analysing = False
        self._reopen("")

    def choose_experiment(self, experiment: Experiment, filter_string: str = "") -> None:
        """Make ``experiment`` the open one: its traces and its review are read, the board is empty."""
        state = self.state
        uri = state.connection.tracking_uri if state.connection else ""
        state.experiment = experiment
        state.filter_string = filter_string
        state.table = None
        state.table_problem = None
        state.query = RowQuery()
        state.trace_id = ""
        state.analysis_problem = None
        state.review = self._open_review(
            review_path(self.settings.review_directory, uri, experiment.experiment_id)
        )
        state.charter = self._read_charter()
        state.board = self._empty_board()
        self._table_opened.clear()
        self.state_changed()
        self.read_table(filter_string)

    def _open_review(self, path: Path) -> Review | None:
        """What was decided before; ``None`` if it cannot be read: then nothing can be decided either."""
        try:
            return Review(path)
        except OSError as error:
            sentence = f"The review cannot be opened: {error.strerror or error}"
            self.state.review_problem = sentence
            self.notify(sentence, severity="error", timeout=20)
            return None

    def _empty_board(self) -> BoardState:
        review = self.state.review
        if review is None:
            return BoardState()
        return BoardState(review.standing, review.course_since, review.author)

    @work(exclusive=True, group="table", exit_on_error=False)
    async def read_table(self, filter_string: str) -> None:
        """Read the open experiment's traces. If that fails, what was there before stays."""
        state = self.state
        assert state.experiment is not None
        try:
            table = await self.client.ask(
                OpenExperiment(state.experiment.experiment_id, filter_string)
            )
        except EngineProblem as failure:
            state.table_problem = failure.problem
        else:
            state.table_problem = None
            state.table = table
            state.filter_string = filter_string
        self._table_opened.set()
        self.state_changed()

    def start_analysis(self, focus: str = "", seed: int = 0) -> None:
        """Analyse the open experiment afresh; its events arrive at every screen.

        What the user said of it before holds: purpose, tools, scope, claims of their own.
        """
        state = self.state
        purpose, claims = state.charter.purpose, state.charter.focuses
        state.board = self._empty_board()
        if purpose is not None and purpose.description:
            state.board.settle_purpose(purpose)
        state.board.set_focus(focus)
        state.analysis_problem = None
        state.analysing = True
        self.state_changed()
        keep_in = str(self.settings.review_directory.parent / ANALYSES)
        self._analyse(StartAnalysis(purpose, claims, seed, keep_in=keep_in))

    @work(exclusive=True, group="analysis", exit_on_error=False)
    async def _analyse(self, request: StartAnalysis) -> None:
        await self._table_opened.wait()  # before that, the engine has another experiment open
        try:
            done = await self.client.ask(request)
            if done.note:
                self.notify(done.note, severity="warning", timeout=15)
        except EngineProblem as failure:
            self.state.analysis_problem = failure.problem
        finally:
            self.state.analysing = False
            self.state_changed()

    # ---- what the user says of the application ------------------------------------------

    def _charter_path(self) -> Path | None:
        state = self.state
        if state.experiment is None:
            return None
        uri = state.connection.tracking_uri if state.connection else ""
        return charter_path(self.settings.review_directory, uri, state.experiment.experiment_id)

    def _read_charter(self) -> Charter:
        path = self._charter_path()
        try:
            return read_charter(path) if path is not None else Charter()
        except CharterNotUnderstood as problem:
            sentence = f"{problem.sentence} Until you say it anew, nothing of it is used."
        except OSError as error:
            sentence = f"{path} cannot be read: {error.strerror or error}."
        self.notify(sentence, severity="error", timeout=20)
        return Charter()

    def keep_charter(self, charter: Charter) -> None:
        """What the user said holds from now on, in later sessions too."""
        self.state.charter = charter
        path = self._charter_path()
        if path is None:
            return
        try:
            write_charter(path, charter)
        except OSError as error:
            self.notify(
                f"What you said could not be saved: {error.strerror or error}. It holds until you leave.",
                severity="error",
            )

    def ask_claims(self, claims: Sequence[Focus]) -> None:
        """Test exactly these claims of the user's own, now and in later analyses."""
        kept = tuple({claim.key: claim for claim in claims}.values())
        self.keep_charter(replace(self.state.charter, focuses=kept))
        self.state.board.ask_claims(kept)
        self.state_changed()
        if self.state.analysing or self.state.board.analysis is not None:
            self._ask_claims(kept)

    @work(group="claims", exit_on_error=False)
    async def _ask_claims(self, claims: tuple[Focus, ...]) -> None:
        try:
            done = await self.client.ask(AskFocuses(claims))
            if done.note:
                self.notify(done.note, severity="warning", timeout=15)
        except EngineProblem as failure:
            self.notify(f"{failure.problem.sentence} {failure.problem.remedy}", severity="error")

    @work(group="stop", exit_on_error=False)
    async def stop_analysis(self) -> None:
        """Stop reading; the engine concludes from what was read."""
        try:
            await self.client.ask(Stop())
        except EngineProblem as failure:
            self.notify(failure.problem.sentence, severity="error")

    async def show_evidence(
        self, trace_id: str, span_id: str, excerpt: str, finding: str = ""
    ) -> None:
        """Open an example of a finding in Traces, at its span; esc comes back to the board."""
        from mlflow_tui.screens.traces import TracesScreen

        await self.switch_mode(TRACES)
        screen = self.screen
        if isinstance(screen, TracesScreen):
            screen.show_evidence(trace_id, span_id, excerpt, RowQuery(finding=finding))

    # ---- actions ------------------------------------------------------------------------

    def action_go(self, place: str) -> None:
        """Go to a screen."""
        screen = self.screen
        if isinstance(screen, StepScreen):
            screen.before_leaving(place)
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.switch_mode(place)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Screens that have nothing to show yet are not offered."""
        if action == "go":
            place = parameters[0]
            if place == EXPERIMENTS:
                return self.state.connection is not None
            if place != CONNECTION:
                here = self.screen
                choosing = isinstance(here, StepScreen) and here.PLACE == EXPERIMENTS
                return self.state.experiment is not None or choosing
        return True

    def action_command_palette(self) -> None:
        """Every command by name, in a field that does not blink."""
        if self.use_command_palette and not isinstance(self.screen, CommandPalette):
            palette = CommandPalette(id="--command-palette")
            self.push_screen(palette)
            self.call_after_refresh(self._keep_still, palette)

    def _keep_still(self, palette: CommandPalette) -> None:
        for field in palette.query(Input):
            field.cursor_blink = False

    def action_help(self) -> None:
        """What the keys do here."""
        from mlflow_tui.screens.dialogs import HelpDialog

        screen = self.screen
        place = screen.PLACE if isinstance(screen, StepScreen) else EVERYWHERE
        if isinstance(screen, StepScreen):
            self.push_screen(HelpDialog(place))

    def action_leave(self) -> None:
        """Leave; asks only if an analysis is running."""
        if not self.state.analysing:
            self.exit(0)
            return
        from mlflow_tui.screens.dialogs import ConfirmDialog

        question = "The analysis is still running and its result would be lost. Leave?"
        self.push_screen(
            ConfirmDialog(question, "leave"), lambda sure: self.exit(0) if sure else None
        )

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: every action that applies here, and the themes."""
        place = screen.PLACE if isinstance(screen, StepScreen) else EVERYWHERE
        for action in actions_for(place):
            if not action.palette:
                continue

            async def call(name: str = action.call or action.id) -> None:
                await screen.run_action(name) if not name.startswith(
                    "go("
                ) else await self.run_action(name)

            title = f"{action.label[:1].upper()}{action.label[1:]}  ({action.key_label})"
            yield SystemCommand(title, action.help, call)
        for name in sorted(self.available_themes):
            if name.startswith("mlflow-"):
                yield SystemCommand(
                    f"Theme {name}", "Change the colours.", lambda name=name: self._wear(name)
                )

    def _wear(self, theme: str) -> None:
        self.theme = theme


_SCRUB = Scrub()

"""The app: five modes, what they share, and how it begins and ends. No logic of any screen.

Importing this module imports Textual; ``mlflow_tui.app`` is what the command line calls.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Sequence
from typing import Any

from textual.app import ComposeResult, SystemCommand
from textual.command import CommandPalette
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widgets import Input

from mlflow_analysis.sign_in import ConnectionRequest
from mlflow_styles import stylesheet
from mlflow_styles.themes import ROLE_DEFAULTS, THEMES
from mlflow_tui.actions import (
    CONNECTION,
    EVERYWHERE,
    EXPERIMENTS,
    actions_for,
    bindings_for,
)
from mlflow_tui.client import EngineClient
from mlflow_tui.crash import crash_report
from mlflow_tui.key_map import KeyMap
from mlflow_tui.modes import MODES
from mlflow_tui.reading_options import ReadingOptions
from mlflow_tui.screens.base import StepScreen
from mlflow_tui.scrub import Scrub
from mlflow_tui.settings import Settings
from mlflow_tui.terminal import leave_on_signals, theme_for
from mlflow_tui.widgets.chrome import HeaderLine
from mlflow_tui.workflow.watch import WatchApp

COLLECT_AFTER = (1_000, 10, 10_000)
"""Thresholds of the cyclic collector's generations: of the oldest, hours of work; cycles die young here."""


class MlflowTui(WatchApp):
    """Five screens over one engine process.

    The arguments say how far to jump ahead: an address or a profile, an env file whose variables hold where
    the environment says nothing, an experiment's name or id, a filter. ``keys`` are the user's; ``notices``
    is what to say once there is a screen: what of their files could not be used.
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
        keys: KeyMap | None = None,
        notices: Sequence[str] = (),
        reading: ReadingOptions | None = None,
    ) -> None:
        theme = theme_for(os.environ)
        # Textual takes NO_COLOR out of the environment here, and turns "no colour of its own"
        # into black on black unless it knows already that the theme is of the terminal's colours.
        super().__init__(client, settings, ansi_color=True if "NO_COLOR" in os.environ else None)
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
        self.keys = keys or KeyMap()
        self._notices = notices
        self.reading = reading or ReadingOptions()
        self._bindings = self.keys.remapped(self._bindings)
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
        for sentence in self._notices:
            self.notify(sentence, severity="warning", timeout=20)

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

            title = (
                f"{action.label[:1].upper()}{action.label[1:]}  ({self.keys.label(action, place)})"
            )
            yield SystemCommand(title, action.help, call)
        for name in sorted(self.available_themes):
            if name.startswith("mlflow-"):
                yield SystemCommand(
                    f"Theme {name}", "Change the colours.", lambda name=name: self._wear(name)
                )

    def _wear(self, theme: str) -> None:
        self.theme = theme


_SCRUB = Scrub()

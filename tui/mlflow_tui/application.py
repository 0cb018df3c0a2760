"""The app: five modes, what they share, and how it begins and ends. No logic of any screen.

Importing this module imports Textual; ``mlflow_tui.app`` is what the command line calls.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from textual import events
from textual.actions import parse
from textual.app import ComposeResult, SystemCommand
from textual.command import CommandPalette
from textual.driver import Driver
from textual.filter import LineFilter
from textual.notifications import Notify, SeverityLevel
from textual.screen import Screen
from textual.widget import AwaitMount
from textual.widgets import Input

from mlflow_analysis import protocol
from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.untrusted import single_line
from mlflow_styles import stylesheet
from mlflow_styles.themes import NATIVE, ROLE_DEFAULTS, THEMES
from mlflow_tui.actions import (
    CONNECTION,
    EVERYWHERE,
    EXPERIMENTS,
    PLACE_NAMES,
    Action,
    actions_for,
    bindings_for,
)
from mlflow_tui.client import EngineClient
from mlflow_tui.config.preferences import Preferences
from mlflow_tui.config.settings import Settings
from mlflow_tui.config.user_themes import PREFIX, full_name, offered
from mlflow_tui.modes import MODES
from mlflow_tui.reading_options import ReadingOptions
from mlflow_tui.screens.base import StepScreen
from mlflow_tui.screens.dialog import Commands
from mlflow_tui.terminal.capabilities import (
    draws_letters,
    draws_signs,
    has_many_colours,
    theme_for,
)
from mlflow_tui.terminal.hangup import leave_on_signals
from mlflow_tui.terminal.pacing import PLAIN_THEME
from mlflow_tui.terminal.scrub import Scrub
from mlflow_tui.widgets.chrome import HeaderLine, HintLine
from mlflow_tui.widgets.notice import Notice
from mlflow_tui.workflow.watch import WatchApp

COLLECT_AFTER = (1_000, 10, 10_000)
"""Thresholds of the cyclic collector's generations: of the oldest, hours of work; cycles die young here."""


class MlflowTui(WatchApp):
    """Five screens over one engine process.

    The arguments say how far to jump ahead: an address or a profile, an env file whose variables hold where
    the environment says nothing, an experiment's name or id, a filter and the quick filters of ``query``.
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
        query: protocol.RowQuery | None = None,
        demo: bool = False,
        preferences: Preferences | None = None,
        reading: ReadingOptions | None = None,
        judge: protocol.JudgeChoice | None = None,
    ) -> None:
        preferences = preferences or Preferences()
        suitable, no_colour = theme_for(os.environ), "NO_COLOR" in os.environ
        # Textual takes NO_COLOR out of the environment here, and turns "no colour of its own"
        # into black on black unless it knows already that the theme is of the terminal's colours.
        super().__init__(
            client,
            settings,
            ansi_color=True if no_colour else None,
            low_bandwidth=preferences.low_bandwidth,
        )
        self.start_connection = (
            ConnectionRequest(tracking_uri or "", env_file)
            if tracking_uri is not None or (env_file and not profile)
            else None
        )
        self._judge = judge
        self.start_profile = profile
        self.start_env_file = env_file
        self.start_experiment = experiment
        self.start_filter = filter_string
        self._start_query = query
        self.start_demo = demo
        self.keys = preferences.keys
        self._notices = list(preferences.notices)
        self.reading = reading or ReadingOptions()
        self._bindings = self.keys.remapped(self._bindings)
        for each in (*THEMES, *preferences.themes):
            self.register_theme(each)
        self._plain_signs: list[LineFilter] = []
        if not draws_signs(os.environ):
            from mlflow_tui.terminal.plain_signs import PlainSigns

            self._plain_signs = [PlainSigns(letters=draws_letters())]
        self._own_themes = frozenset(each.name for each in preferences.themes)
        self.theme = suitable if no_colour else self._theme(preferences.theme, suitable)

    def _theme(self, asked: str, suitable: str) -> str:
        """The theme asked for, else a plain one for a slow line, else the one chosen before if it can be shown."""
        available = self.available_themes
        if name := full_name(asked, available):
            return name
        if asked:
            names = offered(available, self._own_themes)
            there = ", ".join(name.removeprefix(PREFIX) for name in names)
            self._notices.append(f"There is no theme {single_line(asked)}. There are {there}.")
        if self.low_bandwidth:
            return PLAIN_THEME
        before = self.settings.theme
        shown = before in available and (before in NATIVE or has_many_colours(os.environ))
        return before if shown else suitable

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
        self.state.judge = self._judge
        await self.switch_mode(CONNECTION)
        gc.enable()
        gc.freeze()
        # A full collection goes through all that an analysis found, 0.2 s and more under a held key.
        gc.set_threshold(*COLLECT_AFTER)
        self.client.attach(self._engine_pushed, self._engine_crashed)
        for sentence in self._notices:
            self.notify(sentence, severity="warning", timeout=20)

    @property
    def start_query(self) -> protocol.RowQuery:
        """What the trace table shows at first."""
        return self._start_query or protocol.RowQuery()

    def on_unmount(self) -> None:
        """The engine ends with the app."""
        self.client.close()

    def get_driver_class(self) -> type[Driver]:
        """A driver that tells when the line is behind, where Textual's own is for a real terminal."""
        usual = super().get_driver_class()
        if usual.__name__ != "LinuxDriver":
            return usual
        from mlflow_tui.terminal.line import LineDriver

        return LineDriver

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Nothing reaches the terminal without passing ``Scrub``."""
        return [*super().get_line_filters(), _SCRUB, *self._plain_signs]

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
        lasts = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        self.post_message(Notify(Notice(message, title, severity, lasts, markup)))

    def _handle_exception(self, error: Exception) -> None:
        """A crash goes to the log file; the terminal gets a sentence.

        Textual would print the traceback with local variables, and those hold trace content.
        """
        self._return_code = 1
        first = self._exception is None
        if first:
            self._exception = error
            from mlflow_tui.crash import crash_report

            self._exit_renderables.append(crash_report(error, self.settings.log_directory))
        self._close_messages_no_wait()
        if first:
            self._exception_event.set()  # the test pilot raises the error again

    async def on_event(self, event: events.Event) -> None:
        """A key that came before its screen is there waits for it; one that came after the end is nothing."""
        if isinstance(event, events.Key):
            if self._exit or not self.screen_stack:
                return
            if not self.screen.is_mounted:
                await AwaitMount(self.screen, [self.screen])
        await super().on_event(event)

    # ---- actions ------------------------------------------------------------------------

    def action_go(self, place: str) -> None:
        """Go to a screen."""
        screen = self.screen
        if isinstance(screen, StepScreen):
            screen.before_leaving(place)
        for above in reversed(self.screen_stack[1:]):
            above.dismiss()  # whoever waits for its answer is told that there is none
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
        if action == "dismiss_hint":
            return self.settings.hint_due
        return True

    def action_dismiss_hint(self) -> None:
        """Hide the hint for good."""
        self.screen.query(HintLine).remove()
        self._keep(self.settings.dismiss_hint)

    def _keep(self, write: Callable[[], None]) -> None:
        """Write a setting. If that fails it holds for this run, and that is said."""
        try:
            write()
        except OSError as error:
            self.notify(
                f"This could not be kept for the next run: {error.strerror or error}.",
                severity="warning",
            )

    def action_command_palette(self) -> None:
        """Every command by name, in a field that does not blink."""
        if self.use_command_palette and not isinstance(self.screen, CommandPalette):
            palette = Commands()
            self.push_screen(palette)
            self.call_after_refresh(self._keep_still, palette)

    def _keep_still(self, palette: CommandPalette) -> None:
        for field in palette.query(Input):
            field.cursor_blink = False

    def action_help(self) -> None:
        """What the keys do here, and why some do nothing now."""
        from mlflow_tui.screens.help import HelpDialog, help_lines

        screen = self.screen
        if isinstance(screen, StepScreen):
            title = f"On this screen: {PLACE_NAMES[screen.PLACE]}"
            self.push_screen(HelpDialog(help_lines(screen.PLACE, title, self.keys, self._applies)))

    def _applies(self, action: Action, place: str) -> bool:
        """Whether ``action`` does something now, on the screen that is shown."""
        _, name, parameters = parse(action.call or action.id)
        asked = self if place == EVERYWHERE else self.screen
        return asked.check_action(name, parameters) is True

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
        for name in offered(self.available_themes, self._own_themes):
            yield SystemCommand(
                f"Theme {name.removeprefix(PREFIX)}",
                "Change the colours, and keep it so.",
                lambda name=name: self._wear(name),
            )
        switch = "off" if self.low_bandwidth else "on"
        yield SystemCommand(
            f"Low bandwidth {switch}",
            "For a slow line: 16 colours, fewer frames, no charts until asked.",
            lambda: self.go_low_bandwidth(not self.low_bandwidth),
        )

    def _wear(self, theme: str) -> None:
        self.theme = theme
        self._keep(lambda: self.settings.remember_theme(theme))


_SCRUB = Scrub()

"""The app's end of the engine: what it pushes goes to state and screens; when it dies, another takes over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from textual import work
from textual.message import Message

from mlflow_analysis import protocol
from mlflow_tui.client import EngineClient, EngineProblem
from mlflow_tui.config.settings import Settings
from mlflow_tui.messages import EnginePushed, EngineRestarted, StateChanged
from mlflow_tui.screens.base import StepScreen
from mlflow_tui.terminal.pacing import PacedApp

if TYPE_CHECKING:
    from mlflow_analysis.protocol import Problem, Pushed
    from mlflow_tui.state import AppState

RESTARTS = 3
RESTART_WINDOW_SECONDS = 60.0
"""An engine that dies more often than that in this time is not started again."""


class EngineApp(PacedApp):
    """An app over one engine process, with the state that its screens share."""

    def __init__(
        self,
        client: EngineClient,
        settings: Settings,
        *,
        ansi_color: bool | None,
        low_bandwidth: bool | None,
    ) -> None:
        super().__init__(ansi_color=ansi_color, low_bandwidth=low_bandwidth)
        self.client = client
        self.settings = settings
        self._restarts: list[float] = []
        self._last_crash: Problem | None = None
        self._table_opened = asyncio.Event()

    @cached_property
    def state(self) -> AppState:
        """What all screens share; there once the app has been painted for the first time."""
        from mlflow_tui.state import AppState

        return AppState()

    @property
    def is_painted(self) -> bool:
        """Whether there is a ``state`` yet."""
        return "state" in vars(self)

    def _engine_pushed(self, bodies: tuple[Pushed, ...]) -> None:
        self.state.apply(bodies)
        if any(isinstance(body, protocol.TableGrew) for body in bodies):
            self._table_opened.set()
        self._tell_screens(lambda: EnginePushed(bodies))

    def _engine_crashed(self, problem: Problem) -> None:
        now = time.monotonic()
        self._restarts = [at for at in self._restarts if now - at < RESTART_WINDOW_SECONDS] + [now]
        self._last_crash = problem
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

    def crashes_with(self, problem: Problem) -> int:
        """How often the engine crashed within the last minute, if ``problem`` says that it just did; else 0."""
        return len(self._restarts) if problem is self._last_crash else 0

    @work(exclusive=True, group="reopen", exit_on_error=False)
    async def _reopen(self, sentence: str) -> None:
        """Bring a new engine to where the old one was."""
        state = self.state
        try:
            if state.connection is not None:
                asked = state.asked
                await self.client.ask(
                    protocol.CheckConnection(asked.tracking_uri, asked.env_file, asked.sign_in)
                )
            if state.experiment is not None:
                await self.client.ask(
                    protocol.OpenExperiment(state.experiment.experiment_id, state.filter_string)
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

    def restart_engine(self) -> None:
        """End what the engine is doing, and bring a new one to where it was."""
        self.client.hold()
        self.client.restart()
        self.state.analysing = False
        self._reopen("")

"""The real app on a scripted engine: tests push events and see what was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from first_screen import first_screen
from textual.pilot import Pilot

from mlflow_analysis import protocol
from mlflow_analysis.events import AnalysisReady, Event
from mlflow_analysis.protocol import ConnectionReport, Done, Problem, Pushed
from mlflow_analysis.records import Experiment
from mlflow_analysis.review import Decision
from mlflow_tui.application import MlflowTui
from mlflow_tui.client import EngineClient
from mlflow_tui.config.settings import Settings
from mlflow_tui.screens.board import BoardScreen
from mlflow_tui.screens.purpose import PurposeScreen
from mlflow_tui.widgets.board_list import BoardList
from mlflow_tui.widgets.detail_view import DetailView

CONNECTION = ConnectionReport("sqlite:///shop.db", "SQLite", "3.17.2", "", 1, 2.0)
EXPERIMENT = Experiment("7", "shop support")


class ScriptedEngine(EngineClient):
    """Answers nothing by itself but ``Done``; an analysis ends when its last event was pushed."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory / "engine.log")
        self.asked: list[protocol.Request] = []
        self._ended = asyncio.Event()

    def start(self) -> None:
        pass

    def close(self) -> None:
        pass

    def attach(
        self,
        on_push: Callable[[tuple[Pushed, ...]], None],
        on_crash: Callable[[Problem], None],
    ) -> None:
        self._on_push = on_push

    async def ask(self, request: protocol.Request) -> Any:
        self.asked.append(request)
        if isinstance(request, protocol.StartAnalysis):
            self._ended.clear()
            await self._ended.wait()
        return Done()

    def push(self, events: Iterable[Event]) -> None:
        """As if the engine had said these just now."""
        bodies = tuple(events)
        self._on_push(bodies)
        if any(isinstance(body, AnalysisReady) for body in bodies):
            self._ended.set()


@asynccontextmanager
async def open_board(
    directory: Path,
    events: Iterable[Event] = (),
    *,
    size: tuple[int, int] = (120, 40),
    asks_purpose: bool = False,
) -> AsyncIterator[tuple[MlflowTui, Pilot[int], ScriptedEngine]]:
    """The board of an open experiment, after ``events``; reviews are kept in ``directory``."""
    app, engine = make_app(directory)
    async with app.run_test(size=size) as pilot:
        await go_to_board(app, pilot, engine, events, asks_purpose=asks_purpose)
        yield app, pilot, engine


def make_app(directory: Path) -> tuple[MlflowTui, ScriptedEngine]:
    """The app on a scripted engine, with everything it keeps under ``directory``."""
    engine = ScriptedEngine(directory)
    settings = Settings(directory / "config", directory / "reviews", directory / "logs")
    return MlflowTui(engine, settings), engine


async def go_to_board(
    app: MlflowTui,
    pilot: Pilot[int],
    engine: ScriptedEngine,
    events: Iterable[Event],
    *,
    asks_purpose: bool = False,
) -> None:
    """Open the experiment, go to its board, and let the engine say ``events``."""
    await first_screen(pilot)
    app.state.connection = CONNECTION
    app.choose_experiment(EXPERIMENT)
    await app.switch_mode("board")
    await settle(pilot)
    if not asks_purpose:
        assert isinstance(app.screen, PurposeScreen)
        await pilot.press("s")
    engine.push(events)
    await settle(pilot)


async def settle(pilot: Pilot[int]) -> None:
    """Until the messages sent so far, and those that they caused, were handled."""
    for _ in range(3):
        await pilot.pause()


async def preview_written(app: MlflowTui, pilot: Pilot[int]) -> None:
    """Until the report's page is complete, if one is being written."""
    await settle(pilot)
    writing = [worker for worker in app.workers if worker.group == "preview"]
    if writing:  # of an empty list Textual makes "all workers", and an analysis may never end
        await app.workers.wait_for_complete(writing)
    await settle(pilot)


async def until(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    """Let the app go on until ``condition`` holds; it must within some hundred turns."""
    for _ in range(400):
        if condition():
            await settle(pilot)
            return
        await pilot.pause(0.01)
    raise AssertionError("it never came to be")


def board(app: MlflowTui) -> BoardScreen:
    """The board, which must be what is seen."""
    assert isinstance(app.screen, BoardScreen), app.screen
    return app.screen


def screen_text(app: MlflowTui) -> str:
    """What is seen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def cursor(app: MlflowTui) -> str | None:
    return app.screen.query_one(BoardList).cursor


def line_of_cursor(app: MlflowTui) -> int:
    cards = app.screen.query_one(BoardList)
    return cards._tops[cards.cursor] - cards.scroll_offset.y


def ruling(app: MlflowTui, fingerprint: str) -> Decision:
    return app.state.board.card(fingerprint).decision


def page_text(app: MlflowTui) -> str:
    """The page of the card under the cursor, as one line."""
    lines = (line.plain for line in app.screen.query_one(DetailView)._lines)
    return " ".join(" ".join(lines).split())


async def put_cursor_on(app: MlflowTui, pilot, key: str) -> None:
    app.screen.query_one(BoardList).go_to(key)
    await settle(pilot)

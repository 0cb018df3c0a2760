"""Connection, experiments, traces on a real engine process and a real store."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from first_screen import first_screen
from hostile import assert_harmless, drawn
from recorded_engine import settings_in
from textual.pilot import Pilot

import stores
from mlflow_tui.application import MlflowTui
from mlflow_tui.client import EngineClient
from mlflow_tui.config.settings import Settings
from mlflow_tui.screens.connection import ConnectionScreen
from mlflow_tui.screens.experiments import ExperimentsScreen
from mlflow_tui.screens.traces import TracesScreen
from mlflow_tui.widgets.inspector import Section
from mlflow_tui.widgets.text_field import TextField

PATIENCE_SECONDS = 90


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return stores.write_small_store(tmp_path_factory.mktemp("flow") / "mlflow.db")


@asynccontextmanager
async def running(
    tmp_path: Path, size: tuple[int, int] = (120, 40), **start: object
) -> AsyncIterator[tuple[Pilot[int], MlflowTui]]:
    settings = settings_in(tmp_path)
    client = EngineClient(settings.log_directory / "engine.log")
    client.start()
    app = MlflowTui(client, settings, **start)  # type: ignore[arg-type]
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            await first_screen(pilot)
            yield pilot, app
    finally:
        client.close()


async def until(pilot: Pilot[int], come: Callable[[], object]) -> None:
    """Wait until something has come about; the engine loads MLflow first, which takes seconds."""
    for _ in range(PATIENCE_SECONDS * 20):
        await pilot.pause(0.05)
        if come():
            await pilot.pause()
            return
    raise AssertionError("\n".join(drawn(pilot.app)))


async def test_from_address_to_span(tmp_path: Path, store: str) -> None:
    async with running(tmp_path) as (pilot, app):
        assert isinstance(app.screen, ConnectionScreen)
        app.screen.query_one(TextField).value = store
        await pilot.press("enter")
        await until(pilot, lambda: app.state.connection)
        text = "\n".join(drawn(app))
        assert "✓ SQLite" in text
        assert Settings.load().recent == []  # another home
        assert app.settings.recent == [store]

        await pilot.press("enter")
        await until(pilot, lambda: app.state.summaries)
        assert isinstance(app.screen, ExperimentsScreen)
        await pilot.press("slash", *"suport agnt", "enter")  # misspelt
        await until(
            pilot,
            lambda: (
                app.screen.listing.chosen and app.screen.listing.chosen.name == stores.EXPERIMENT
            ),
        )
        await until(pilot, lambda: "Data check" in "\n".join(drawn(app)))
        assert_harmless(app)

        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TracesScreen))
        screen = app.screen
        assert isinstance(screen, TracesScreen)
        await until(pilot, lambda: screen.inspector.trace)
        expected = len(stores.small_traces())
        await until(pilot, lambda: screen.table.line_count == expected)
        assert_harmless(app)

        await pilot.press("right_square_bracket")
        await until(pilot, lambda: screen.table.chosen and screen.table.chosen.state == "ERROR")
        row = screen.table.chosen
        assert row is not None
        await until(
            pilot,
            lambda: screen.inspector.trace and screen.inspector.trace.info.trace_id == row.trace_id,
        )
        await pilot.press("enter", "x")
        screen.inspector.choose_section(Section.EVENTS)
        await pilot.pause()
        assert_harmless(app)


async def test_every_trace_of_a_hostile_store_is_harmless(tmp_path: Path, store: str) -> None:
    async with running(tmp_path, (100, 30), tracking_uri=store, experiment=stores.EXPERIMENT) as (
        pilot,
        app,
    ):
        await until(pilot, lambda: isinstance(app.screen, TracesScreen))
        screen = app.screen
        assert isinstance(screen, TracesScreen)
        await until(pilot, lambda: screen.inspector.trace)
        for index in range(screen.table.line_count):
            screen.table.move_to(index)
            row = screen.table.chosen
            assert row is not None
            await until(
                pilot,
                lambda wanted=row.trace_id: (
                    screen.inspector.trace is None or screen.inspector.trace.info.trace_id == wanted
                ),
            )
            assert_harmless(app)


async def test_a_killed_engine_comes_back_where_it_was(tmp_path: Path, store: str) -> None:
    async with running(tmp_path, tracking_uri=store, experiment=stores.EXPERIMENT) as (pilot, app):
        await until(pilot, lambda: isinstance(app.screen, TracesScreen))
        screen = app.screen
        assert isinstance(screen, TracesScreen)
        await until(pilot, lambda: screen.inspector.trace)
        before = app.client.process_id
        assert before is not None
        os.kill(before, signal.SIGKILL)
        await until(pilot, lambda: app.client.process_id not in (None, before))
        assert any("The engine process stopped unexpectedly" in line for line in drawn(app))
        # What was on the screen stays; the next trace comes from the new engine.
        first = screen.table.chosen
        assert first is not None
        await pilot.press("j")
        await until(
            pilot,
            lambda: (
                screen.inspector.trace and screen.inspector.trace.info.trace_id != first.trace_id
            ),
        )


async def test_a_wrong_filter_comes_back_as_a_sentence(tmp_path: Path, store: str) -> None:
    async with running(tmp_path, tracking_uri=store, experiment=stores.EXPERIMENT) as (pilot, app):
        await until(pilot, lambda: isinstance(app.screen, TracesScreen))
        screen = app.screen
        assert isinstance(screen, TracesScreen)
        await until(pilot, lambda: screen.inspector.trace)
        count = screen.table.line_count
        await pilot.press("slash", *"nonsense !!", "enter")
        await until(pilot, lambda: app.state.table_problem)
        assert screen.table.line_count == count
        for _ in "nonsense !!":
            await pilot.press("backspace")
        await pilot.press(*"trace.status = 'ERROR'", "enter")
        await until(pilot, lambda: screen.table.line_count not in (0, count))
        assert all(
            screen.table.row(index).state == "ERROR"  # type: ignore[union-attr]
            for index in range(screen.table.line_count)
        )


async def test_no_such_file_is_one_sentence_and_makes_no_file(tmp_path: Path) -> None:
    missing = tmp_path / "missing.db"
    async with running(tmp_path, (80, 24), tracking_uri=f"sqlite:///{missing}") as (pilot, app):
        await until(pilot, lambda: "✗" in "\n".join(drawn(app)))
        assert "There is no file" in "\n".join(drawn(app))
        assert isinstance(app.screen, ConnectionScreen)
        assert not missing.exists()

"""Random keys on the sample store: nothing crashes, nothing is logged as an error, the terminal is given back.

RANDOM_SEQUENCES=200 pytest -n 2 tests/end_to_end/test_random_keys.py
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import platformdirs
import pytest
from first_screen import first_screen
from random_keys import sequence
from recorded_engine import settings_in
from textual.pilot import Pilot
from typing_ahead import send

import mlflow_tui.actions as places
from demo_stores import copy_demo_store
from mlflow_analysis.demo.store import DemoStore, ensure_demo_store
from mlflow_tui.application import MlflowTui
from mlflow_tui.client import EngineClient
from mlflow_tui.screens.base import StepScreen
from mlflow_tui.screens.traces import TracesScreen

TRACES = 120
SEQUENCES = int(os.environ.get("RANDOM_SEQUENCES", "40"))
BATCH = 20
REST = 8
"""After so many keys in a row, whoever types waits for what they do."""
PATIENCE_SECONDS = 120


@pytest.fixture
def store(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DemoStore:
    """A small one where the program keeps its sample store, in this test's own home."""
    kept = Path(platformdirs.user_cache_dir("mlflow-tui"))
    assert kept.is_relative_to(home)
    made = copy_demo_store(TRACES, kept)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")  # files are written where the user stands
    for name in ("PAGER", "VISUAL", "EDITOR"):
        monkeypatch.setenv(name, "true")
    assert ensure_demo_store() == made
    return made


async def until_traces_are_seen(app: MlflowTui, pilot: Pilot[int]) -> None:
    for _ in range(PATIENCE_SECONDS * 20):
        screen = app.screen
        if isinstance(screen, TracesScreen) and screen.is_mounted and screen.inspector.trace:
            return
        await pilot.pause(0.05)
    raise AssertionError("the traces did not come")


@asynccontextmanager
async def opened(store: DemoStore, tmp_path: Path) -> AsyncIterator[tuple[MlflowTui, Pilot[int]]]:
    """The app with the traces of the sample store on the screen."""
    settings = settings_in(tmp_path)
    client = EngineClient(settings.log_directory / "engine.log")
    client.start()
    app = MlflowTui(
        client, settings, tracking_uri=store.tracking_uri, experiment=store.experiment_name
    )
    try:
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await first_screen(pilot)
            await until_traces_are_seen(app, pilot)
            yield app, pilot
    finally:
        client.close()


async def type_in(app: MlflowTui, pilot: Pilot[int], keys: list[str], pressed: list[str]) -> None:
    """Press ``keys`` in quick succession, as far as the app goes on; ``pressed`` tells which."""
    for key in keys:
        if app._exit or app._exception:
            return
        pressed.append(key)
        if key.startswith("resize:"):
            columns, lines = map(int, key.removeprefix("resize:").split("x"))
            await pilot.resize_terminal(columns, lines)
        else:
            send(app, key)
        if len(pressed) % REST == 0:
            await pilot.pause()
        else:
            await asyncio.sleep(0)


async def can_go_on(app: MlflowTui, pilot: Pilot[int]) -> bool:
    """Back to the traces for the next sequence, out of whatever dialog; whether there is a way."""
    for _ in range(5):
        if isinstance(app.screen, StepScreen) or app._exit:
            break
        send(app, "escape")
        await pilot.pause()
    if app._exit or not (app.state.experiment and app.state.connection):
        return False
    app.action_go(places.TRACES)
    await pilot.pause()
    return True


def errors_logged(tmp_path: Path) -> str:
    """What the engine said of things that should not happen."""
    log = settings_in(tmp_path).log_directory / "engine.log"
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    at = text.find("Traceback (most recent call last)")
    return text[max(0, at - 500) : at + 5000] if at >= 0 else ""


@pytest.mark.parametrize("first", range(0, SEQUENCES, BATCH))
async def test_random_keys_crash_nothing(store: DemoStore, tmp_path: Path, first: int) -> None:
    seeds = list(range(first, first + BATCH))
    seed, pressed = first, list[str]()
    try:
        while seeds:
            async with opened(store, tmp_path) as (app, pilot):
                while seeds and await can_go_on(app, pilot):
                    seed, pressed = seeds.pop(0), []
                    await type_in(app, pilot, sequence(seed), pressed)
                    logged = errors_logged(tmp_path)
                    assert not logged, logged
                await pilot.pause()  # Textual's tests end an app in the middle of a key
    except BaseException:
        print(f"seed {seed}, after {len(pressed)} keys: {' '.join(pressed)}")
        raise

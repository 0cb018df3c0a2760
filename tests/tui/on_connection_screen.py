"""The first screen over a recorded engine, and its list of sources."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from first_screen import first_screen
from hostile import drawn
from recorded_engine import RecordedEngine, settings_in
from textual.pilot import Pilot

from mlflow_tui.application import MlflowTui
from mlflow_tui.config.profiles import Profiles
from mlflow_tui.widgets.address_list import AddressList

SECRET = "hunter2-very-secret"


@asynccontextmanager
async def app_on(
    engine: RecordedEngine, tmp_path: Path, size: tuple[int, int] = (80, 24), **start: Any
):  # type: ignore[no-untyped-def]
    app = MlflowTui(engine, settings_in(tmp_path), **start)
    async with app.run_test(size=size, notifications=True) as pilot:
        await first_screen(pilot)
        await pilot.pause()
        yield pilot, app


def text(app: MlflowTui) -> str:
    return "\n".join(line.rstrip() for line in drawn(app))


def profiles_in(tmp_path: Path) -> Profiles:
    return Profiles(settings_in(tmp_path).profiles_path)


async def choose(pilot: Pilot[int], app: MlflowTui, shown: str) -> None:
    """Put the cursor of the list on a source."""
    listing = app.screen.query_one(AddressList)
    listing.focus()
    await pilot.pause()
    await pilot.press("g")
    for _ in range(listing.line_count):
        if listing.chosen is not None and listing.chosen.shown.startswith(shown):
            await pilot.pause()
            return
        await pilot.press("j")
    raise AssertionError(text(app))

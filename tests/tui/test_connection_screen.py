"""The connection screen: choosing, filling in, keeping, and what the check says while it runs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hostile import TEXT, assert_harmless
from on_connection_screen import SECRET, app_on, choose, profiles_in, text
from recorded_engine import RecordedEngine
from syrupy.assertion import SnapshotAssertion
from workers_done import workers_done

from mlflow_analysis import protocol
from mlflow_analysis.connecting.sign_in import ConnectionRequest, SignIn, SignInMethod
from mlflow_analysis.protocol import CheckStage, Problem
from mlflow_tui.addresses import choices
from mlflow_tui.screens.connection import ConnectionScreen
from mlflow_tui.screens.connection_dialog import ConnectionDialog
from mlflow_tui.screens.experiments import ExperimentsScreen
from mlflow_tui.widgets.address_list import AddressList

pytestmark = pytest.mark.usefixtures("elsewhere")
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


class Staged(RecordedEngine):
    """Tells stages as the engine does, then waits until it is let go on."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.go_on = asyncio.Event()

    async def ask(self, request: protocol.Request) -> Any:
        if isinstance(request, protocol.CheckConnection):
            self.asked.append(request)
            self._on_push(
                (
                    CheckStage("address", "passed", 1.0, "https://tracking.example"),
                    CheckStage("reach", "passed", 12.0, "tracking.example:443 answers"),
                    CheckStage("sign in", "running"),
                )
            )
            await self.go_on.wait()
            self.asked.pop()
        return await super().ask(request)


# ---- the check ------------------------------------------------------------------------------


@SIZES
async def test_the_screen_before_anything_is_tried(
    tmp_path: Path,
    size: tuple[int, int],
    snapshot: SnapshotAssertion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"https://ana:{SECRET}@tracking.example")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", SECRET)
    profiles_in(tmp_path).save("prod", ConnectionRequest("https://tracking.example"))
    async with app_on(RecordedEngine(tmp_path), tmp_path, size) as (pilot, app):
        await choose(pilot, app, "https://tracking.example")
        assert text(app) == snapshot


@SIZES
async def test_while_it_is_checked_and_when_it_works(
    tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    engine = Staged(tmp_path)
    async with app_on(engine, tmp_path, size) as (pilot, app):
        await pilot.press(*"https://tracking.example", "enter")
        await pilot.pause()
        assert text(app) == snapshot(name="checking")
        engine.go_on.set()
        await workers_done(app)
        await pilot.pause()
        assert text(app) == snapshot(name="works")


async def test_keys_are_answered_while_it_is_checked(tmp_path: Path) -> None:
    async with app_on(Staged(tmp_path), tmp_path) as (pilot, app):
        await pilot.press(*"http://slow", "enter")
        await pilot.pause()
        await pilot.press("down", "j")
        assert app.screen.query_one(AddressList).cursor == 1
        assert "… sign in" in text(app)


async def test_stages_of_a_check_that_was_given_up_are_not_shown(tmp_path: Path) -> None:
    engine = Staged(tmp_path)
    async with app_on(engine, tmp_path) as (pilot, app):
        await pilot.press(*"http://slow", "enter")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        engine._on_push((CheckStage("version", "running"),))
        await pilot.pause()
        assert isinstance(app.screen, ConnectionScreen)
        assert "version" not in app.screen._stages
        assert protocol.CancelCheck() in engine.asked


async def test_a_second_check_is_not_ended_by_the_end_of_the_first(tmp_path: Path) -> None:
    engine = Staged(tmp_path)
    async with app_on(engine, tmp_path) as (pilot, app):
        await pilot.press(*"http://one", "enter")
        await pilot.pause()
        await pilot.press("x", "enter")
        await pilot.pause()
        assert "Trying http://onex" in text(app)
        engine.go_on.set()
        await workers_done(app)
        await pilot.pause()
        assert app.state.asked == ConnectionRequest("http://onex")


async def test_of_a_long_address_the_end_is_seen(tmp_path: Path) -> None:
    address = "sqlite:////srv/tracking/of/the/whole/department/shop/support.db"
    async with app_on(RecordedEngine(tmp_path), tmp_path) as (pilot, app):
        app.screen.query_one(AddressList).show(choices({}, [address], tmp_path))
        await pilot.pause()
        line = next(line for line in text(app).splitlines() if "used before" in line)
        assert " …" in line
        assert "department/shop/support.db  used before" in line


async def test_what_does_not_fit_on_a_line_stands_beneath_its_words(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path)
    remedy = "Give a SQLite file, a database, a server, a Databricks profile or a directory. " * 2
    engine.problems[protocol.CheckConnection] = Problem("Refused.", remedy)
    async with app_on(engine, tmp_path) as (pilot, app):
        await pilot.press(*"http://host", "enter")
        await pilot.pause()
        told = text(app).splitlines()
        first = next(place for place, line in enumerate(told) if "Give a SQLite" in line)
        lines = [line for line in told[first : first + 3] if line.strip()]
        assert len(lines) == 3
        assert {len(line) - len(line.lstrip()) for line in lines} == {4}
        await pilot.resize_terminal(140, 40)
        await pilot.pause(0.1)
        assert "a directory. Give a SQLite" in text(app)


async def test_a_failure_says_how_far_it_went(tmp_path: Path) -> None:
    engine = Staged(tmp_path)
    engine.problems[protocol.CheckConnection] = Problem("Refused.", "Start it.", "errno 111")
    async with app_on(engine, tmp_path) as (pilot, app):
        await pilot.press(*"http://host", "enter")
        engine.go_on.set()
        await workers_done(app)
        await pilot.pause()
        shown = text(app)
        assert shown.index("✗ Refused.") < shown.index("Start it.") < shown.index("✓ reach")


async def test_what_a_store_says_is_shown_and_never_obeyed(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path)
    engine.problems[protocol.CheckConnection] = Problem(TEXT, TEXT, TEXT)
    async with app_on(engine, tmp_path) as (pilot, app):
        await pilot.press(*"http://h", "enter")
        await pilot.pause()
        app.screen.engine_pushed((CheckStage("reach", "failed", 1.0, TEXT),))  # type: ignore[attr-defined]
        await pilot.press("f2")
        assert_harmless(app)


# ---- filling in -----------------------------------------------------------------------------


@SIZES
async def test_a_server_is_filled_in_by_keys_alone(
    tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    engine = RecordedEngine(tmp_path)
    async with app_on(engine, tmp_path, size) as (pilot, app):
        await choose(pilot, app, "MLflow server")
        await pilot.press("enter")
        await pilot.press(*"http://host:5000", "down", "right", "down", *"ana", "down", *SECRET)
        await pilot.pause()
        assert SECRET not in text(app)
        assert text(app) == snapshot
        await pilot.press("enter")
        await workers_done(app)
        await pilot.pause()
        asked = engine.asked[-1]
        assert asked == protocol.CheckConnection(
            "http://host:5000", "", SignIn(SignInMethod.PASSWORD, "ana", secret=SECRET)
        )
        assert SECRET not in text(app)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, ExperimentsScreen)


async def test_only_fields_of_the_chosen_way_to_sign_in_are_there(tmp_path: Path) -> None:
    async with app_on(RecordedEngine(tmp_path), tmp_path) as (pilot, app):
        await choose(pilot, app, "MLflow server")
        await pilot.press("enter")
        await pilot.pause()
        assert "or variable" not in text(app)
        await pilot.press("down", "right", "right")
        await pilot.pause()
        assert "or variable" in text(app)
        assert not app.screen.query_one("#line-user").display


async def test_what_is_needed_is_asked_for(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path)
    async with app_on(engine, tmp_path) as (pilot, app):
        await choose(pilot, app, "PostgreSQL")
        await pilot.press("enter", *"db", "enter")
        await pilot.pause()
        await pilot.pause()
        assert "Fill in: database." in text(app)
        assert isinstance(app.screen, ConnectionDialog)
        assert app.focused is app.screen.query_one("#field-database")
        assert engine.asked == []


async def test_databricks_profiles_are_picked_from_the_config_file(
    tmp_path: Path, home: Path
) -> None:
    (home / ".databrickscfg").write_text(
        f"[DEFAULT]\nhost = https://one\ntoken = {SECRET}\n[field]\nhost = https://two\n"
    )
    engine = RecordedEngine(tmp_path)
    async with app_on(engine, tmp_path) as (pilot, app):
        await choose(pilot, app, "Databricks")
        await pilot.press("enter", "down", "right")
        await pilot.pause()
        assert "field https://two" in text(app)
        assert SECRET not in text(app)
        await pilot.press("enter")
        await workers_done(app)
        assert engine.asked[-1] == protocol.CheckConnection(
            "databricks",
            "",
            SignIn(SignInMethod.DATABRICKS_PROFILE, databricks_profile="field"),
        )

"""The connection screen: choosing, filling in, keeping, and what the check says while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from first_screen import first_screen
from hostile import TEXT, assert_harmless, drawn
from recorded_engine import RecordedEngine, settings_in
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from mlflow_analysis import protocol
from mlflow_analysis.connecting.sign_in import ConnectionRequest, SignIn, SignInMethod
from mlflow_analysis.protocol import CheckStage, Problem
from mlflow_analysis.tracking.environment import SETTINGS
from mlflow_tui.application import MlflowTui
from mlflow_tui.config.profiles import Profiles
from mlflow_tui.screens.connection import ConnectionScreen
from mlflow_tui.screens.connection_dialog import ConnectionDialog
from mlflow_tui.screens.experiments import ExperimentsScreen
from mlflow_tui.widgets.address_list import AddressList
from mlflow_tui.widgets.text_field import TextField

SECRET = "hunter2-very-secret"
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In an empty directory, so that no store lies there, and without what MLflow was told in other tests."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    yield


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
        await app.workers.wait_for_complete()
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
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.state.asked == ConnectionRequest("http://onex")


async def test_a_failure_says_how_far_it_went(tmp_path: Path) -> None:
    engine = Staged(tmp_path)
    engine.problems[protocol.CheckConnection] = Problem("Refused.", "Start it.", "errno 111")
    async with app_on(engine, tmp_path) as (pilot, app):
        await pilot.press(*"http://host", "enter")
        engine.go_on.set()
        await app.workers.wait_for_complete()
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
        await app.workers.wait_for_complete()
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
        await app.workers.wait_for_complete()
        assert engine.asked[-1] == protocol.CheckConnection(
            "databricks",
            "",
            SignIn(SignInMethod.DATABRICKS_PROFILE, databricks_profile="field"),
        )


# ---- profiles -------------------------------------------------------------------------------


async def test_what_works_is_kept_without_its_secret_and_that_is_said(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path)
    async with app_on(engine, tmp_path) as (pilot, app):
        await pilot.press(*f"postgresql://ana:{SECRET}@db/mlflow", "enter")
        await app.workers.wait_for_complete()
        await pilot.press("f4", *"prod", "enter")
        await pilot.pause()
        said = " ".join(text(app).replace("▌", " ").split())
        assert "The password in the address is not kept" in said
        assert "✓ SQLite" in text(app)  # the verdict stays
        kept = profiles_in(tmp_path)
        assert kept.get("prod").connection.tracking_uri == "postgresql://ana@db/mlflow"
        assert SECRET not in kept.path.read_text()


async def test_keeping_another_under_a_name_that_is_taken_asks_first(tmp_path: Path) -> None:
    kept = profiles_in(tmp_path)
    kept.save("prod", ConnectionRequest("http://first"))
    async with app_on(RecordedEngine(tmp_path), tmp_path) as (pilot, app):
        app.screen.query_one(TextField).focus()
        await pilot.press(*"http://second", "enter")
        await app.workers.wait_for_complete()
        await pilot.press("f4", *"prod", "enter")
        await pilot.pause()
        assert "There is a profile prod already" in text(app)
        await pilot.press("n")
        assert kept.get("prod").connection.tracking_uri == "http://first"
        await pilot.press("f4", *"prod", "enter")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert kept.get("prod").connection.tracking_uri == "http://second"


async def test_a_profile_is_edited_renamed_made_default_and_forgotten(tmp_path: Path) -> None:
    kept = profiles_in(tmp_path)
    kept.save("prod", ConnectionRequest("http://old"))
    async with app_on(RecordedEngine(tmp_path), tmp_path) as (pilot, app):
        await choose(pilot, app, "prod")
        await pilot.press("e", "end", *"er", "ctrl+s")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert kept.get("prod").connection.tracking_uri == "http://older"
        await choose(pilot, app, "prod")
        await pilot.press("d")
        await pilot.pause()
        assert kept.default == "prod"
        await pilot.press("r", "end", *"uction", "enter")
        await pilot.pause()
        assert kept.default == "production"
        await choose(pilot, app, "production (default)")
        await pilot.press("x")
        await pilot.pause()
        assert "Forget the profile production?" in text(app)
        await pilot.press("y")
        await pilot.pause()
        assert kept.all() == []


async def test_a_secret_that_no_profile_names_is_asked_for_once_a_run(tmp_path: Path) -> None:
    sign_in = SignIn(SignInMethod.PASSWORD, "ana")
    profiles_in(tmp_path).save("prod", ConnectionRequest("http://host", sign_in=sign_in))
    engine = RecordedEngine(tmp_path)
    async with app_on(engine, tmp_path) as (pilot, app):
        await choose(pilot, app, "prod")
        await pilot.press("enter")
        await pilot.pause()
        assert app.focused is app.screen.query_one("#field-secret")
        await pilot.press(*SECRET, "enter")
        await app.workers.wait_for_complete()
        assert engine.asked[-1].sign_in.secret == SECRET  # type: ignore[union-attr]
        assert app.settings.last_profile == "prod"
        engine.asked.clear()
        await choose(pilot, app, "sample")
        await choose(pilot, app, "prod")
        await pilot.press("f5")
        await app.workers.wait_for_complete()
        assert engine.asked[-1].sign_in.secret == SECRET  # type: ignore[union-attr]
        await pilot.pause()
        assert SECRET not in text(app)


@pytest.mark.parametrize("start", ["default", "last", "asked"])
async def test_a_profile_goes_straight_on(tmp_path: Path, start: str) -> None:
    kept = profiles_in(tmp_path)
    kept.save("prod", ConnectionRequest("http://host"))
    if start == "default":
        kept.make_default("prod")
    settings = settings_in(tmp_path)
    if start == "last":
        settings.last_profile = "prod"
    engine = RecordedEngine(tmp_path)
    app = MlflowTui(engine, settings, profile="prod" if start == "asked" else "")
    async with app.run_test(size=(80, 24)) as pilot:
        await first_screen(pilot)
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(app.screen, ExperimentsScreen)
        assert engine.asked[0] == protocol.CheckConnection("http://host")


async def test_the_environment_of_this_shell_goes_before_the_last_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://of-this-shell")
    profiles_in(tmp_path).save("prod", ConnectionRequest("http://host"))
    settings = settings_in(tmp_path)
    settings.last_profile = "prod"
    engine = RecordedEngine(tmp_path)
    app = MlflowTui(engine, settings)
    async with app.run_test(size=(80, 24)) as pilot:
        await first_screen(pilot)
        await app.workers.wait_for_complete()
        assert isinstance(app.screen, ConnectionScreen)
        assert engine.asked == []


async def test_a_broken_profile_file_is_told_and_the_rest_works(tmp_path: Path) -> None:
    path = settings_in(tmp_path).profiles_path
    path.parent.mkdir(parents=True)
    path.write_text("[profiles.prod\n")
    async with app_on(RecordedEngine(tmp_path), tmp_path, (120, 40)) as (pilot, app):
        said = " ".join(text(app).replace("▌", " ").split())
        assert "line 1 is not TOML. Mend the file, or move it away" in said
        await pilot.press(*"http://host", "enter")
        await app.workers.wait_for_complete()
        await pilot.press("f4", *"new", "enter")
        await pilot.pause()
        assert path.read_text() == "[profiles.prod\n"


async def test_the_origin_of_each_variable_is_told_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file = Path("prod.env")
    env_file.write_text(
        f"MLFLOW_TRACKING_URI=http://me:{SECRET}@host\nMLFLOW_TRACKING_TOKEN={SECRET}\n"
    )
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ana")
    profiles_in(tmp_path).save("prod", ConnectionRequest("", str(env_file)))
    async with app_on(RecordedEngine(tmp_path), tmp_path, (120, 40)) as (pilot, app):
        await choose(pilot, app, "prod")
        shown = text(app)
        assert "MLFLOW_TRACKING_URI       http://host  prod.env" in shown
        assert "MLFLOW_TRACKING_TOKEN     set, not shown" in shown
        assert "MLFLOW_TRACKING_USERNAME  ana  the environment" in shown
        assert SECRET not in shown
        env_file.write_text(f"= {SECRET}\n")
        await pilot.press("j", "k")
        await pilot.pause()
        assert "Line 1 of the env file" in text(app)
        assert SECRET not in text(app)

"""Profiles on the first screen: kept, edited, gone on with; and what the environment says."""

from __future__ import annotations

from pathlib import Path

import pytest
from first_screen import first_screen
from on_connection_screen import SECRET, app_on, choose, profiles_in, text
from recorded_engine import RecordedEngine, settings_in
from workers_done import workers_done

from mlflow_analysis import protocol
from mlflow_analysis.connecting.sign_in import ConnectionRequest, SignIn, SignInMethod
from mlflow_tui.application import MlflowTui
from mlflow_tui.screens.connection import ConnectionScreen
from mlflow_tui.screens.experiments import ExperimentsScreen
from mlflow_tui.widgets.text_field import TextField

pytestmark = pytest.mark.usefixtures("elsewhere")


async def test_what_works_is_kept_without_its_secret_and_that_is_said(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path)
    async with app_on(engine, tmp_path) as (pilot, app):
        await pilot.press(*f"postgresql://ana:{SECRET}@db/mlflow", "enter")
        await workers_done(app)
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
        await workers_done(app)
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
        await workers_done(app)
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
        await workers_done(app)
        assert engine.asked[-1].sign_in.secret == SECRET  # type: ignore[union-attr]
        assert app.settings.last_profile == "prod"
        engine.asked.clear()
        await choose(pilot, app, "sample")
        await choose(pilot, app, "prod")
        await pilot.press("f5")
        await workers_done(app)
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
        await workers_done(app)
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
        await workers_done(app)
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
        await workers_done(app)
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

"""Choosing a store and an experiment; addresses, settings, actions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from first_screen import first_screen
from hostile import drawn
from recorded_engine import RecordedEngine, settings_in
from textual.pilot import Pilot
from workers_done import workers_done

from mlflow_analysis import protocol
from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.protocol import Problem
from mlflow_analysis.records import Experiment
from mlflow_tui.actions import ACTIONS, STEPS, actions_for
from mlflow_tui.addresses import choices, without_credentials
from mlflow_tui.application import MlflowTui
from mlflow_tui.config.profiles import Profile
from mlflow_tui.config.settings import Settings
from mlflow_tui.connection_form import Kind
from mlflow_tui.experiment_rows import matching
from mlflow_tui.screens.connection import ConnectionScreen
from mlflow_tui.screens.experiments import ExperimentsScreen
from mlflow_tui.screens.help import HelpDialog
from mlflow_tui.widgets.text_field import TextField

EXPERIMENTS = (
    Experiment("1", "checkout assistant"),
    Experiment("2", "shop support"),
    Experiment("33", "travel planner"),
)


@asynccontextmanager
async def app_on(
    engine: RecordedEngine, tmp_path: Path, size: tuple[int, int] = (80, 24), **start: Any
) -> AsyncIterator[tuple[Pilot[int], MlflowTui]]:
    app = MlflowTui(engine, settings_in(tmp_path), **start)
    async with app.run_test(size=size, notifications=True) as pilot:
        await first_screen(pilot)
        await pilot.pause()
        yield pilot, app


def text(app: MlflowTui) -> str:
    return "\n".join(drawn(app))


# ---- connection -----------------------------------------------------------------------------


async def test_a_refusal_says_why_what_to_do_and_keeps_the_details_for_a_key(
    tmp_path: Path,
) -> None:
    engine = RecordedEngine(tmp_path)
    engine.problems[protocol.CheckConnection] = Problem("Refused.", "Start it.", "errno 111")
    async with app_on(engine, tmp_path) as (pilot, app):
        await pilot.press(*"http://host:1", "enter")
        await pilot.pause()
        assert "✗ Refused." in text(app)
        assert "Start it." in text(app)
        assert "errno 111" not in text(app)
        await pilot.press("f2")
        assert "errno 111" in text(app)
        assert app.settings.recent == []


async def test_a_check_that_takes_long_can_be_cancelled(tmp_path: Path) -> None:
    class Silent(RecordedEngine):
        async def ask(self, request: protocol.Request) -> Any:
            if isinstance(request, protocol.CheckConnection):
                await asyncio.Event().wait()
            return await super().ask(request)

    engine = Silent(tmp_path)
    async with app_on(engine, tmp_path) as (pilot, app):
        await pilot.press(*"http://slow", "enter")
        await pilot.pause()
        assert "Trying http://slow … 0 s" in text(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "Trying" not in text(app)
        assert engine.asked == [protocol.CancelCheck()]
        assert app.state.connection is None


async def test_a_working_address_is_kept_and_enter_goes_on(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path)
    async with app_on(engine, tmp_path) as (pilot, app):
        await pilot.press(*"sqlite:///shop.db", "enter")
        await pilot.pause()
        assert "1 experiment  ·  MLflow 3.17.2  ·  round trip 2 ms" in text(app)
        assert app.settings.recent == [f"sqlite:///{Path.cwd()}/shop.db"]
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, ExperimentsScreen)


async def test_the_command_line_jumps_ahead(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path)
    engine.experiments = EXPERIMENTS
    async with app_on(engine, tmp_path, tracking_uri="", experiment="33", filter_string="f") as (
        pilot,
        app,
    ):
        await workers_done(app)
        await pilot.pause()
        assert app.current_mode == "traces"
        assert app.state.experiment == EXPERIMENTS[2]
        assert protocol.OpenExperiment("33", "f") in engine.asked


async def test_an_unknown_experiment_leads_to_the_list(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path)
    engine.experiments = EXPERIMENTS
    async with app_on(engine, tmp_path, tracking_uri="", experiment="nope") as (pilot, app):
        await workers_done(app)
        await pilot.pause(0.2)
        assert isinstance(app.screen, ExperimentsScreen)
        assert "no experiment called nope" in " ".join(text(app).split())


def test_choices_come_from_profiles_environment_recent_use_and_directory(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").touch()
    environment = {"MLFLOW_TRACKING_URI": "http://me:secret@host:5000/?token=x"}
    profile = Profile("prod", ConnectionRequest("https://u:secret@prod"))

    found = choices(environment, ["sqlite:///a.db"], tmp_path, [profile], "prod")

    kinds = [choice.kind for choice in found if choice.kind != "new"]
    assert kinds == ["profile", "environment", "recent", "here", "demo"]
    assert (found[0].shown, found[0].remark) == ("prod (default)", "https://prod")
    assert found[1].connection == ConnectionRequest()
    assert found[1].shown == "http://host:5000/"
    assert [each.new for each in found if each.kind == "new"] == list(Kind)
    assert {each.kind for each in choices({}, [], tmp_path / "none")} == {"demo", "new"}


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://u:p@ss@host/db?sslmode=require", "postgresql://host/db"),
        ("sqlite:////srv/a?b.db", "sqlite:////srv/a?b.db"),
        ("./mlruns", "./mlruns"),
    ],
)
def test_credentials_are_left_out(address: str, shown: str) -> None:
    assert without_credentials(address) == shown


def test_settings_keep_no_secret_and_survive_a_broken_file(home: Path) -> None:
    settings = Settings.load()
    settings.remember("sqlite:///a.db")
    settings.remember("postgresql://u:secret@host/db")
    settings.remember("sqlite:///b.db")
    assert Settings.load().recent == ["sqlite:///b.db", "sqlite:///a.db"]
    (stored,) = settings.config_directory.iterdir()
    assert stored.stat().st_mode & 0o777 == 0o600
    assert "secret" not in stored.read_text()
    stored.write_text("{")
    assert Settings.load().recent == []


# ---- experiments ----------------------------------------------------------------------------


def test_matching_finds_parts_first_then_what_is_like_it() -> None:
    assert matching(EXPERIMENTS, "support") == [EXPERIMENTS[1]]
    assert matching(EXPERIMENTS, "chekout") == [EXPERIMENTS[0]]
    assert matching(EXPERIMENTS, "33") == [EXPERIMENTS[2]]
    assert matching(EXPERIMENTS, "xyz") == []
    assert matching(EXPERIMENTS, " ") == list(EXPERIMENTS)


async def test_finding_as_you_type_and_finding_nothing(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path)
    engine.experiments = EXPERIMENTS
    async with app_on(engine, tmp_path, (160, 30), tracking_uri="") as (pilot, app):
        await workers_done(app)
        await pilot.pause()
        assert isinstance(app.screen, ExperimentsScreen)
        await pilot.press("slash", *"trav")
        assert app.screen.listing.chosen == EXPERIMENTS[2]
        await pilot.press(*"zzzzzz")
        await pilot.pause()
        assert "No experiment is called anything like" in text(app)
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen.listing.line_count == 3


async def test_a_failed_refresh_keeps_the_list(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path)
    engine.experiments = EXPERIMENTS
    async with app_on(engine, tmp_path, (120, 30), tracking_uri="") as (pilot, app):
        await workers_done(app)
        await pilot.pause()
        engine.problems[protocol.ListExperiments] = Problem("The store went away.")
        await pilot.press("R")
        await workers_done(app)
        await pilot.pause()
        assert "✗ The store went away. The list is from before." in text(app)
        assert "travel planner" in text(app)


async def test_only_the_one_the_cursor_rests_on_is_looked_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlflow_tui.screens.experiments.SETTLE_SECONDS", 2.0)
    engine = RecordedEngine(tmp_path)
    engine.experiments = EXPERIMENTS
    async with app_on(engine, tmp_path, tracking_uri="") as (pilot, app):
        await workers_done(app)
        await pilot.press("j", "j")
        while not app.state.summaries:
            await pilot.pause(0.1)
        assert list(app.state.summaries) == ["33"]


# ---- the frame ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(39, 24), (80, 9)])
async def test_too_small_a_terminal_is_told(tmp_path: Path, size: tuple[int, int]) -> None:
    async with app_on(RecordedEngine(tmp_path), tmp_path, size) as (pilot, app):
        assert "needs more room: at least 40×10" in " ".join(text(app).split())
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "Where are the traces?" in text(app)


async def test_help_lists_what_applies_here(tmp_path: Path) -> None:
    async with app_on(RecordedEngine(tmp_path), tmp_path, tracking_uri="") as (pilot, app):
        await workers_done(app)
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpDialog)
        assert "Open what is under the cursor." in text(app)
        assert "Accept the finding" not in text(app)
        await pilot.press("escape")
        assert isinstance(app.screen, ExperimentsScreen)


async def test_quitting_asks_only_while_an_analysis_runs(tmp_path: Path) -> None:
    async with app_on(RecordedEngine(tmp_path), tmp_path) as (pilot, app):
        app.state.analysing = True
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert "still running" in text(app)
        await pilot.press("n")
        await pilot.pause()
        assert isinstance(app.screen, ConnectionScreen)
        app.state.analysing = False
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert app.return_code == 0
        assert not app.is_running


async def test_no_field_blinks(tmp_path: Path) -> None:
    async with app_on(RecordedEngine(tmp_path), tmp_path) as (pilot, app):
        assert all(not field.cursor_blink for field in app.screen.query(TextField))
        await pilot.press("ctrl+p")
        await pilot.pause()
        fields = list(app.screen.query("Input"))
        assert fields
        assert all(not field.cursor_blink for field in fields)  # type: ignore[attr-defined]


@pytest.mark.parametrize("place", [place for place, _, _ in STEPS])
def test_no_key_means_two_things_in_one_place(place: str) -> None:
    keys = [key for action in actions_for(place) for key in action.keys.split(",")]
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize("place", [place for place, _, _ in STEPS])
def test_every_action_is_a_method_of_its_screen_or_of_the_app(place: str) -> None:
    from mlflow_tui.modes import MODES

    make = MODES[place]
    assert callable(make)
    screen = make()
    for action in ACTIONS:
        if place in action.where:
            name = (action.call or action.id).partition("(")[0]
            assert hasattr(screen, f"action_{name}") or hasattr(MlflowTui, f"action_{name}"), name

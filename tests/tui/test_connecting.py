"""The connection screen on a real engine process: real failures, a real store, and no secret anywhere."""

from __future__ import annotations

import base64
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from first_screen import first_screen
from hostile import drawn
from recorded_engine import settings_in
from textual.pilot import Pilot

import stores
from many_experiments import write_many_experiments
from mlflow_analysis.connecting.sign_in import ConnectionRequest, SignIn, SignInMethod
from mlflow_tui.application import MlflowTui
from mlflow_tui.client import EngineClient
from mlflow_tui.config.profiles import Profiles
from mlflow_tui.screens.connection import ConnectionScreen
from mlflow_tui.screens.experiments import ExperimentsScreen
from mlflow_tui.widgets.address_list import AddressList
from mlflow_tui.widgets.text_field import TextField
from tracking.databases import free_port

PATIENCE_SECONDS = 120
SECRET = "hunter2-very-secret"
STAGES = ("address", "reach", "sign in", "version", "experiments", "trace")


@asynccontextmanager
async def running(
    tmp_path: Path, size: tuple[int, int] = (80, 24), **start: Any
) -> AsyncIterator[tuple[Pilot[int], MlflowTui]]:
    settings = settings_in(tmp_path)
    client = EngineClient(settings.log_directory / "engine.log")
    client.start()
    app = MlflowTui(client, settings, **start)
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            await first_screen(pilot)
            yield pilot, app
    finally:
        client.close()


async def until(pilot: Pilot[int], come: Callable[[], object]) -> None:
    for _ in range(PATIENCE_SECONDS * 20):
        await pilot.pause(0.05)
        if come():
            await pilot.pause()
            return
    raise AssertionError(text(pilot.app))


def text(app: Any) -> str:
    return " ".join(" ".join(drawn(app)).split())


async def attempt(pilot: Pilot[int], app: MlflowTui, address: str) -> str:
    """Type an address and wait for the verdict."""
    field = app.screen.query_one(TextField)
    field.focus()
    field.value = address
    await pilot.press("enter")
    await until(pilot, lambda: "esc cancels" not in text(app))
    return text(app)


async def test_one_failure_after_another_then_a_store_then_its_profile(tmp_path: Path) -> None:
    store = stores.write_small_store(tmp_path / "mlflow.db")
    no_database = tmp_path / "notes.db"
    no_database.write_text("hello")
    missing = tmp_path / "gone.db"
    failures = {
        f"sqlite:///{missing}": "There is no file",
        f"sqlite:///{no_database}": "is not a SQLite database",
        f"http://127.0.0.1:{free_port()}": "Nothing answers at 127.0.0.1",
        f"postgresql://ana:{SECRET}@127.0.0.1:{free_port()}/x": "Nothing answers at 127.0.0.1",
        "gopher://host": "cannot read from gopher:// addresses",
        str(tmp_path): "holds no MLflow experiments",
    }
    async with running(tmp_path) as (pilot, app):
        for address, sentence in failures.items():
            shown = await attempt(pilot, app, address)
            assert "✗ " in shown, address
            assert sentence in shown
            assert SECRET not in shown
            assert app.state.connection is None
        assert not missing.exists()

        shown = await attempt(pilot, app, store)
        assert "✓ SQLite" in shown
        app.screen.query_one("#verdict-pane").focus()
        await pilot.press("G")
        await pilot.pause()
        report = app.state.connection
        assert report is not None
        assert tuple(stage.name for stage in report.stages) == STAGES
        assert all(stage.state == "passed" for stage in report.stages)
        app.screen.query_one(AddressList).focus()
        await pilot.press("f4", *"mine", "enter")
        await pilot.pause()
        await pilot.press("f3")
        await until(pilot, lambda: app.state.experiments)
    async with running(tmp_path, profile="mine") as (pilot, app):
        await until(pilot, lambda: isinstance(app.screen, ExperimentsScreen))
        assert app.settings.last_profile == "mine"


async def test_a_host_that_never_answers_holds_up_no_key_and_can_be_given_up(
    tmp_path: Path,
) -> None:
    store = stores.write_small_store(tmp_path / "mlflow.db")
    with ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        async with running(tmp_path) as (pilot, app):
            field = app.screen.query_one(TextField)
            field.value = f"http://127.0.0.1:{server.server_port}"
            await pilot.press("enter")
            await until(pilot, lambda: "… sign in" in text(app))
            await pilot.press("down", "j")
            assert app.screen.query_one(AddressList).cursor == 1
            await pilot.press("escape")
            await pilot.pause()
            assert "esc cancels" not in text(app)
            engine = app.client.process_id
            assert "✓ SQLite" in await attempt(pilot, app, store)
            assert app.client.process_id == engine
        Silent.go_on.set()
        server.shutdown()


class Silent(BaseHTTPRequestHandler):
    """Takes a request and says nothing."""

    go_on = threading.Event()

    def do_POST(self) -> None:
        self.go_on.wait(PATIENCE_SECONDS)

    do_GET = do_POST  # noqa: N815


@pytest.fixture
def indiscreet() -> Iterator[str]:
    """A server that refuses, and says with what it was asked."""

    class Echo(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = self.headers.get("Authorization", "")
            method, _, sent = said.partition(" ")
            if method == "Basic":
                sent = base64.b64decode(sent).decode()
            self.send_response(401)
            self.end_headers()
            self.wfile.write(f"not accepted: {sent}".encode())

        do_GET = do_POST  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


async def test_no_secret_reaches_screen_picture_file_or_log(
    tmp_path: Path, indiscreet: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_file, of_environment = f"{SECRET}-of-file", f"{SECRET}-of-environment"
    env_file = tmp_path / "elsewhere" / "prod.env"
    env_file.parent.mkdir()
    env_file.write_text(f"PROD_PASSWORD={of_file}\n")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", of_environment)
    kept = Profiles(settings_in(tmp_path).profiles_path)
    sign_in = SignIn(SignInMethod.PASSWORD, "ana", "PROD_PASSWORD")
    kept.save("by-file", ConnectionRequest(indiscreet, str(env_file), sign_in))
    kept.save("by-hand", ConnectionRequest(indiscreet, sign_in=SignIn(SignInMethod.TOKEN)))
    shown: list[str] = []
    async with running(tmp_path, (120, 40)) as (pilot, app):
        screen = app.screen
        assert isinstance(screen, ConnectionScreen)

        async def verdict() -> None:
            await until(pilot, lambda: "✗" in text(app) and "esc cancels" not in text(app))
            await pilot.press("f2")
            await pilot.pause()
            shown.extend([text(app), app.export_screenshot()])
            assert "401" in shown[-2]

        screen.query_one(AddressList).focus()
        await pilot.press("g", "enter")
        await verdict()
        screen.query_one(AddressList).focus()
        await pilot.press("g", "j", "enter")
        await pilot.pause()
        await pilot.press(*SECRET)
        shown.extend([text(app), app.export_screenshot()])
        await pilot.press("enter")
        await verdict()
        address = indiscreet.replace("http://", f"http://ana:{SECRET}@")
        shown.append(await attempt(pilot, app, address))
        await verdict()
        screen.query_one(AddressList).focus()
        await pilot.press("f4", *"typed", "enter")
        await pilot.pause()
        shown.extend([text(app), app.export_screenshot()])
    assert not [each for each in shown if SECRET in each]
    written = {
        path: path.read_bytes()
        for place in (tmp_path, home)
        for path in place.rglob("*")
        if path.is_file() and path != env_file
    }
    assert {path.name for path in written} >= {"profiles.toml", "engine.log"}
    assert [path for path, content in written.items() if SECRET.encode() in content] == []
    for path in written:
        if path.suffix in (".toml", ".log", ".json"):
            assert path.stat().st_mode & 0o777 == 0o600, path


async def test_two_thousand_experiments_from_a_real_store(tmp_path: Path) -> None:
    store = write_many_experiments(tmp_path / "mlflow.db", 2_000)
    async with running(tmp_path, (120, 40), tracking_uri=store) as (pilot, app):
        await until(pilot, lambda: isinstance(app.screen, ExperimentsScreen))
        screen = app.screen
        assert isinstance(screen, ExperimentsScreen)
        await until(pilot, lambda: len(app.state.figures) == 2_001)
        await pilot.press(*[">"] * 5)
        await until(pilot, lambda: "failed↓" in text(app))
        chosen = screen.listing.chosen
        assert chosen is not None
        assert app.state.figures[chosen.experiment_id].failed == 4
        await pilot.press("slash", *"team 39", "enter")
        await pilot.pause()
        assert screen.listing.line_count >= 50
        await until(
            pilot,
            lambda: (
                screen.listing.chosen and screen.listing.chosen.experiment_id in app.state.summaries
            ),
        )
        assert "Data check" in text(app)

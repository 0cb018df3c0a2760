"""Watch mode on the screens: traces arrive in a real store while the app watches it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hostile import drawn
from test_flow import running, until
from textual.pilot import Pilot

import stores
from mlflow_analysis.protocol import LocateTrace, WatchState
from mlflow_analysis.review import Decision
from mlflow_tui.application import MlflowTui
from mlflow_tui.reading_options import ReadingOptions
from mlflow_tui.screens.board import BoardScreen
from mlflow_tui.screens.traces import TracesScreen
from mlflow_tui.widgets.board_list import BoardList
from mlflow_tui.widgets.watch_words import watch_words
from trace_factory import model, tool, trace

OFTEN = ReadingOptions(watch_every_s=0.05)


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return stores.write_small_store(tmp_path / "mlflow.db")


@asynccontextmanager
async def traces_of(
    uri: str, directory: Path
) -> AsyncIterator[tuple[Pilot[int], MlflowTui, TracesScreen]]:
    """The program with all of the store's traces on the screen."""
    async with running(
        directory, tracking_uri=uri, experiment=stores.EXPERIMENT, reading=OFTEN
    ) as (pilot, app):
        await until(pilot, lambda: isinstance(app.screen, TracesScreen))
        traces = app.screen
        assert isinstance(traces, TracesScreen)
        await until(pilot, lambda: traces.table.line_count == 14 and traces.inspector.trace)
        yield pilot, app, traces


async def test_new_traces_arrive_and_cursor_and_decisions_stay(tmp_path: Path, uri: str) -> None:
    async with traces_of(uri, tmp_path) as (pilot, app, traces):
        await pilot.press("4")
        await until(pilot, lambda: isinstance(app.screen, BoardScreen) or app.state.board.purpose)
        await until(pilot, lambda: app.state.board.analysis)
        while not isinstance(app.screen, BoardScreen):
            await pilot.press("enter")
            await pilot.pause()
        board = app.screen
        cards = board.query_one(BoardList)
        timeout = next(
            each
            for each in app.state.board.analysis.findings  # type: ignore[union-attr]
            if each.hypothesis == "timeout"
        )
        cards.go_to(timeout.fingerprint)
        await pilot.press("a")
        await until(
            pilot,
            lambda: (
                app.state.board.card(timeout.fingerprint).decision  # type: ignore[union-attr]
                is Decision.ACCEPTED
            ),
        )
        await pilot.press("w")
        await until(pilot, lambda: "watching" in "\n".join(drawn(app)))
        await pilot.press("3", "j", "j")
        await until(pilot, lambda: traces.table.chosen)
        chosen = traces.table.chosen
        assert chosen is not None and traces.table.cursor == 2

        stores.write(
            [
                trace(
                    tool("charge card", status="ERROR", exception=("TimeoutError", "timed out")),
                    model("apologise"),
                    state="ERROR",
                    number=60 + number,
                )
                for number in range(3)
            ],
            uri,
            stores.EXPERIMENT,
            tmp_path,
        )

        await until(pilot, lambda: traces.table.line_count == 17)
        await until(pilot, lambda: traces.table.chosen and traces.table.cursor == 5)
        assert traces.table.chosen is not None
        assert traces.table.chosen.trace_id == chosen.trace_id
        await until(pilot, lambda: "watching · 3 new · " in "\n".join(drawn(app)))
        await until(pilot, lambda: app.state.board.analysis.traces_read == 17)  # type: ignore[union-attr]
        await pilot.press("4")
        await until(pilot, lambda: app.screen is board)
        card = app.state.board.card(timeout.fingerprint)
        assert card is not None and card.finding is not None
        assert card.finding.affected == 6
        assert card.decision is Decision.ACCEPTED
        assert cards.cursor == timeout.fingerprint
        await until(pilot, lambda: "17 traces read · watching · 3 new" in "\n".join(drawn(app)))

        await pilot.press("w")
        await until(pilot, lambda: "watching" not in "\n".join(drawn(app)))
        assert app.state.watch is None


async def test_the_cursor_stays_on_its_trace_when_windows_follow_one_another(
    tmp_path: Path, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with traces_of(uri, tmp_path) as (pilot, app, traces):
        await pilot.press("j", "j")
        await until(pilot, lambda: traces.table.chosen)
        chosen = traces.table.chosen
        ask, overtaken = app.client.ask, []

        async def overtake(request: Any) -> Any:
            answer = await ask(request)
            if isinstance(request, LocateTrace) and not overtaken:
                overtaken.append(request)
                traces.table.outdate()
                await pilot.pause()
            return answer

        monkeypatch.setattr(app.client, "ask", overtake)
        more = [trace(model("answer"), number=80 + number) for number in range(2)]
        await pilot.press("w")
        stores.write(more, uri, stores.EXPERIMENT, tmp_path)
        await until(pilot, lambda: overtaken and traces.table.cursor == 4)
        assert traces.table.chosen.trace_id == chosen.trace_id


async def test_a_lost_store_is_told_on_the_screen_and_the_rows_stay(
    tmp_path: Path, uri: str
) -> None:
    async with traces_of(uri, tmp_path) as (pilot, app, traces):
        await pilot.press("w")
        path, elsewhere = tmp_path / "mlflow.db", tmp_path / "elsewhere.db"
        shutil.move(path, elsewhere)
        await until(pilot, lambda: "watching, but: There is no file" in "\n".join(drawn(app)))
        assert traces.table.line_count == 14

        shutil.move(elsewhere, path)

        await until(pilot, lambda: "watching, but" not in "\n".join(drawn(app)))
        assert app.state.watch is not None


async def test_a_watch_goes_on_with_a_new_engine_once(tmp_path: Path, uri: str) -> None:
    """The engine is killed: the watch finds new traces all the same, and tests them; killed again, it ends."""
    async with traces_of(uri, tmp_path) as (pilot, app, traces):
        app.start_analysis()
        await until(pilot, lambda: app.state.board.analysis)
        before = list(app.state.board._cards)
        await pilot.press("w")
        await until(pilot, lambda: "watching" in "\n".join(drawn(app)))
        killed = app.client.process_id
        assert killed is not None

        os.kill(killed, signal.SIGKILL)

        await until(pilot, lambda: app.client.process_id not in (None, killed))
        await until(
            pilot, lambda: "and the watch goes on" in " ".join("\n".join(drawn(app)).split())
        )
        assert list(app.state.board._cards) == before
        timed_out = tool("charge", status="ERROR", exception=("TimeoutError", "timed out"))
        new = trace(timed_out, model("apologise"), state="ERROR", number=60)
        stores.write([new], uri, stores.EXPERIMENT, tmp_path)
        await until(pilot, lambda: traces.table.line_count == 15)
        await until(pilot, lambda: app.state.board.analysis.traces_read == 15)  # type: ignore[union-attr]
        await until(pilot, lambda: app.state.watch and not app.state.watch.problem)

        second = app.client.process_id
        assert second is not None
        os.kill(second, signal.SIGKILL)

        await until(pilot, lambda: app.state.watch is None)
        said = [each.message for each in app._notifications]
        assert any(
            "Watching ended. The engine stopped 2 times within a minute" in each for each in said
        )
        await until(pilot, lambda: app.client.process_id not in (None, second))
        assert traces.table.line_count == 15


def test_the_words_change_with_the_news_alone() -> None:
    quiet = WatchState(watching=True, new=1_203, last_news_ms=1_780_000_000_000)
    assert watch_words(WatchState(watching=True)) == "watching"
    assert watch_words(quiet).startswith("watching · 1,203 new · ")
    assert watch_words(replace(quiet, reading=4)).endswith(" · testing 4 …")
    assert watch_words(replace(quiet, problem="Gone.\x1b[2J")) == "watching, but: Gone.␛[2J"

"""What every screen looks like, as plain text: look at the difference before writing them anew.

UPDATE_GOLDENS=1 pytest tests/tui/test_goldens.py
"""

from __future__ import annotations

import locale
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from board_app import go_to_board, make_app, preview_written, settle
from board_samples import finished, half_way
from first_screen import first_screen
from hostile import drawn
from recorded_engine import RecordedEngine, settings_in
from textual.pilot import Pilot
from traces_on_screen import settled

from mlflow_analysis import protocol
from mlflow_analysis.records import TraceRecord
from mlflow_tui.application import MlflowTui
from mlflow_tui.widgets import experiment_list
from trace_factory import EPOCH_MS, feedback, model, retriever, tool, trace

GOLDENS = Path(__file__).parent / "goldens"
PATIENCE_TURNS = 50
STILL_COMING = re.compile("Looking at its newest traces")
UPDATE = "UPDATE_GOLDENS" in os.environ
LOOKS = {"80x24": (80, 24), "120x40": (120, 40), "200x60": (200, 60), "ascii": (80, 24)}
OF_THE_READING = {
    "connection": ("connection",),
    "experiments": ("experiments",),
    "traces": ("traces",),
    "inspector": ("traces", "j", "enter", "x"),
    "compare": ("traces", "space", "j", "j", "D"),
    "help": ("traces", "question_mark"),
}
OF_THE_ANALYSIS = {
    "purpose": (),
    "board": (),
    "board-detail": ("tab",),
    "board-charts": ("C",),
    "report": ("a", "5"),
}


@pytest.fixture(autouse=True)
def _always_the_same(elsewhere: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same reviewer, hour and terminal on every machine."""
    for name, value in (("LOGNAME", "ann"), ("TZ", "UTC"), ("TERM", "xterm-256color")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLORTERM", "truecolor")
    time.tzset()
    monkeypatch.setattr(experiment_list, "now", lambda: EPOCH_MS / 1000 + 86_400)
    yield
    monkeypatch.undo()
    time.tzset()


def orders() -> list[TraceRecord]:
    """Twelve questions about orders; every fourth meets a carrier that does not answer."""
    return [
        trace(
            model("plan", model="gpt-4o", ms=310.0),
            retriever(
                "policies", outputs=[{"page_content": "Parcels take two days.", "score": 0.82}]
            ),
            tool(
                "track_parcel",
                inputs={"order": 1000 + number},
                outputs=None if number % 4 == 0 else {"state": "in transit", "days": number},
                status="ERROR" if number % 4 == 0 else "OK",
                message="carrier did not answer" if number % 4 == 0 else "",
                exception=("TimeoutError", "no answer") if number % 4 == 0 else None,
            ),
            model("answer", model="gpt-4o", ms=520.0),
            request=f"Where is order {1000 + number}, and can it still come on Friday?",
            response="It is on its way and comes in two days.",
            session=f"session-{number // 3}",
            state="ERROR" if number % 4 == 0 else "OK",
            start_ms=EPOCH_MS + number * 60_000,
            assessments=[feedback("helpful", number % 2 == 0)],
            number=number,
        )
        for number in range(1, 13)
    ]


async def comes_to_be_golden(pilot: Pilot[int], name: str, directory: Path) -> None:
    """The screen is, or on a busy machine soon becomes, what is kept."""
    path = GOLDENS / f"{name}.txt"
    text = ""
    for _ in range(PATIENCE_TURNS):
        await pilot.pause(0.2)  # details are drawn when the cursor has rested
        text = "".join(
            f"{line.replace(str(directory), '~').rstrip()}\n" for line in drawn(pilot.app)
        )
        if UPDATE and not STILL_COMING.search(text):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        if path.exists() and text == path.read_text(encoding="utf-8"):
            return
    raise AssertionError(f"{path.name} is not what is drawn:\n{text}")


def takes(look: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """The size of the terminal; one that draws only ASCII says so."""
    if look == "ascii":
        monkeypatch.setattr(locale, "getpreferredencoding", lambda _: "ANSI_X3.4-1968")
    return LOOKS[look]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("screen", OF_THE_READING)
async def test_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, screen: str, look: str
) -> None:
    size = takes(look, monkeypatch)
    engine = RecordedEngine(tmp_path, orders())
    app = MlflowTui(engine, settings_in(tmp_path))
    place, *keys = OF_THE_READING[screen]
    async with app.run_test(size=size) as pilot:
        await first_screen(pilot)
        if place != "connection":
            app.connected("", engine._CheckConnection(protocol.CheckConnection("")))
            if place == "traces":
                app.choose_experiment(engine.experiments[0])
            app.action_go(place)
        await settled(pilot)
        for key in keys:
            await pilot.press(key)
            await settled(pilot)
        await comes_to_be_golden(pilot, f"{screen}-{look}", tmp_path)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("screen", OF_THE_ANALYSIS)
async def test_analysis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, screen: str, look: str
) -> None:
    size = takes(look, monkeypatch)
    app, engine = make_app(tmp_path)
    asks = screen == "purpose"
    async with app.run_test(size=size) as pilot:
        events = half_way() if asks else finished()
        await go_to_board(app, pilot, engine, events, asks_purpose=asks)
        for key in OF_THE_ANALYSIS[screen]:
            await pilot.press(key)
            await settle(pilot)
        await preview_written(app, pilot)
        await comes_to_be_golden(pilot, f"{screen}-{look}", tmp_path)

"""Without any colour: the focus, the cursor and every state can still be told from what is beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from first_screen import first_screen
from recorded_engine import RecordedEngine, settings_in
from textual.pilot import Pilot
from workers_done import workers_done

import stores
from mlflow_tui.actions import CONNECTION, EXPERIMENTS, TRACES
from mlflow_tui.application import MlflowTui

Shown = list[list[tuple[str, bool, bool, bool, bool]]]


def without_colour(pilot: Pilot[int]) -> Shown:
    """What is on the screen, line by line: text, bold, reverse, underlined, italic."""
    return [
        [
            (
                segment.text,
                bool(segment.style and segment.style.bold),
                bool(segment.style and segment.style.reverse),
                bool(segment.style and segment.style.underline),
                bool(segment.style and segment.style.italic),
            )
            for segment in strip
        ]
        for strip in pilot.app.screen._compositor.render_strips()
    ]


def texts(pilot: Pilot[int]) -> list[str]:
    return ["".join(part[0] for part in line) for line in without_colour(pilot)]


@asynccontextmanager
async def colourless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> AsyncIterator[Pilot[int]]:
    monkeypatch.setenv("NO_COLOR", "1")
    app = MlflowTui(
        RecordedEngine(tmp_path, stores.small_traces()), settings_in(tmp_path), tracking_uri=""
    )
    async with app.run_test(size=size) as pilot:
        await first_screen(pilot)
        await workers_done(app)
        await pilot.pause()
        yield pilot


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
@pytest.mark.parametrize("place", [CONNECTION, EXPERIMENTS, TRACES])
async def test_where_the_focus_is_can_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], place: str
) -> None:
    async with colourless(tmp_path, monkeypatch, size) as pilot:
        app = pilot.app
        assert isinstance(app, MlflowTui)
        if place == TRACES:
            app.choose_experiment(RecordedEngine(tmp_path).experiments[0])
        await app.switch_mode(place)
        while place == TRACES and not any("TOOL" in text or "▌" in text for text in texts(pilot)):
            await pilot.pause()
        await pilot.pause()
        seen: list[tuple[str, Shown]] = []
        for widget in app.screen.focus_chain:
            widget.focus()
            await pilot.pause()
            seen.append((repr(widget), without_colour(pilot)[1:-1]))  # header and footer aside
        assert seen
        for number, (one, shown) in enumerate(seen):
            for other, also in seen[number + 1 :]:
                assert shown != also, f"{one} and {other} look alike when focused"

"""Hostile text on the first three screens: shown, never obeyed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from first_screen import first_screen
from hostile import OBEYED, PIECES, TEXT, assert_harmless, drawn, hostile_trace
from recorded_engine import RecordedEngine, settings_in
from rich.segment import Segment
from rich.text import Text
from textual.app import App, ComposeResult
from textual.color import Color
from textual.filter import LineFilter
from textual.pilot import Pilot
from textual.widgets import Static

from mlflow_analysis import protocol
from mlflow_analysis.protocol import Problem
from mlflow_analysis.records import Experiment
from mlflow_tui.application import MlflowTui
from mlflow_tui.terminal.scrub import Scrub
from mlflow_tui.widgets.inspector import Section

PLAIN_SECTIONS = (Section.FINDINGS,)
"""What stands there is not from traces."""
SIZES = [(120, 40), (80, 24)]


@asynccontextmanager
async def hostile_app(
    tmp_path: Path, size: tuple[int, int]
) -> AsyncIterator[tuple[Pilot[int], MlflowTui, RecordedEngine]]:
    engine = RecordedEngine(tmp_path, [hostile_trace(1), hostile_trace(2)])
    engine.experiments = (Experiment("7", f"name {TEXT}", 1_780_272_000_000, {TEXT: TEXT}),)
    app = MlflowTui(engine, settings_in(tmp_path))
    async with app.run_test(size=size, notifications=True) as pilot:
        await first_screen(pilot)
        yield pilot, app, engine


@pytest.mark.parametrize("size", SIZES)
async def test_connection_screen(tmp_path: Path, size: tuple[int, int]) -> None:
    async with hostile_app(tmp_path, size) as (pilot, app, engine):
        engine.problems[protocol.CheckConnection] = Problem(TEXT, TEXT, TEXT)
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("f2")
        await pilot.pause()
        assert_harmless(app)
        assert any("[/foo]" in line for line in drawn(app))


@pytest.mark.parametrize("size", SIZES)
async def test_experiments_screen(tmp_path: Path, size: tuple[int, int]) -> None:
    async with hostile_app(tmp_path, size) as (pilot, app, engine):
        summary = engine._SummariseExperiment(protocol.SummariseExperiment("7"))
        hostile = replace(
            summary,
            span_kinds={TEXT: 3},
            states={TEXT: 2},
            fields=(protocol.FieldCheck(TEXT, 1, 2),),
            not_testable=((TEXT, TEXT),),
        )
        engine._SummariseExperiment = lambda request: hostile  # type: ignore[method-assign]
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause(0.5)
        assert "7" in app.state.summaries
        assert_harmless(app)
        assert any("[@click=app.bell]x[/]" in line for line in drawn(app))


@pytest.mark.parametrize("size", SIZES)
async def test_traces_screen(tmp_path: Path, size: tuple[int, int]) -> None:
    async with hostile_app(tmp_path, size) as (pilot, app, engine):
        app.connected("", engine._CheckConnection(protocol.CheckConnection("")))
        app.choose_experiment(engine.experiments[0])
        app.action_go("traces")
        await pilot.pause(0.3)
        inspector = app.screen.query_one("#inspector")
        assert inspector.trace is not None
        await pilot.press("enter", "j", "enter")
        for section in Section:
            inspector.choose_section(section)
            await pilot.pause()
            assert_harmless(app)
            assert "[/foo]" in inspector.payload.text or section in PLAIN_SECTIONS
        inspector.choose_section(Section.OUTPUTS)
        await pilot.pause()
        assert any("[@click=app.bell]x[/]" in line for line in drawn(app))
        app.screen.show_query(protocol.RowQuery(text=TEXT))  # a filter line with it
        await pilot.pause(0.2)
        assert_harmless(app)
        engine.problems[protocol.FetchRows] = Problem(TEXT, TEXT)
        app.screen.show_query(protocol.RowQuery())
        await pilot.pause(0.2)
        assert_harmless(app)


async def test_notifications_and_title(tmp_path: Path) -> None:
    async with hostile_app(tmp_path, (80, 24)) as (pilot, app, _):
        app.notify(TEXT)
        app.notify("[/foo] [@click=app.bell]x[/]", severity="error")
        await pilot.pause(0.2)
        assert_harmless(app)
        assert any("[@click=app.bell]x[/]" in line for line in drawn(app))


async def test_every_drawn_line_passes_the_line_filters() -> None:
    """Textual calls ``get_line_filters`` internal; this is what we rely on."""

    class Bare(App[None]):
        def compose(self) -> ComposeResult:
            yield Static(Text(TEXT))

        def get_line_filters(self) -> list[LineFilter]:
            return [*super().get_line_filters(), Scrub()]

    class Unfiltered(Bare):
        def get_line_filters(self) -> list[LineFilter]:
            return []

    for kind, harmless in ((Bare, True), (Unfiltered, False)):
        app = kind()
        async with app.run_test(size=(120, 8)) as pilot:
            await pilot.pause()
            text = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
            assert (OBEYED.search(text.replace("\n", "")) is None) == harmless


def test_scrub_keeps_plain_text_and_control_segments() -> None:
    control = Segment("\x1b[?25l", None, [(1,)])  # type: ignore[list-item]
    plain = Segment("plain ✓ text")
    kept = Scrub().apply([plain, control], Color(0, 0, 0))
    assert kept == [plain, control]
    (scrubbed,) = Scrub().apply([Segment("".join(PIECES))], Color(0, 0, 0))
    assert OBEYED.search(scrubbed.text) is None
    assert len(scrubbed.text) == len("".join(PIECES))

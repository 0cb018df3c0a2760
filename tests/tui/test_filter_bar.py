"""The filter bar of the traces screen: completion, history, the place of a fault."""

from __future__ import annotations

from pathlib import Path

from hostile import drawn
from recorded_engine import RecordedEngine
from traces_on_screen import orders, settled, traces_screen

from mlflow_analysis import protocol
from mlflow_analysis.protocol import FilterProblem
from mlflow_tui.screens.traces import TracesScreen
from mlflow_tui.widgets.text_field import TextField


def typed(screen: TracesScreen) -> str:
    return screen.filter_bar.query_one(TextField).value


async def test_tab_completes_and_again_takes_the_next_word(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(5))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        await pilot.press("slash", *"tra")
        await settled(pilot)
        text = "\n".join(drawn(pilot.app))
        assert "› trace.status" in text
        assert "tags.region" not in text
        await pilot.press("tab")
        assert typed(screen) == "trace.status "
        await pilot.press("tab")
        assert typed(screen) == "trace.name "
        await pilot.press("shift+tab", "right", *"= 'x'")
        await settled(pilot)
        assert typed(screen) == "trace.status = 'x'"


async def test_right_takes_the_word_only_at_the_end(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(5))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        await pilot.press("slash", *"tag")
        await settled(pilot)
        await pilot.press("left", "right")
        assert typed(screen) == "tag"
        await settled(pilot)
        await pilot.press("right")
        assert typed(screen) == "tags.region "


async def test_without_an_offer_tab_stays_in_the_line(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(5))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        await pilot.press("slash", *"zzz")
        await settled(pilot)
        await pilot.press("tab", "x")
        assert typed(screen) == "zzzx"


async def test_a_fault_is_pointed_at_and_typing_replaces_the_word(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(5))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        engine.problems[protocol.OpenExperiment] = FilterProblem(
            "Traces have no field “stat”.", "Did you mean trace.status?", "", 6, 10
        )
        await pilot.press("slash", *"trace.stat = 'x'", "enter")
        await settled(pilot)
        lines = drawn(pilot.app)
        (at,) = [n for n, line in enumerate(lines) if "trace.stat = 'x'" in line]
        begins = lines[at].index("stat = ")
        assert lines[at + 1][begins : begins + 5] == "^^^^ "
        assert lines[at + 1].strip().startswith("^^^^")
        assert "Traces have no field “stat”. Did you mean trace.status?" in lines[at + 2]
        assert screen.table.line_count == 5
        del engine.problems[protocol.OpenExperiment]
        await pilot.press(*"status", "enter")
        await settled(pilot)
        assert screen.state.filter_string == "trace.status = 'x'"
        assert not any("^^^^" in line for line in drawn(pilot.app))


async def test_giving_up_a_refused_filter_shows_the_rows_of_now_and_keeps_it_for_up(
    tmp_path: Path,
) -> None:
    engine = RecordedEngine(tmp_path, orders(5))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        engine.problems[protocol.OpenExperiment] = FilterProblem("No.", "Why.", "", 0, 4)
        await pilot.press("slash", *"stat = 1", "enter")
        await settled(pilot)
        await pilot.press("escape")
        await settled(pilot)
        assert not any("No." in line for line in drawn(pilot.app))
        await pilot.press("slash", *"other", "escape", "slash", "up")
        assert typed(screen) == "other"
        await pilot.press("up")
        assert typed(screen) == "stat = 1"
        await pilot.press("up")
        assert typed(screen) == "stat = 1"
        await pilot.press("down", "down")
        assert typed(screen) == ""

"""The help: what keys do here, what keeps those that do nothing now, and finding one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from first_screen import first_screen
from hostile import drawn
from recorded_engine import RecordedEngine, settings_in
from textual.actions import parse
from textual.pilot import Pilot

from mlflow_tui.actions import BOARD, EVERYWHERE, PURPOSE, REPORT, TRACES, Action, actions_for
from mlflow_tui.actions.needs import NEEDS
from mlflow_tui.application import MlflowTui
from mlflow_tui.config.key_map import KeyMap
from mlflow_tui.config.preferences import Preferences
from mlflow_tui.config.settings import Settings
from mlflow_tui.modes import MODES
from mlflow_tui.screens.help import HelpDialog, HelpLine, found, help_lines
from mlflow_tui.screens.purpose import PurposeScreen
from mlflow_tui.widgets.chrome import FooterLine, HintLine


@asynccontextmanager
async def help_at(
    tmp_path: Path, size: tuple[int, int] = (80, 24), **keys: str
) -> AsyncIterator[Pilot[int]]:
    app = MlflowTui(
        RecordedEngine(tmp_path), settings_in(tmp_path), preferences=Preferences(KeyMap(keys))
    )
    async with app.run_test(size=size) as pilot:
        await first_screen(pilot)
        app.set_focus(None)
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpDialog)
        yield pilot


def text(pilot: Pilot[int]) -> str:
    return "\n".join(drawn(pilot.app))


async def test_it_tells_what_a_key_does_and_what_it_needs(tmp_path: Path) -> None:
    async with help_at(tmp_path, (100, 60)) as pilot:
        said = text(pilot)
        assert "On this screen: Connect" in said
        assert "f4  Keep this connection as a profile." in said
        assert "not now: it needs a connection that was tried" in said
        await pilot.press("G")
        await pilot.pause()
        said = text(pilot)
        go_board = said[said.index("4  Go to Board.") :]
        assert "not now: it needs an open experiment" in go_board.splitlines()[1]
        leave = said[
            said.index("q ^q  Leave") if "q ^q  Leave" in said else said.index("q  Leave") :
        ]
        assert "not now" not in "".join(leave.splitlines()[:2])


async def test_it_can_be_searched_by_word_and_by_key(tmp_path: Path) -> None:
    async with help_at(tmp_path) as pilot:
        await pilot.press("slash", *"profile")
        await pilot.pause()
        said = text(pilot)
        assert "Keep this connection as a profile." in said
        assert "Go to Board." not in said
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, HelpDialog)  # the search goes first
        await pilot.press("slash", "q")
        await pilot.pause()
        assert [line.strip() for line in drawn(pilot.app) if "Leave." in line]
        assert "Keep this connection" not in text(pilot)
        await pilot.press("backspace", *"zzz")
        await pilot.pause()
        assert "Nothing of that kind here." in text(pilot)


async def test_all_of_it_can_be_reached_in_a_small_terminal(tmp_path: Path) -> None:
    async with help_at(tmp_path) as pilot:
        assert "Leave." not in text(pilot)
        await pilot.press("G")
        await pilot.pause()
        assert "Leave." in text(pilot)
        assert "esc closes" in text(pilot)
        await pilot.press("g")
        await pilot.pause()
        assert "On this screen: Connect" in text(pilot)
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, HelpDialog)


async def test_it_shows_the_users_keys(tmp_path: Path) -> None:
    async with help_at(tmp_path, (100, 60), **{"connection.save_profile": "f9"}) as pilot:
        assert "f9  Keep this connection as a profile." in text(pilot)


def test_a_key_that_is_there_finds_what_is_on_it_alone() -> None:
    lines = [
        HelpLine("Here", "r", "reject", "Reject the finding.", ""),
        HelpLine("Here", "a", "accept", "Accept it: into the report.", ""),
    ]
    assert [line.label for line in found(lines, "r")] == ["reject"]
    assert [line.label for line in found(lines, "rep")] == ["accept"]


@pytest.mark.parametrize("place", [*MODES, PURPOSE])
async def test_whatever_does_not_apply_says_what_it_needs(tmp_path: Path, place: str) -> None:
    """On screens that have nothing yet, where most does not apply."""
    app = MlflowTui(RecordedEngine(tmp_path), settings_in(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await first_screen(pilot)
        if place == PURPOSE:
            await app.push_screen(PurposeScreen())
        else:
            await app.switch_mode(place)
        await pilot.pause()

        def applies(action: Action, owner: str) -> bool:
            _, name, parameters = parse(action.call or action.id)
            asked = app if owner == EVERYWHERE else app.screen
            return asked.check_action(name, parameters) is True

        lines = help_lines(place, "Here", app.keys, applies)
        unexplained = [line.text for line in lines if "something else" in line.missing]
        assert unexplained == []
        if place in (BOARD, REPORT, TRACES):
            assert any(line.missing for line in lines)


@pytest.mark.parametrize("place", NEEDS)
def test_needs_are_told_of_actions_that_exist(place: str) -> None:
    names = {action.name for action in actions_for(place)}
    assert set(NEEDS[place]) <= names


# ---- the hint of the first runs -------------------------------------------------------------


async def test_the_hint_is_shown_until_it_is_dismissed_and_never_again(home: Path) -> None:
    settings = Settings.load()
    assert settings.hint_due
    app = MlflowTui(RecordedEngine(home), settings)
    async with app.run_test(size=(80, 24)) as pilot:
        await first_screen(pilot)
        assert "? what keys do here" in text(pilot)
        assert "^g hide this" in text(pilot)
        assert "elsewhere: ? what keys do here" in text(pilot)
        await pilot.press("down")
        await pilot.pause()
        assert " ? what keys do here  ^p every command by name  1…5 the screens" in text(pilot)
        await pilot.press("ctrl+g")
        await pilot.pause()
        assert "what keys do here" not in text(pilot)
        await app.switch_mode(TRACES)
        await pilot.pause()
        assert "what keys do here" not in text(pilot)
    assert not Settings.load().hint_due


async def test_the_hint_takes_its_line_from_the_body_and_hides_none_of_it(home: Path) -> None:
    app = MlflowTui(RecordedEngine(home), Settings.load())
    async with app.run_test(size=(80, 24)) as pilot:
        await first_screen(pilot)
        for place in MODES:
            await app.switch_mode(place)
            await pilot.pause()
            hint = app.screen.query_one(HintLine).region
            assert (hint.y, app.screen.query_one(FooterLine).region.y) == (22, 23)
            seen = [
                app.screen.find_widget(widget).visible_region for widget in app.screen.focus_chain
            ]
            assert max((region.bottom for region in seen), default=0) <= hint.y, place


def test_what_was_kept_before_stays_when_the_hint_goes(home: Path) -> None:
    settings = Settings.load()
    settings.remember("sqlite:///a.db")
    settings.dismiss_hint()
    again = Settings.load()
    assert (again.recent, again.hint_due) == (["sqlite:///a.db"], False)

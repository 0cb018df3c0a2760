"""Keys that come before the screen they are meant for is there, or after it has gone.

Found by ``tests/end_to_end/test_random_keys.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from board_app import board, go_to_board, make_app, open_board, settle, until
from board_samples import finished, half_way
from recorded_engine import RecordedEngine
from textual.command import CommandList
from textual.widgets.option_list import Option
from traces_on_screen import traces_screen
from typing_ahead import send

import stores
from mlflow_tui.screens.base import StepScreen
from mlflow_tui.screens.dialog import Commands
from mlflow_tui.screens.dialogs import ConfirmDialog
from mlflow_tui.screens.purpose import PurposeScreen
from mlflow_tui.screens.traces import TracesScreen
from mlflow_tui.widgets.detail_view import DetailView


@pytest.mark.parametrize("keys", [("4", "j", "k"), ("4", "escape"), ("5", "4", "j", "escape")])
async def test_keys_wait_for_the_screen_they_are_meant_for(
    tmp_path: Path, keys: tuple[str, ...]
) -> None:
    engine = RecordedEngine(tmp_path, stores.small_traces())
    async with traces_screen(engine, tmp_path) as (pilot, _):
        send(pilot.app, *keys)
        await settle(pilot)
        assert isinstance(pilot.app.screen, StepScreen)
        assert not isinstance(pilot.app.screen, TracesScreen)


async def test_a_key_goes_to_the_pane_that_the_key_before_it_chose(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _):
        chosen = board(app).card
        send(app, "tab", "j")
        await settle(pilot)
        assert board(app).card is chosen
        assert isinstance(app.focused, DetailView)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_key_after_enter_is_for_the_spans(tmp_path: Path, size: tuple[int, int]) -> None:
    engine = RecordedEngine(tmp_path, stores.small_traces())
    async with traces_screen(engine, tmp_path, size=size) as (pilot, screen):
        chosen = screen.table.cursor
        send(pilot.app, "enter", "j")
        await settle(pilot)
        assert screen.table.cursor == chosen
        assert screen.focused is screen.inspector.waterfall


async def test_a_dialog_that_is_answered_twice_closes_nothing_else(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _):
        below, dialog = ConfirmDialog("This?", "yes"), ConfirmDialog("Sure?", "yes")
        answers: list[bool | None] = []
        await app.push_screen(below, answers.append)
        await app.push_screen(dialog, answers.append)
        dialog.dismiss(True)
        dialog.dismiss(False)
        await settle(pilot)
        assert app.screen is below
        assert answers == [True]


async def test_a_dialog_answered_on_another_screen_is_gone_when_one_comes_back(
    tmp_path: Path,
) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _):
        answers: list[bool | None] = []
        dialog = ConfirmDialog("Sure?", "yes")
        await app.push_screen(dialog, answers.append)
        await app.switch_mode("report")
        dialog.dismiss(True)
        await settle(pilot)
        assert app.current_mode == "report"
        await app.switch_mode("board")
        await settle(pilot)
        assert board(app)
        assert answers == [True]


async def test_a_purpose_confirmed_on_another_screen_is_gone_when_the_board_comes_back(
    tmp_path: Path,
) -> None:
    async with open_board(tmp_path, half_way(), asks_purpose=True) as (app, pilot, _):
        purpose = app.screen
        assert isinstance(purpose, PurposeScreen)
        await app.switch_mode("report")
        purpose.action_skip_questions()
        await settle(pilot)
        assert app.current_mode == "report"
        await app.switch_mode("board")
        await settle(pilot)
        assert board(app)


async def test_a_purpose_confirmed_twice_closes_nothing_else(tmp_path: Path) -> None:
    async with open_board(tmp_path, half_way(), asks_purpose=True) as (app, pilot, _):
        await pilot.press("enter")
        send(app, "enter", "enter", "enter")
        await settle(pilot)
        assert board(app)


async def test_a_purpose_that_is_settled_under_a_dialog_takes_it_along(tmp_path: Path) -> None:
    async with open_board(tmp_path, half_way(), asks_purpose=True) as (app, pilot, _):
        purpose = app.screen
        assert isinstance(purpose, PurposeScreen)
        send(app, "?")
        await settle(pilot)
        assert app.screen is not purpose
        purpose.action_skip_questions()
        await settle(pilot)
        assert app.screen is board(app)


async def test_a_dialog_that_is_answered_under_another_takes_it_along(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _):
        answers: list[tuple[str, bool | None]] = []

        def told(which: str) -> Callable[[bool | None], None]:
            return lambda answer: answers.append((which, answer))

        below = ConfirmDialog("Below?", "yes")
        await app.push_screen(below, told("below"))
        await app.push_screen(ConfirmDialog("Above?", "yes"), told("above"))
        below.dismiss(True)
        await settle(pilot)
        assert app.screen is board(app)
        assert sorted(answers) == [("above", None), ("below", True)]


async def test_nobody_waits_for_a_dialog_that_was_left_for_another_step(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _):
        board(app).action_focus_on()
        await settle(pilot)
        assert [each.group for each in app.workers if each.group == "dialog"]
        app.action_go("report")
        await settle(pilot)
        assert app.current_mode == "report"
        assert not [each for each in app.workers if each.group == "dialog"]


async def test_the_palette_can_be_opened_again_before_it_has_closed(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _):
        await pilot.press("ctrl+p")
        send(app, "escape", "ctrl+p")
        await settle(pilot)
        assert isinstance(app.screen, Commands)


async def test_the_palette_that_another_step_was_quicker_than_does_not_come(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _):
        app.action_command_palette()
        app.action_go("report")
        await settle(pilot)
        assert app.current_mode == "report"
        app.action_command_palette()
        app.switch_mode("board")
        await settle(pilot)
        await app.switch_mode("report")
        await settle(pilot)
        assert app.current_mode == "report"
        assert isinstance(app.screen, StepScreen)


async def test_the_palette_is_moved_in_before_it_shows_what_was_found(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _):
        await pilot.press("ctrl+p")
        found = app.screen.query_one(CommandList)
        found.set_options([Option("accept")])  # not laid out before the next frame
        assert isinstance(app.screen, Commands)
        app.screen._action_command_list("page_up")
        await pilot.press("pageup")
        assert found.highlighted == 0


async def test_a_command_chosen_twice_closes_the_palette_once(tmp_path: Path) -> None:
    async with open_board(tmp_path, half_way(), asks_purpose=True) as (app, pilot, _):
        await pilot.press("ctrl+p", *"high-contrast")
        await settle(pilot)
        send(app, "down", "enter", "enter", "enter")
        await settle(pilot)
        assert isinstance(app.screen, PurposeScreen)


async def test_keys_after_the_end_are_nothing(tmp_path: Path) -> None:
    app, engine = make_app(tmp_path)
    async with app.run_test() as pilot:
        await go_to_board(app, pilot, engine, finished())
        send(app, "q", "4", "j", "ctrl+p", "5")
        await settle(pilot)
    assert app.return_code == 0


async def test_digits_lead_on_from_the_first_screen_once_a_store_is_open(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, stores.small_traces())
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        await pilot.press("1")
        await settle(pilot)
        await pilot.press("3")
        await settle(pilot)
        assert pilot.app.screen is screen


async def test_what_is_typed_into_the_palette_as_it_closes_is_looked_for_no_more(
    tmp_path: Path,
) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _):
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Commands))
        palette = app.screen
        assert isinstance(palette, Commands)
        gathering = palette._gather_commands("report")
        assert not gathering.is_cancelled
        palette.dismiss()
        assert gathering.is_cancelled
        assert palette._gather_commands("report").is_cancelled
        await settle(pilot)
        assert board(app)

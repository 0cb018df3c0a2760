"""The board while it runs: cards that move, the cursor that does not, purpose, stopping."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from board_app import (
    board,
    cursor,
    line_of_cursor,
    open_board,
    put_cursor_on,
    screen_text,
    settle,
)
from board_samples import PURPOSE, analysis, finding, findings, grew, half_way, queued

from mlflow_analysis.events import AnalysisReady, FindingReady, PurposeDrafted
from mlflow_analysis.protocol import ConfirmPurpose, StartAnalysis, Stop
from mlflow_tui.screens.purpose import PurposeScreen
from mlflow_tui.widgets.board_list import BoardList


async def test_coming_to_the_board_starts_reading_at_once(tmp_path: Path) -> None:
    async with open_board(tmp_path, asks_purpose=True) as (app, _, engine):
        assert isinstance(app.screen, PurposeScreen)
        assert sum(isinstance(request, StartAnalysis) for request in engine.asked) == 1


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_live_counts_and_progress_are_shown(tmp_path: Path, size: tuple[int, int]) -> None:
    async with open_board(tmp_path, half_way(), size=size) as (app, _, _engine):
        text = screen_text(app)
        assert "840 of 1,500" in text
        assert "210/s" in text
        assert "40 of 840" in text
        assert "leans yes" in text


async def test_cursor_and_card_keep_their_place_while_cards_move(tmp_path: Path) -> None:
    async with open_board(tmp_path, queued()) as (app, pilot, engine):
        await put_cursor_on(app, pilot, "hypothesis:verbose-response")
        await pilot.press("j", "j")
        chosen, line = cursor(app), line_of_cursor(app)
        assert chosen == "hypothesis:refusal"
        engine.push([grew("refusal", 9, 10, "towards confirmed"), grew("timeout", 3, 10)])
        await settle(pilot)
        assert cursor(app) == chosen
        # It is the first of its family now: more cards stand below it than before.
        assert app.screen.query_one(BoardList).keys.index(chosen) == 9
        assert line_of_cursor(app) == line - 4  # the page cannot scroll up beyond its top


async def test_a_scrolled_list_does_not_jump(tmp_path: Path) -> None:
    many = [
        replace(found, fingerprint=f"{found.fingerprint}#{n}")
        for n in range(6)
        for found in findings()
    ]
    async with open_board(tmp_path, [*queued(), AnalysisReady(analysis(many))], size=(120, 30)) as (
        app,
        pilot,
        engine,
    ):
        keys = app.screen.query_one(BoardList).keys
        assert len(keys) > 60
        await put_cursor_on(app, pilot, keys[60])
        await pilot.press("k", "k", "k")
        line, chosen = line_of_cursor(app), cursor(app)
        engine.push(
            FindingReady(finding("timeout", subject=f"new {n}", rank=1e6)) for n in range(5)
        )
        await settle(pilot)
        assert (cursor(app), line_of_cursor(app)) == (chosen, line)


async def test_the_cursor_follows_a_hypothesis_to_its_finding(tmp_path: Path) -> None:
    async with open_board(tmp_path, half_way()) as (app, pilot, engine):
        await put_cursor_on(app, pilot, "hypothesis:unreliable-tool")
        engine.push([FindingReady(finding("unreliable-tool", subject="search_orders"))])
        await settle(pilot)
        assert cursor(app) == "unreliable-tool/search_orders"


async def test_only_a_changed_card_is_repainted(tmp_path: Path, monkeypatch) -> None:
    async with open_board(tmp_path, half_way()) as (app, pilot, engine):
        cards = app.screen.query_one(BoardList)
        await put_cursor_on(app, pilot, "hypothesis:slow-tool")
        repainted: list[int] = []
        monkeypatch.setattr(cards, "refresh_line", repainted.append)
        engine.push([grew("slow-tool", 220, 850)])
        await settle(pilot)
        top = cards._tops["hypothesis:slow-tool"]
        assert repainted == [top, top + 1]


async def test_stop_asks_the_engine_to_conclude(tmp_path: Path) -> None:
    async with open_board(tmp_path, half_way()) as (app, pilot, engine):
        await pilot.press("x")
        await settle(pilot)
        assert isinstance(engine.asked[-1], Stop)
        engine.push([AnalysisReady(analysis(), interrupted=True)])
        await settle(pilot)
        assert "stopped early" in screen_text(app)


async def test_keys_that_do_not_apply_do_nothing_and_are_not_offered(tmp_path: Path) -> None:
    async with open_board(tmp_path, queued()) as (app, pilot, _engine):
        await pilot.press("a", "r", "u", "v", "n", "e")
        await settle(pilot)
        footer = screen_text(app).splitlines()[-1]
        assert "accept" not in footer
        assert "undo" not in footer
        assert "stop" in footer
        assert board(app)


async def test_purpose_is_corrected_and_confirmed_then_the_worry_asked_for(tmp_path: Path) -> None:
    async with open_board(tmp_path, half_way(), asks_purpose=True) as (app, pilot, engine):
        assert "search_orders" in screen_text(app)
        assert "where is my order" in screen_text(app)
        await pilot.press("e", *" Nothing else.", "enter")
        await settle(pilot)
        await pilot.press(*"slow answers", "enter")
        await settle(pilot)
        assert board(app)
        asked = engine.asked[-1]
        assert isinstance(asked, ConfirmPurpose)
        assert asked.purpose.description.endswith("Nothing else.")
        assert asked.purpose.confirmed_by_user
        assert app.state.board.focus == "slow answers"


async def test_a_purpose_confirmed_while_reading_says_what_all_traces_show(tmp_path: Path) -> None:
    early = replace(PURPOSE, description="An agent that calls 1 tool.", tools=PURPOSE.tools[:1])
    events = [*half_way(), PurposeDrafted(early)]
    async with open_board(tmp_path, events, asks_purpose=True) as (app, pilot, engine):
        assert "so far, failing traces first; untick what is not so" in screen_text(app)
        await pilot.press("enter", "enter")
        await settle(pilot)
        asked = engine.asked[-1]
        assert isinstance(asked, ConfirmPurpose)
        assert asked.purpose.confirmed_by_user
        assert asked.purpose.description == ""  # the engine has that of its last draft
        assert app.state.board.purpose.description == early.description
        engine.push([PurposeDrafted(PURPOSE), AnalysisReady(analysis())])
        await settle(pilot)
        assert app.state.board.purpose.description == PURPOSE.description
        assert app.state.board.purpose.confirmed_by_user
        assert app.state.charter.description == PURPOSE.description


async def test_questions_can_be_skipped_by_one_key_and_are_not_asked_again(tmp_path: Path) -> None:
    async with open_board(tmp_path, half_way(), asks_purpose=True) as (app, pilot, engine):
        await pilot.press("s")
        await settle(pilot)
        assert board(app)
        assert not any(isinstance(request, ConfirmPurpose) for request in engine.asked)
        await pilot.press("5")
        await settle(pilot)
        await pilot.press("4")
        await settle(pilot)
        assert board(app)

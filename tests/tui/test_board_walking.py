"""Which cards the board shows, and walking through them: filters, finding a text, the review."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from board_app import cursor, open_board, put_cursor_on, ruling, screen_text, settle, until
from board_samples import analysis, finding, findings, finished, queued

from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.findings.kinds import Verdict
from mlflow_analysis.review import Course, Decision
from mlflow_tui.application import MlflowTui
from mlflow_tui.board.cards import Card
from mlflow_tui.widgets.board_list import BoardList


def shown(app: MlflowTui) -> list[Card]:
    return [app.state.board.card(key) for key in app.screen.query_one(BoardList).keys]


async def choose(pilot, letters: str) -> None:
    await pilot.press("f")
    await settle(pilot)
    await pilot.press(*(letter if letter != "/" else "slash" for letter in letters), "enter")
    await settle(pilot)


async def find(pilot, text: str) -> None:
    await pilot.press("slash")
    await settle(pilot)
    await pilot.press(*(letter if letter != " " else "space" for letter in text), "enter")
    await settle(pilot)


async def test_of_each_kind_any_of_the_chosen_must_be_met(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await choose(pilot, "copm")  # confirmed, of operations or performance, medium
        assert {card.key for card in shown(app)} == {
            "unreliable-tool/search_orders",
            "slow-tool/inventory_eu",
        }
        assert "only operational or performance, confirmed, medium" in screen_text(app)
        await pilot.press("escape")
        assert len(shown(app)) == app.state.board.count()


async def test_a_filter_that_lets_nothing_by_says_so_and_how_to_go_on(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await pilot.press("f")
        await settle(pilot)
        await pilot.press("y", "h")
        assert "no card meets all this" in screen_text(app)
        await pilot.press("enter")
        await settle(pilot)
        assert shown(app) == []
        assert "No card is yours, high. f chooses others, esc shows" in screen_text(app)
        await pilot.press("f")
        await settle(pilot)
        await pilot.press("backspace", "enter")
        await settle(pilot)
        assert len(shown(app)) == app.state.board.count()


async def test_escape_in_the_filters_changes_nothing(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        before = shown(app)
        await pilot.press("f")
        await settle(pilot)
        await pilot.press("h", "escape")
        await settle(pilot)
        assert shown(app) == before


async def test_finding_a_text_goes_round_the_cards_that_hold_it(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await find(pilot, "tool fails")  # "Sign-in to a tool fails" is one too
        found = [cursor(app)]
        assert "“tool fails” 1 of 3" in screen_text(app)
        for _ in range(2):
            await pilot.press("n")
            found.append(cursor(app))
        assert len(set(found)) == 3
        await pilot.press("n")
        assert cursor(app) == found[0]
        await pilot.press("N")
        assert cursor(app) == found[-1]
        await choose(pilot, "/")
        assert {card.key for card in shown(app)} == set(found)


async def test_a_text_that_no_card_holds_is_told_and_moves_nothing(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        before = cursor(app)
        await find(pilot, "zebra")
        assert cursor(app) == before
        assert any("No card shown speaks of" in each.message for each in app._notifications)


async def test_review_mode_walks_the_undecided_by_rank_one_key_each(tmp_path: Path) -> None:
    to_decide = [found.fingerprint for found in findings() if found.verdict is Verdict.CONFIRMED]
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await pilot.press("v")
        await settle(pilot)
        visited = [cursor(app)]
        assert f"1 of {len(to_decide)}, by rank" in screen_text(app)
        await pilot.press("n")  # the first is left for later
        await settle(pilot)
        for _ in to_decide[1:]:
            visited.append(cursor(app))
            await pilot.press("a")
            await settle(pilot)
        assert visited == to_decide
        assert ruling(app, to_decide[0]) is Decision.UNDECIDED
        assert all(ruling(app, key) is Decision.ACCEPTED for key in to_decide[1:])
        assert "by rank" not in screen_text(app)
        told = app._notifications
        assert any("6 accepted, 1 left for later" in each.message for each in told)


async def test_what_worries_you_marks_cards_and_can_be_filtered_by(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await pilot.press("W")
        await settle(pilot)
        await pilot.press(*"time outs", "enter")
        await settle(pilot)
        assert "◎ focus" in screen_text(app)
        assert app.screen.query_one(BoardList).keys[0] == "timeout"


async def test_leaving_the_review_early_sums_up_what_was_done(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await pilot.press("v")
        await settle(pilot)
        first = cursor(app)
        await pilot.press("a")
        await until(pilot, lambda: ruling(app, first) is Decision.ACCEPTED)
        second = cursor(app)
        await pilot.press("r")
        await settle(pilot)
        await pilot.press("1")
        await until(pilot, lambda: ruling(app, second) is Decision.REJECTED)
        assert "3 of 7, by rank" in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        messages = [each.message for each in app._notifications]
        assert any("1 accepted, 1 rejected, 5 left for later" in each for each in messages)


async def test_what_is_new_since_the_last_review_is_told_and_filtered_by(tmp_path: Path) -> None:
    timeout, limited = finding("timeout"), finding("rate-limited", rank=212.0)
    async with open_board(tmp_path, finished([timeout])) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "timeout")
        await pilot.press("a")
        await until(pilot, lambda: ruling(app, "timeout") is Decision.ACCEPTED)
        assert app.state.board.card("timeout").course is None  # decided in this run
    began = {"began_ms": time.time() * 1000 + 1}
    second = replace(analysis([limited, timeout]), timings=began)
    async with open_board(tmp_path, [*queued(), AnalysisReady(second)]) as (app, pilot, _engine):
        assert app.state.board.card("rate-limited").course is Course.NEW
        assert app.state.board.card("timeout").course is Course.ONGOING
        await choose(pilot, "n")
        assert [card.key for card in shown(app)] == ["rate-limited"]
        assert " new " in screen_text(app)

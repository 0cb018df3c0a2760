"""Deciding on the board: on disk at once, undone in steps, remembered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from board_app import (
    board,
    open_board,
    page_text,
    put_cursor_on,
    ruling,
    screen_text,
    settle,
    until,
)
from board_samples import finding, finished, queued

from mlflow_analysis.events import FindingReady
from mlflow_analysis.findings.kinds import Severity, Verdict
from mlflow_analysis.review import Course, Decision, Review
from mlflow_tui.board.filter import Filter
from mlflow_tui.widgets.detail_view import DetailView


async def test_accept_reject_undo_redo_are_on_disk_and_survive_a_restart(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "rate-limited")
        await pilot.press("a")
        await put_cursor_on(app, pilot, "timeout")
        await pilot.press("r")
        await settle(pilot)
        await pilot.press("2")
        await settle(pilot)
        assert ruling(app, "rate-limited") is Decision.ACCEPTED
        assert ruling(app, "timeout") is Decision.REJECTED
        await pilot.press("u")
        await settle(pilot)
        assert ruling(app, "timeout") is Decision.UNDECIDED
        await pilot.press("ctrl+r")
        await settle(pilot)
        assert ruling(app, "timeout") is Decision.REJECTED
        path = app.state.review.path
    on_disk = Review(path)
    assert on_disk.ruling("rate-limited").decision is Decision.ACCEPTED
    assert on_disk.ruling("timeout").reason == "by design"
    async with open_board(tmp_path, finished()) as (app, _pilot, _engine):
        assert ruling(app, "rate-limited") is Decision.ACCEPTED
        assert "✗" in screen_text(app)
        assert "by design" in screen_text(app)


async def test_rejecting_with_a_note(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "timeout")
        await pilot.press("r")
        await settle(pilot)
        await pilot.press("j", "j", "tab", *"see 4711", "enter")
        await settle(pilot)
        decided = app.state.board.card("timeout").ruling
        assert (decided.decision, decided.reason) == (Decision.REJECTED, "out of scope")
        assert decided.note == "see 4711"


async def test_leaving_the_reject_dialog_decides_nothing(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "timeout")
        await pilot.press("r")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert board(app)
        assert ruling(app, "timeout") is Decision.UNDECIDED


async def test_a_rejected_finding_that_has_grown_is_asked_about_again(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "timeout")
        await pilot.press("r")
        await settle(pilot)
        await pilot.press("1")
        await settle(pilot)
    grown = finding("timeout", affected=300)
    async with open_board(tmp_path, [*queued(), FindingReady(grown)]) as (app, pilot, _engine):
        assert app.state.board.card("timeout").to_decide
        await put_cursor_on(app, pilot, "timeout")
        await pilot.pause(0.2)
        page = " ".join(line.plain for line in app.screen.query_one(DetailView)._lines)
        assert "it has grown since" in " ".join(page.split())


async def test_bulk_decision_and_one_undo_for_all_of_it(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "rate-limited")
        await pilot.press("space", "space", "a")
        await settle(pilot)
        accepted = {"rate-limited", "timeout"}
        assert all(ruling(app, key) is Decision.ACCEPTED for key in accepted)
        assert app.state.board.marks == frozenset()
        await pilot.press("u")
        await settle(pilot)
        assert all(ruling(app, key) is Decision.UNDECIDED for key in accepted)


async def test_a_note_leaves_the_decision_alone(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "timeout")
        await pilot.press("a")
        await settle(pilot)
        await pilot.press("c")
        await settle(pilot)
        await pilot.press(*"ask ops", "enter")
        await settle(pilot)
        decided = app.state.board.card("timeout").ruling
        assert (decided.decision, decided.note) == (Decision.ACCEPTED, "ask ops")


async def test_a_full_disk_is_told_and_changes_nothing(tmp_path: Path, monkeypatch) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "timeout")

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(app.state.review, "_append", full)
        await pilot.press("a")
        await settle(pilot)
        assert ruling(app, "timeout") is Decision.UNDECIDED
        assert any("No space left" in each.message for each in app._notifications)


async def test_what_is_gone_and_comes_back_is_told(tmp_path: Path) -> None:
    first = finding("rate-limited", rank=212.0, affected=88)
    gone = replace(first, verdict=Verdict.REFUTED)
    async with open_board(tmp_path, [*queued(), *finished([first])]) as (app, pilot, engine):
        await put_cursor_on(app, pilot, first.fingerprint)
        await pilot.press("a")
        await settle(pilot)
        engine.push(finished([gone]))
        await until(pilot, lambda: app.state.review.was_gone(first.fingerprint))
        assert app.state.board.card(first.fingerprint).ruling.course is Course.GONE
        engine.push(finished([first]))
        await settle(pilot)
        await put_cursor_on(app, pilot, first.fingerprint)
        assert app.state.board.card(first.fingerprint).ruling.course is Course.REGRESSED
        await until(pilot, lambda: "regressed: it was gone in the meantime" in page_text(app))


async def press_and_settle(pilot, *keys: str) -> None:
    """Each key once what the last one led to has been done."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def test_a_severity_is_said_undone_and_found_again(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "timeout")
        await press_and_settle(pilot, "s", "l")
        await until(pilot, lambda: app.state.board.card("timeout").severity is Severity.LOW)
        card = app.state.board.card("timeout")
        assert (card.computed_severity, card.decision) == (Severity.HIGH, Decision.UNDECIDED)
        assert "low!" in screen_text(app)
        await pilot.press("u")
        await until(pilot, lambda: app.state.board.card("timeout").severity is Severity.HIGH)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: app.state.board.card("timeout").severity is Severity.LOW)
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        assert app.state.board.card("timeout").severity is Severity.LOW
        await put_cursor_on(app, pilot, "timeout")
        await press_and_settle(pilot, "s", "c")
        await until(pilot, lambda: app.state.board.card("timeout").severity is Severity.HIGH)


async def test_names_given_before_are_offered(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "timeout")
        await press_and_settle(pilot, "A", *"ana", "enter")
        await until(pilot, lambda: app.state.board.card("timeout").ruling.assignee == "ana")
        assert "@ana" in screen_text(app)
        await put_cursor_on(app, pilot, "rate-limited")
        await press_and_settle(pilot, "A", "down", "enter")
        await until(pilot, lambda: app.state.board.card("rate-limited").ruling.assignee == "ana")
        assert app.state.board.count(Filter.ASSIGNED) == 2
        await press_and_settle(pilot, "A", "ctrl+k", "backspace", "backspace", "backspace", "enter")
        await until(pilot, lambda: app.state.board.card("rate-limited").ruling.assignee == "")


async def test_the_marked_are_merged_into_the_one_under_the_cursor_and_split_again(
    tmp_path: Path,
) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        cards = app.state.board
        before = cards.count(Filter.TO_DECIDE)
        await put_cursor_on(app, pilot, "timeout")
        await pilot.press("space")
        await put_cursor_on(app, pilot, "unreliable-tool/search_orders")
        await pilot.press("space")
        await put_cursor_on(app, pilot, "rate-limited")
        await pilot.press("m")
        await until(pilot, lambda: cards.card("timeout").home == "rate-limited")
        home = cards.card("rate-limited")
        assert [each.fingerprint for each in home.merged] == [
            "timeout",
            "unreliable-tool/search_orders",
        ]
        # All samples count the same traces: the union is no larger than the largest of them.
        assert home.affected_together == 88
        assert cards.count(Filter.TO_DECIDE) == before - 2
        assert "merged into Calls are refused by a rate limit" in screen_text(app)
        await put_cursor_on(app, pilot, "timeout")
        await pilot.press("a")  # decides about all of them
        await until(pilot, lambda: ruling(app, "rate-limited") is Decision.ACCEPTED)
        await pilot.press("M")
        await until(pilot, lambda: not cards.card("timeout").home)
        assert cards.card("unreliable-tool/search_orders").home == "rate-limited"
        await pilot.press("u")
        await until(pilot, lambda: cards.card("timeout").home == "rate-limited")
        await put_cursor_on(app, pilot, "rate-limited")
        await pilot.press("M")
        await until(pilot, lambda: not cards.card("rate-limited").merged)


async def test_what_is_confirmed_is_not_merged_into_what_is_not(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "timeout")
        await pilot.press("space")
        await put_cursor_on(app, pilot, "refusal")
        await press_and_settle(pilot, "m")
        assert not app.state.board.card("timeout").home
        assert any("Merge it the other way round" in each.message for each in app._notifications)
        await press_and_settle(pilot, "escape", "space")
        await put_cursor_on(app, pilot, "timeout")
        await press_and_settle(pilot, "m")
        await until(pilot, lambda: app.state.board.card("refusal").home == "timeout")


async def test_a_strength_is_not_merged_with_an_issue(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "error-recovery")
        await pilot.press("space")
        await put_cursor_on(app, pilot, "timeout")
        await press_and_settle(pilot, "m")
        assert not app.state.board.card("error-recovery").home
        assert any("cannot be merged" in each.message for each in app._notifications)


async def test_what_is_decided_of_merged_findings_and_severity_stays_with_a_bulk_note(
    tmp_path: Path,
) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "rate-limited")
        await press_and_settle(pilot, "s", "l")
        await pilot.press("space", "space")
        await press_and_settle(pilot, "c", *"both", "enter")
        await until(pilot, lambda: app.state.board.card("timeout").ruling.note == "both")
        first = app.state.board.card("rate-limited")
        assert (first.ruling.note, first.severity) == ("both", Severity.LOW)
        await pilot.press("u")
        await until(pilot, lambda: app.state.board.card("timeout").ruling.note == "")
        assert app.state.board.card("rate-limited").severity is Severity.LOW


async def test_what_somebody_else_decides_shows_while_the_board_is_open(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        other = Review(app.state.review.path, "bob")
        other.decide(finding("timeout"), Decision.REJECTED, "by design", "we throttle")
        await until(pilot, lambda: ruling(app, "timeout") is Decision.REJECTED)
        assert not app.state.board.card("timeout").is_disputed
        assert "by design" in screen_text(app)


async def test_a_conflict_shows_both_reasons_until_somebody_decides_again(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        other = Review(app.state.review.path, "bob")
        await put_cursor_on(app, pilot, "timeout")
        await pilot.press("a")
        await until(pilot, lambda: ruling(app, "timeout") is Decision.ACCEPTED)
        # bob's board was open all the time and had not shown that yet
        other.decide(finding("timeout"), Decision.REJECTED, "by design", "we throttle on purpose")
        await until(pilot, lambda: app.state.board.card("timeout").is_disputed)
        assert "bob rejected, by design" in screen_text(app)
        await until(pilot, lambda: "we throttle on purpose" in page_text(app))
        assert f"{app.state.review.author} accepted" in page_text(app)
        await pilot.press("a")
        await until(pilot, lambda: not app.state.board.card("timeout").is_disputed)
        assert ruling(app, "timeout") is Decision.ACCEPTED


async def test_a_review_of_a_newer_version_is_told_and_left_alone(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, _pilot, _engine):
        path = app.state.review.path
    path.parent.mkdir(exist_ok=True)
    path.write_text('{"journal": 99}\n{"what": "ever"}\n')
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        assert any("newer mlflow-tui" in each.message for each in app._notifications)
        await put_cursor_on(app, pilot, "timeout")
        await press_and_settle(pilot, "a")
        assert ruling(app, "timeout") is Decision.UNDECIDED
    assert path.read_text() == '{"journal": 99}\n{"what": "ever"}\n'

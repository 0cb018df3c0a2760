"""The board screen, driven by keys, on a scripted engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from board_app import board, open_board, screen_text, settle, until
from board_samples import HOSTILE, analysis, finding, findings, finished, grew, half_way, queued

from mlflow_analysis.events import AnalysisReady, FindingReady
from mlflow_analysis.findings import Verdict
from mlflow_analysis.protocol import ConfirmPurpose, StartAnalysis, Stop
from mlflow_analysis.review import Course, Decision, Review
from mlflow_tui.application import MlflowTui
from mlflow_tui.board_state import Filter, Stage
from mlflow_tui.screens.purpose import PurposeScreen
from mlflow_tui.widgets.board_list import BoardList
from mlflow_tui.widgets.detail_view import DetailView


def cursor(app: MlflowTui) -> str | None:
    return app.screen.query_one(BoardList).cursor


def line_of_cursor(app: MlflowTui) -> int:
    cards = app.screen.query_one(BoardList)
    return cards._tops[cards.cursor] - cards.scroll_offset.y


def ruling(app: MlflowTui, fingerprint: str) -> Decision:
    return app.state.board.card(fingerprint).decision


def page_text(app: MlflowTui) -> str:
    """The page of the card under the cursor, as one line."""
    lines = (line.plain for line in app.screen.query_one(DetailView)._lines)
    return " ".join(" ".join(lines).split())


async def put_cursor_on(app: MlflowTui, pilot, key: str) -> None:
    app.screen.query_one(BoardList).go_to(key)
    await settle(pilot)


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


async def test_filters_cycle_through_what_there_is_to_show(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await pilot.press("f")
        shown = [app.state.board.card(key) for key in app.screen.query_one(BoardList).keys]
        assert shown
        assert {card.stage for card in shown} == {Stage.CONFIRMED}
        assert "only confirmed" in screen_text(app)
        await pilot.press("f", "f")  # to decide, then: nothing accepted or rejected, inconclusive
        shown = [app.state.board.card(key) for key in app.screen.query_one(BoardList).keys]
        assert {card.stage for card in shown} == {Stage.INCONCLUSIVE}
        await pilot.press("escape")
        assert len(app.screen.query_one(BoardList).keys) == app.state.board.count(Filter.ALL)


async def test_review_mode_walks_the_undecided_by_rank_one_key_each(tmp_path: Path) -> None:
    to_decide = [found.fingerprint for found in findings() if found.verdict is Verdict.CONFIRMED]
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await pilot.press("v")
        await settle(pilot)
        visited = [cursor(app)]
        assert f"{len(to_decide)} left to decide" in screen_text(app)
        await pilot.press("n")  # the first is left for later
        await settle(pilot)
        for _ in to_decide[1:]:
            visited.append(cursor(app))
            await pilot.press("a")
            await settle(pilot)
        assert visited == to_decide
        assert ruling(app, to_decide[0]) is Decision.UNDECIDED
        assert all(ruling(app, key) is Decision.ACCEPTED for key in to_decide[1:])
        assert "left to decide" not in screen_text(app)


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


async def test_detail_tells_all_there_is_to_know(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "rate-limited")
        await pilot.pause(0.2)
        detail = app.screen.query_one(DetailView)
        page = "\n".join(line.plain for line in detail._lines)
        for part in (
            "Over time",
            "Root causes",
            "app.version = 2.4.0",
            "because 2.4.0 doubled the calls",
            "Evidence",
            "429 Too Many Requests",
            "Recommendation",
            "Why it matters",
            "Not flagged",
            "failed",
        ):
            assert part in page
        assert all(line.cell_len <= detail.size.width for line in detail._lines)


async def test_evidence_keys_point_at_the_examples_in_turn(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "rate-limited")
        await pilot.pause(0.2)
        detail = app.screen.query_one(DetailView)
        assert detail.example.trace_id == "tr-" + "0" * 32
        await pilot.press("right_square_bracket", "right_square_bracket")
        assert detail.example.trace_id.endswith("2")
        await pilot.press("right_square_bracket", "left_square_bracket")
        assert detail.example.trace_id.endswith("1")


async def test_enter_opens_the_example_and_the_board_is_as_it_was(
    tmp_path: Path, monkeypatch
) -> None:
    opened: list[tuple[str, str, str, str]] = []

    async def show_evidence(_: MlflowTui, *where: str) -> None:
        opened.append(where)

    monkeypatch.setattr(MlflowTui, "show_evidence", show_evidence)
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "timeout")
        await pilot.press("right_square_bracket", "enter")
        await settle(pilot)
        trace_id, span_id, excerpt, fingerprint = opened[0]
        assert trace_id.endswith("1")
        assert (span_id, excerpt) == ("00000000000000aa", "ReadTimeout after 30 s")
        assert fingerprint == "timeout"
        await pilot.press("5")
        await settle(pilot)
        await pilot.press("4")
        await settle(pilot)
        assert cursor(app) == "timeout"


async def test_narrow_terminal_shows_the_detail_instead_of_the_cards(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished(), size=(80, 24)) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "rate-limited")
        assert "how often" not in screen_text(app)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert "how often" in screen_text(app)
        await pilot.press("a")
        await settle(pilot)
        assert ruling(app, "rate-limited") is Decision.ACCEPTED
        await pilot.press("escape")
        await settle(pilot)
        assert "OPERATIONAL" in screen_text(app)
        assert cursor(app) == "rate-limited"


async def test_what_worries_you_marks_cards_and_can_be_filtered_by(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await pilot.press("W")
        await settle(pilot)
        await pilot.press(*"time outs", "enter")
        await settle(pilot)
        assert "◎ focus" in screen_text(app)
        assert app.screen.query_one(BoardList).keys[0] == "timeout"


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


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 10)])
async def test_hostile_text_is_shown_and_never_obeyed(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    bad = replace(
        finding("timeout", subject=HOSTILE, text=HOSTILE),
        title=HOSTILE,
        statement=HOSTILE,
        reason=HOSTILE,
        recommendation=HOSTILE,
    )
    causes = tuple(replace(cause, value=HOSTILE, mechanism=HOSTILE) for cause in bad.root_causes)
    bad = replace(bad, root_causes=causes)
    worse = replace(bad, fingerprint="worse", verdict=Verdict.NOT_TESTABLE)
    async with open_board(
        tmp_path, [*queued(), AnalysisReady(analysis([bad, worse]))], size=size
    ) as (
        app,
        pilot,
        _engine,
    ):
        if size[0] >= 80:
            assert "[@click=app.bell]x[/]" in screen_text(app)
        for keys in (("tab",), ("G",), ("tab", "r"), ("escape", "c"), ("escape", "5"), ("ctrl+d",)):
            await pilot.press(*keys)
            await pilot.pause(0.1)
            text = screen_text(app)
            assert not set(text) & set("\x1b\x07\u202e\u202c\ud83d")


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

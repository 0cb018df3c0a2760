"""What the board says of one card, and where it leads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from board_app import (
    cursor,
    open_board,
    page_text,
    put_cursor_on,
    ruling,
    screen_text,
    settle,
    until,
)
from board_samples import HOSTILE, analysis, finding, finished, queued

from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.findings.kinds import Verdict
from mlflow_analysis.review import Decision
from mlflow_tui.application import MlflowTui
from mlflow_tui.widgets.detail_view import DetailView


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


async def test_a_detail_that_comes_back_shows_what_was_decided_meanwhile(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "rate-limited")
        await pilot.pause(0.2)
        assert "not decided" in page_text(app)
        await pilot.resize_terminal(80, 24)
        await pilot.press("a")
        await settle(pilot)
        await pilot.resize_terminal(120, 40)
        await settle(pilot)
        assert "not decided" not in page_text(app)
        assert "accepted" in page_text(app)


async def test_the_first_example_is_shown_before_the_second(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished(), size=(120, 24)) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "rate-limited")
        await pilot.pause(0.2)
        assert "tr-" not in screen_text(app)
        await pilot.press("right_square_bracket")
        await settle(pilot)
        assert "tr-" + "0" * 32 in screen_text(app)
        await pilot.press("right_square_bracket")
        await settle(pilot)
        assert app.screen.query_one(DetailView).example.trace_id.endswith("1")


async def test_what_nothing_shows_costs_nothing(tmp_path: Path) -> None:
    shown = finding("timeout")
    none, few = (
        replace(finding(name, Verdict.REFUTED, affected=n), impact=shown.impact, trend=shown.trend)
        for name, n in (("timeout", 0), ("rate-limited", 3))
    )
    events = [*queued(), AnalysisReady(analysis([none, few]))]
    async with open_board(tmp_path, events) as (app, pilot, _engine):
        for key, costs in (("timeout", False), ("rate-limited", True)):
            await put_cursor_on(app, pilot, key)
            await pilot.pause(0.2)
            for part in ("impact ", "rank ", "Over time"):
                assert (part in page_text(app)) is costs, part


async def test_a_contrast_has_no_impact_of_zero_traces(tmp_path: Path) -> None:
    impact = replace(finding("timeout").impact, traces=0.0, score=0.0, reason="0 traces show it.")
    own = replace(finding("timeout", Verdict.INCONCLUSIVE, affected=37), impact=impact)
    async with open_board(tmp_path, [*queued(), AnalysisReady(analysis([own]))]) as (app, pilot, _):
        await put_cursor_on(app, pilot, "timeout")
        await pilot.pause(0.2)
        assert "37 of 1,204" in page_text(app)
        assert "impact " not in page_text(app)
        assert "0 traces show it" not in page_text(app)


async def test_evidence_keys_point_at_the_examples_in_turn(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished(), size=(120, 100)) as (app, pilot, _engine):
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
        await pilot.press("right_square_bracket", "right_square_bracket", "enter")
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


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_charts_take_the_place_of_the_detail_until_escape(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with open_board(tmp_path, finished(), size=size) as (app, pilot, _engine):
        await put_cursor_on(app, pilot, "rate-limited")
        await pilot.press("C")
        await until(pilot, lambda: "Affected over time" in page_text(app))
        assert "Recommendation" not in page_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: "Recommendation" in page_text(app))
        assert "OPERATIONAL" in screen_text(app) or size == (80, 24)


async def test_on_a_slow_line_a_chart_is_drawn_only_when_asked_for(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        app.low_bandwidth = True
        await put_cursor_on(app, pilot, "timeout")
        await until(pilot, lambda: "Recommendation" in page_text(app))
        assert "Over time" not in page_text(app)
        await pilot.press("C")
        await until(pilot, lambda: "Affected over time" in page_text(app))

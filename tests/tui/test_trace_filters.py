"""Failures, filters and marks: what narrows the list of traces, and what stays through it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hostile import drawn
from recorded_engine import RecordedEngine
from traces_on_screen import chosen, orders, requests, settled, status, traces_screen

from mlflow_analysis import protocol
from mlflow_analysis.protocol import Problem, RowQuery, TraceRow
from mlflow_tui.screens import traces
from mlflow_tui.widgets.prompt_line import PromptLine


async def test_next_and_previous_failure(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(30))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        await pilot.press("right_square_bracket")
        await settled(pilot)
        assert chosen(screen) == "Where is order 25?"
        await pilot.press("right_square_bracket")
        await settled(pilot)
        assert chosen(screen) == "Where is order 15?"
        await pilot.press("left_square_bracket")
        await settled(pilot)
        assert chosen(screen) == "Where is order 25?"


async def test_quick_filters_keep_the_trace_and_say_what_is_shown(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(30))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        await pilot.press("right_square_bracket")
        await settled(pilot)
        await pilot.press("f")
        await settled(pilot)
        assert screen.table.line_count == 3
        assert chosen(screen) == "Where is order 25?"
        assert any("3 of 30 traces · failures" in line for line in drawn(pilot.app))
        await pilot.press("backspace")
        await settled(pilot)
        assert screen.table.line_count == 30
        assert chosen(screen) == "Where is order 25?"


async def test_a_filter_keeps_the_trace_that_the_cursor_has_only_just_come_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "SETTLE_SECONDS", 3600)
    engine = RecordedEngine(tmp_path, orders(30))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        await pilot.press("right_square_bracket", "right_square_bracket", "f")
        await settled(pilot)
        assert screen.table.line_count == 3
        assert chosen(screen) == "Where is order 15?"


async def test_filtered_to_empty_says_so_and_how_to_go_back(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(5))
    async with traces_screen(engine, tmp_path) as (pilot, _):
        await pilot.press("t", *"zebra", "enter")
        await settled(pilot)
        text = "\n".join(drawn(pilot.app))
        assert "None of the 5 traces is in: text “zebra”." in text
        assert "backspace drops “text “zebra””" in text


async def test_backspace_drops_what_was_put_on_last(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(30))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        await pilot.press("slash", *"tags.a = 'b'", "enter")
        await settled(pilot)
        await pilot.press("t", *"order 2", "enter")
        await settled(pilot)
        await pilot.press("f")
        await settled(pilot)
        assert "tags.a = 'b' · text “order 2” · failures" in status(screen)
        await pilot.press("backspace")
        await settled(pilot)
        assert screen.state.query == RowQuery(text="order 2")
        assert screen.state.filter_string == "tags.a = 'b'"
        await pilot.press("f")
        await settled(pilot)
        await pilot.press("t", *["backspace"] * 7, "enter")  # the text, out of turn
        await settled(pilot)
        assert screen.state.applied == ["filter", "failures_only"]
        await pilot.press("backspace", "backspace")
        await settled(pilot)
        await pilot.press("backspace")
        await settled(pilot)
        assert screen.state.filter_string == ""
        assert screen.state.query == RowQuery()
        assert "drop" not in "".join(drawn(pilot.app)[-1:])


async def test_a_search_says_how_far_tool_outputs_were_read(tmp_path: Path) -> None:
    class Searching(RecordedEngine):
        done = False

        def _SearchTools(self, request: protocol.SearchTools) -> protocol.ToolsSearched:
            return protocol.ToolsSearched(request.text, 30 if self.done else 12, 30, self.done)

    engine = Searching(tmp_path, orders(30))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        await pilot.press("t", *"porto", "enter")
        await settled(pilot)
        assert "text “porto”, tool outputs of 12 of 30 …" in status(screen)
        engine.done = True
        engine._on_push((protocol.ToolsSearched("porto", 30, 30, True),))
        await settled(pilot)
        assert "tool outputs" not in status(screen)
        await pilot.press("backspace")
        await settled(pilot)
        assert requests(engine, protocol.SearchTools)[-1] == protocol.SearchTools("")
        assert screen.state.tools_searched is not None


async def test_an_experiment_without_traces(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, [])
    async with traces_screen(engine, tmp_path) as (pilot, _):
        assert any("“shop support” has no traces yet." in line for line in drawn(pilot.app))


async def test_a_wrong_filter_is_objected_to_at_the_bar_and_the_rows_stay(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(5))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        engine.problems[protocol.OpenExperiment] = Problem("“stat” is no field.", "Try status.")
        await pilot.press("slash", *"stat = 1", "enter")
        await settled(pilot)
        assert screen.query_one(PromptLine).purpose == "filter"
        assert any("“stat” is no field. Try status." in line for line in drawn(pilot.app))
        assert screen.table.line_count == 5
        assert screen.state.filter_string == ""
        del engine.problems[protocol.OpenExperiment]
        await pilot.press("enter")
        await settled(pilot)
        assert screen.query_one(PromptLine).purpose == ""
        assert screen.state.filter_string == "stat = 1"


async def test_words_where_a_filter_belongs_are_told_the_key_that_looks_for_them(
    tmp_path: Path,
) -> None:
    engine = RecordedEngine(tmp_path, orders(5))
    async with traces_screen(engine, tmp_path) as (pilot, _screen):
        engine.problems[protocol.OpenExperiment] = Problem("No condition.", "Give one.")
        await pilot.press("slash", *"my refund", "enter")
        await settled(pilot)
        assert any(
            "Give one. (To look for words: esc, then t.)" in line for line in drawn(pilot.app)
        )
        await pilot.press("=", "enter")
        await settled(pilot)
        assert not any("To look for words" in line for line in drawn(pilot.app))


# ---- marks ----------------------------------------------------------------------------------


async def test_marks_are_drawn_counted_and_kept_by_id(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(30))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        assert screen.acted_on() == [screen.table.chosen.trace_id]  # type: ignore[union-attr]
        await pilot.press("space", "space", "j", "space")
        await settled(pilot)
        ids = list(engine.records)[::-1]
        assert screen.acted_on() == [ids[0], ids[1], ids[3]]
        assert "◆ 3 marked" in status(screen)
        marked = [line for line in drawn(pilot.app) if line[1:2] == "◆"]
        assert [number in "".join(marked) for number in ("29?", "28?", "27?", "26?")] == [
            True, True, False, True,
        ]  # fmt: skip
        await pilot.press("f", "I")
        await settled(pilot)
        assert not any(line[1:2] == "◆" for line in drawn(pilot.app))
        assert screen.acted_on() == [ids[0], ids[1], ids[3]]
        await pilot.press("f", "G")
        await settled(pilot)
        await pilot.press("space")
        await settled(pilot)
        assert screen.acted_on() == [ids[1], ids[3]]
        await pilot.press("*")
        await settled(pilot)
        assert screen.state.marked == {}
        assert "marked" not in status(screen)


async def test_the_ids_of_marked_traces_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    engine = RecordedEngine(tmp_path, orders(5))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        copied: list[str] = []
        pilot.app.copy_to_clipboard = copied.append  # type: ignore[method-assign]
        await pilot.press("y", "m")
        assert copied == []
        await pilot.press("escape", "space", "space", "y", "m")
        await settled(pilot)
        assert copied == ["\n".join(screen.acted_on())]
        assert len(screen.acted_on()) == 2


async def test_another_experiment_has_no_marks(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(5))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        await pilot.press("space")
        pilot.app.choose_experiment(replace(engine.experiments[0], experiment_id="8"))  # type: ignore[attr-defined]
        await settled(pilot)
        assert screen.state.marked == {}


async def test_the_worst_finding_of_a_trace_is_told_by_a_sign(tmp_path: Path) -> None:
    class Judged(RecordedEngine):
        def rows(self, query: RowQuery) -> list[TraceRow]:
            told = [("high", 2), ("medium", 1), ("low", 12), ("", 0)]
            return [
                replace(row, worst=worst, findings=count)
                for row, (worst, count) in zip(super().rows(query), told, strict=True)
            ]

    engine = Judged(tmp_path, orders(4))
    async with traces_screen(engine, tmp_path) as (pilot, _):
        lines = drawn(pilot.app)
        (head,) = [at for at, line in enumerate(lines) if "token" in line and " ! " in line]
        signs = [re.findall(r" [▲■▽]\d+ ", line) for line in lines[head + 1 : head + 5]]
        assert signs == [[" ▲2 "], [" ■1 "], [" ▽12 "], []]

"""Payloads as lines, and the view that wraps, finds and marks them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from mlflow_analysis.records import SpanEvent
from mlflow_styles import stylesheet
from mlflow_styles.themes import DARK
from mlflow_tui.payload import Line, chat_messages, event_lines, value_lines
from mlflow_tui.widgets.inspector import needles
from mlflow_tui.widgets.line_view import LineView


def texts(lines: list[Line]) -> list[str]:
    return [line.text for line in lines]


# ---- values as lines ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        [{"role": "user", "content": "Hi"}],
        {"messages": [{"role": "user", "content": "Hi"}], "temperature": 0},
        {"choices": [{"message": {"role": "assistant", "content": "Hi"}}]},
        {"role": "user", "content": "Hi"},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
    ],
)
def test_chat_is_shown_as_messages(value: Any) -> None:
    lines = value_lines(value)
    assert lines[0].kind == "heading"
    assert lines[0].text in ("user", "assistant")
    assert lines[1] == Line("text", "Hi")


@pytest.mark.parametrize("value", [[], {}, {"role": 3, "content": ""}, {"messages": []}, "text", 5])
def test_what_is_no_chat_is_not_taken_for_it(value: Any) -> None:
    assert chat_messages(value) is None


def test_what_stands_beside_the_messages_is_not_lost() -> None:
    lines = value_lines({"messages": [{"role": "user", "content": "Hi"}], "temperature": 0.5})
    assert '  "temperature": 0.5' in texts(lines)


def test_tool_calls_of_a_message() -> None:
    call = {"function": {"name": "search", "arguments": '{"q": "vase"}'}}
    lines = value_lines({"role": "assistant", "content": None, "tool_calls": [call]})
    assert Line("muted", "calls search") in lines
    assert '  "q": "vase"' in texts(lines)


def test_json_in_a_string_is_shown_as_json_and_near_json_as_text() -> None:
    assert value_lines('{"a": 1}')[1] == Line("json", '  "a": 1')
    assert value_lines("{a: 1}") == [Line("text", "{a: 1}")]


def test_numbers_beyond_64_bits() -> None:
    assert texts(value_lines({"n": 2**70}))[1] == f'  "n": {2**70}'


def test_nothing_recorded_is_said() -> None:
    assert value_lines(None) == [Line("muted", "not recorded")]


def test_stack_traces_keep_their_lines() -> None:
    event = SpanEvent(
        "exception",
        0,
        {
            "exception.type": "TimeoutError",
            "exception.message": "late",
            "exception.stacktrace": "File a\n  b()",
        },
    )
    assert texts(event_lines([event])) == ["exception · TimeoutError", "late", "File a", "  b()"]


# ---- evidence -------------------------------------------------------------------------------


def test_an_excerpt_is_sought_as_it_is_then_escaped_then_in_parts() -> None:
    sought = needles('said "no such order" and\nstopped')
    assert sought[0] == 'said "no such order" and\nstopped'
    assert sought[1] == r"said \"no such order\" and\nstopped"
    assert "no such order" in sought
    assert needles("…") == []


# ---- the view -------------------------------------------------------------------------------


class Reader(App[None]):
    CSS_PATH = stylesheet("app")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK.variables

    def compose(self) -> ComposeResult:
        yield LineView()


@asynccontextmanager
async def reading(lines: list[Line]) -> AsyncIterator[tuple[Pilot[None], LineView, list[str]]]:
    app = Reader()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(LineView)
        view.show(lines)
        await pilot.pause()
        yield pilot, view, shown(app)


def shown(app: App[None]) -> list[str]:
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


async def test_long_lines_wrap_at_words_and_lose_nothing() -> None:
    words = " ".join(f"word{number}" for number in range(40))
    async with reading([Line("text", words)]) as (_, view, lines):
        assert all(line.startswith(" word") for line in lines if line)
        assert view.line_count > 5
        assert " ".join(" ".join(lines).split()).startswith("word0 word1 word2 word3 word4 word5")


async def test_wide_characters_stay_within_the_width() -> None:
    async with reading([Line("text", "漢字" * 50)]) as (_, view, lines):
        assert sum(line.count("漢") for line in lines) == 50
        assert view.line_count == 6  # 100 characters of two columns on 38 columns


async def test_a_new_line_within_json_text_begins_a_row() -> None:
    text = '  "note": "first\\nsecond, and more than fits one row"'
    async with reading([Line("json", text), Line("text", text)]) as (_, _, lines):
        assert lines[0] == '   "note": "first\\n'
        assert lines[1] == ' second, and more than fits one row"'
        assert lines[2] == '   "note": "first\\nsecond, and more'


async def test_five_megabytes_on_one_line_draw_only_what_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[int] = []
    draw = LineView.draw

    def counted(self: LineView, index: int, *rest: Any) -> Any:
        drawn.append(index)
        return draw(self, index, *rest)

    monkeypatch.setattr(LineView, "draw", counted)
    async with reading([Line("text", "x" * 5_000_000)]) as (pilot, view, _):
        view.move("last")
        await pilot.pause()
        assert view.line_count == -(-5_000_000 // 38)
        assert len(drawn) < 100


async def test_finding_marks_and_walks_round() -> None:
    lines = [Line("text", f"line {number}") for number in range(100)]
    async with reading(lines) as (pilot, view, _):
        assert view.find("LINE 7") == 11
        await pilot.pause()
        assert view.matches == (1, 11)
        assert " line 7" in shown(pilot.app)
        view.next_match(-1)
        await pilot.pause()
        assert view.matches == (11, 11)
        assert " line 79" in shown(pilot.app)
        assert view.find("absent") == 0


async def test_another_width_keeps_the_line_at_the_top() -> None:
    lines = [Line("text", f"{number} " + "word " * 20) for number in range(50)]
    async with reading(lines) as (pilot, view, _):
        view.scroll_to(y=view._ends[19], animate=False)
        await pilot.pause()
        assert shown(pilot.app)[0].startswith(" 20 word")
        await pilot.resize_terminal(60, 10)
        await pilot.pause()
        assert shown(pilot.app)[0].startswith(" 20 word")

"""The view of a payload, which wraps, folds, finds and marks its lines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from mlflow_styles import stylesheet
from mlflow_styles.themes import DARK
from mlflow_tui.inspecting.lines import Fold, Item, Line
from mlflow_tui.widgets.inspector import needles
from mlflow_tui.widgets.line_view import LineView

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
async def reading(lines: list[Item]) -> AsyncIterator[tuple[Pilot[None], LineView, list[str]]]:
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
        assert all(line[1:].startswith("word") for line in lines if line)
        assert view.line_count > 5
        assert " ".join(" ".join(lines).replace("▌", " ").split()).startswith(
            "word0 word1 word2 word3 word4 word5"
        )


async def test_wide_characters_stay_within_the_width() -> None:
    async with reading([Line("text", "漢字" * 50)]) as (_, view, lines):
        assert sum(line.count("漢") for line in lines) == 50
        assert view.line_count == 6  # 100 characters of two columns on 38 columns


async def test_a_new_line_within_json_text_begins_a_row() -> None:
    text = '  "note": "first\\nsecond, and more than fits one row"'
    async with reading([Line("json", text), Line("text", text)]) as (_, _, lines):
        assert lines[0] == '▌  "note": "first\\n'
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
    lines: list[Item] = [Line("text", f"line {number}") for number in range(100)]
    async with reading(lines) as (pilot, view, _):
        assert view.find("LINE 7") == 11
        await pilot.pause()
        assert view.matches == (1, 11)
        assert "▌line 7" in shown(pilot.app)
        view.next_match(-1)
        await pilot.pause()
        assert view.matches == (11, 11)
        assert "▌line 79" in shown(pilot.app)
        assert view.find("absent") == 0


async def test_another_width_keeps_the_line_at_the_top() -> None:
    lines: list[Item] = [Line("text", f"{number} " + "word " * 20) for number in range(50)]
    async with reading(lines) as (pilot, view, _):
        view.scroll_to(y=view._ends[19], animate=False)
        await pilot.pause()
        assert shown(pilot.app)[0].startswith(" 20 word")
        await pilot.resize_terminal(60, 10)
        await pilot.pause()
        assert shown(pilot.app)[0].startswith(" 20 word")


# ---- folds ----------------------------------------------------------------------------------


def parcels() -> list[Item]:
    """Three parcels, folded; the second is late."""
    return [
        Fold(Line("text", f"parcel {number}"), lambda note=note: [Line("text", f"  {note}")])  # type: ignore[misc]
        for number, note in enumerate(["in Porto", "late in Faro", "in Porto too"])
    ]


async def test_space_opens_and_closes_what_is_folded() -> None:
    async with reading(parcels()) as (pilot, view, lines):
        assert lines[:3] == ["▌▸ parcel 0", " ▸ parcel 1", " ▸ parcel 2"]
        view.focus()
        view.move("down")
        await pilot.press("space")
        assert shown(pilot.app)[:4] == [
            " ▸ parcel 0",
            "▌▾ parcel 1",
            "   late in Faro",
            " ▸ parcel 2",
        ]
        await pilot.press("space")
        assert shown(pilot.app)[:3] == [" ▸ parcel 0", "▌▸ parcel 1", " ▸ parcel 2"]


async def test_what_is_folded_is_found_counted_and_opens_by_itself() -> None:
    async with reading(parcels()) as (pilot, view, _):
        assert view.find("porto") == 2
        await pilot.pause()
        assert shown(pilot.app)[:4] == [" ▾ parcel 0", "▌  in Porto", " ▸ parcel 1", " ▸ parcel 2"]
        view.next_match(1)
        await pilot.pause()
        assert shown(pilot.app)[4] == "▌  in Porto too"
        assert "   late in Faro" not in shown(pilot.app)


async def test_signs_of_folds_in_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "vt100")
    async with reading(parcels()) as (_, _, lines):
        assert "+ parcel 1" in lines[1]

"""The traces screen: rows in windows, evidence, failures, filters, copying."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hostile import drawn
from recorded_engine import RecordedEngine
from traces_on_screen import LongTable, chosen, orders, requests, settled, status, traces_screen

from mlflow_analysis import protocol
from mlflow_analysis.protocol import Problem, RowQuery, TableGrew
from mlflow_tui.widgets.inspector import Section
from mlflow_tui.widgets.trace_table import NEAR, PAGE, TraceTable

# ---- the table ------------------------------------------------------------------------------


async def test_a_long_table_is_fetched_in_windows(tmp_path: Path) -> None:
    engine = LongTable(tmp_path)
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        assert screen.table.line_count == 100_000
        await pilot.press("G")
        await settled(pilot)
        assert chosen(screen) == "row 99999"
        await pilot.press("g")
        await settled(pilot)
        assert chosen(screen) == "row 0"
        fetched = sum(
            request.stop - request.start
            for request in requests(engine, protocol.FetchRows)
            if isinstance(request, protocol.FetchRows)
        )
        assert fetched <= 8 * PAGE


async def test_rows_on_their_way_have_a_placeholder(tmp_path: Path) -> None:
    engine = LongTable(tmp_path)
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        engine.problems[protocol.FetchRows] = Problem("The store went away.")
        await pilot.press("G")
        await settled(pilot)
        assert screen.table.chosen is None
        text = "\n".join(drawn(pilot.app))
        assert "·······" in text
        assert "The store went away. The rows below are from before." in text


async def test_a_row_that_came_late_is_opened_as_any_other(tmp_path: Path) -> None:
    engine = LongTable(tmp_path)
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        engine.problems[protocol.FetchRows] = Problem("The store went away.")
        await pilot.press("G")
        await settled(pilot)  # the cursor has rested on a row that is not there
        del engine.problems[protocol.FetchRows]
        screen.table.outdate()
        await settled(pilot)
        assert chosen(screen) == "row 99999"
        assert engine.asked[-1] == protocol.FetchTrace("tr-99999")


async def test_a_cursor_move_draws_two_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = LongTable(tmp_path)
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        drawn_lines: list[int] = []
        draw = TraceTable.draw

        def counted(self: TraceTable, index: int, *rest: object) -> object:
            drawn_lines.append(index)
            return draw(self, index, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(TraceTable, "draw", counted)
        screen.table.move_to(7)
        await pilot.pause()
        assert sorted(drawn_lines) == [0, 7]


async def test_a_held_key_finds_its_rows_at_hand(tmp_path: Path) -> None:
    engine = LongTable(tmp_path)
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        table = screen.table
        for place in range(0, 400, 20):
            table.move_to(place)
            ahead = range(table.lines_seen.start, table.lines_seen.stop + NEAR)
            await settled(pilot)
            assert all(table.row(index) is not None for index in ahead)


async def test_a_step_over_the_edge_scrolls_half_a_screen(tmp_path: Path) -> None:
    engine = LongTable(tmp_path)
    async with traces_screen(engine, tmp_path) as (_, screen):
        table = screen.table
        height = table.size.height
        table.move_to(height - 1)
        assert table.scroll_offset.y == 0
        table.move("down")
        assert table.scroll_offset.y == height // 2 + 1
        table.move_to(table.scroll_offset.y)
        table.move("up")
        assert table.scroll_offset.y == 0


async def test_rows_that_come_again_unchanged_are_not_drawn_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = RecordedEngine(tmp_path, orders(30))
    async with traces_screen(engine, tmp_path) as (pilot, _):
        drawn_lines: list[int] = []
        draw = TraceTable.draw

        def counted(self: TraceTable, index: int, *rest: object) -> object:
            drawn_lines.append(index)
            return draw(self, index, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(TraceTable, "draw", counted)
        engine._on_push((TableGrew(30, 30, True),))
        await settled(pilot)
        assert drawn_lines == []
        changed = list(engine.records.values())[-3]  # the third from above: newest come first
        engine.records[changed.info.trace_id] = replace(
            changed, info=replace(changed.info, request_preview="Who are you?")
        )
        engine._on_push((TableGrew(30, 30, True),))
        await settled(pilot)
        assert drawn_lines == [2]


async def test_every_column_can_be_sorted_by_and_the_order_is_named(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(12))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        seen = []
        await pilot.press("j", "j")
        await settled(pilot)
        before = chosen(screen)
        for _ in range(8):
            await pilot.press(">")
            await settled(pilot)
            seen.append((screen.state.query.sort, screen.state.query.descending))
            assert chosen(screen) == before
            if len(seen) == 2:
                assert "slowest first" in status(screen)
                assert any("taken↓" in line for line in drawn(pilot.app))
        assert seen == [
            ("state", False),
            ("duration_ms", True),
            ("total_tokens", True),
            ("findings", True),
            ("session_id", False),
            ("request", False),
            ("response", False),
            ("response", False),  # there is none to the right
        ]
        await pilot.press("I", *["<"] * 5)
        await settled(pilot)
        assert screen.state.query == RowQuery(sort="duration_ms")
        await pilot.press("I")
        await settled(pilot)
        assert "fastest first" in status(screen)
        assert any("taken↑" in line for line in drawn(pilot.app))
        assert chosen(screen) == before


async def test_new_rows_above_do_not_move_the_cursor_off_its_trace(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(30))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        await pilot.press("j", "j", "j")
        await settled(pilot)
        before = chosen(screen)
        newer = orders(36)[30:]
        engine.records |= {record.info.trace_id: record for record in newer}
        engine._on_push((TableGrew(36, 36, True),))
        await settled(pilot)
        assert screen.table.line_count == 36
        assert chosen(screen) == before
        assert screen.table.cursor == 9


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 20), (40, 10)])
async def test_request_is_readable_at_every_size(tmp_path: Path, size: tuple[int, int]) -> None:
    engine = RecordedEngine(tmp_path, orders(12))
    async with traces_screen(engine, tmp_path, size) as (pilot, _):
        assert any("Where is o" in line for line in drawn(pilot.app))


# ---- the inspector --------------------------------------------------------------------------


async def test_evidence_lands_on_span_and_excerpt_and_escape_goes_back(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(30))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        record = list(engine.records.values())[12]
        span = next(span for span in record.spans if span.name == "carrier")
        left_for: list[str] = []
        pilot.app.switch_mode = left_for.append  # type: ignore[assignment,method-assign]
        screen.show_evidence(
            record.info.trace_id, span.span_id, "parcel 12 is in Porto", RowQuery()
        )
        await settled(pilot)
        assert chosen(screen) == "Where is order 12?"
        assert screen.inspector.span is not None
        assert screen.inspector.span.record.name == "carrier"
        assert screen.inspector.section is Section.OUTPUTS
        assert screen.inspector.payload.matches == (1, 1)
        assert any("parcel 12 is in Porto" in line for line in drawn(pilot.app))
        await pilot.press("escape")
        assert left_for == ["board"]


async def test_conversation_is_read_when_it_is_looked_at(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(9))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        assert not requests(engine, protocol.FetchConversation)
        await pilot.press("left")
        await settled(pilot)
        assert screen.inspector.section is Section.CONVERSATION
        assert "turn 3 of 3  ◂ this trace" in screen.inspector.payload.text


async def test_a_trace_that_cannot_be_read_leaves_the_list(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(9))
    engine.problems[protocol.FetchTrace] = Problem("The spans are corrupt.", "Ask who wrote them.")
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        text = "\n".join(drawn(pilot.app))
        assert "The spans are corrupt." in text
        assert "Ask who wrote them." in text
        assert screen.table.line_count == 9


async def test_copy_sends_the_id_to_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    engine = RecordedEngine(tmp_path, orders(3))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        copied: list[str] = []
        pilot.app.copy_to_clipboard = copied.append  # type: ignore[method-assign]
        await pilot.press("y", "i")
        await settled(pilot)
        assert copied == [screen.inspector.trace.info.trace_id]  # type: ignore[union-attr]
        assert pilot.app.screen is screen
        assert any("Sent 35 bytes" in line for line in drawn(pilot.app))


async def test_going_deeper_and_back_with_enter_and_escape(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(3))
    async with traces_screen(engine, tmp_path, (80, 24)) as (pilot, screen):
        stations: Iterable[object] = (screen.inspector.waterfall, screen.inspector.payload)
        for station in stations:
            await pilot.press("enter")
            assert screen.focused is station
        await pilot.press("escape", "escape")
        assert screen.focused is screen.table

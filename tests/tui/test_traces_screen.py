"""The traces screen: rows in windows, evidence, failures, filters, copying."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from first_screen import first_screen
from hostile import drawn
from recorded_engine import RecordedEngine, settings_in
from textual.pilot import Pilot

from mlflow_analysis import protocol
from mlflow_analysis.protocol import Problem, RowQuery, TableGrew, TraceRow
from mlflow_analysis.records import TraceRecord
from mlflow_tui.application import MlflowTui
from mlflow_tui.screens.traces import TracesScreen
from mlflow_tui.widgets.inspector import Section
from mlflow_tui.widgets.prompt_line import PromptLine
from mlflow_tui.widgets.trace_table import NEAR, PAGE, TraceTable
from trace_factory import model, tool, trace


def orders(count: int) -> list[TraceRecord]:
    """Traces about orders, a minute apart; every tenth failed at its carrier call."""
    return [
        trace(
            model("plan"),
            tool(
                "carrier",
                outputs={"text": f"parcel {number} is in Porto"},
                status="ERROR" if number % 10 == 5 else "OK",
                message="carrier timed out" if number % 10 == 5 else "",
            ),
            request=f"Where is order {number}?",
            response="" if number % 10 == 5 else "It is on its way.",
            state="ERROR" if number % 10 == 5 else "OK",
            session=f"session-{number // 3}",
            number=number,
        )
        for number in range(count)
    ]


class LongTable(RecordedEngine):
    """A hundred thousand rows, made as they are asked for."""

    total = 100_000

    def _OpenExperiment(self, request: protocol.OpenExperiment) -> TableGrew:
        return TableGrew(self.total, self.total, True)

    def _FetchRows(self, request: protocol.FetchRows) -> protocol.Rows:
        stop = min(request.stop, self.total)
        return protocol.Rows(
            request.start,
            self.total,
            tuple(
                TraceRow(
                    f"tr-{number}", 1_780_000_000_000, "OK", 5.0, 1, "", f"row {number}", "", 0
                )
                for number in range(request.start, stop)
            ),
        )

    def _FetchTrace(self, request: protocol.FetchTrace) -> protocol.TraceView:
        (record,) = orders(1)
        self.records = {request.trace_id: record}
        return super()._FetchTrace(request)


@asynccontextmanager
async def traces_screen(
    engine: RecordedEngine, tmp_path: Path, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[int], TracesScreen]]:
    app = MlflowTui(engine, settings_in(tmp_path))
    async with app.run_test(size=size, notifications=True) as pilot:
        await first_screen(pilot)
        app.connected("", engine._CheckConnection(protocol.CheckConnection("")))
        app.choose_experiment(engine.experiments[0])
        app.action_go("traces")
        await settled(pilot)
        assert isinstance(app.screen, TracesScreen)
        yield pilot, app.screen


async def settled(pilot: Pilot[int], *, dialog: bool = False) -> None:
    """Until no worker runs and the cursor has come to rest; ``dialog``: one is open, and a worker waits for it."""
    await pilot.pause(0.2)  # longer than the cursor must rest before its trace is opened
    if not dialog:
        await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def chosen(screen: TracesScreen) -> str:
    row = screen.table.chosen
    assert row is not None
    return row.request


def status(screen: TracesScreen) -> str:
    """The lines above the table, as one."""
    region = screen.query_one("#status").region
    lines = drawn(screen.app)[region.y : region.bottom]
    return " ".join(line[region.x : region.right].strip() for line in lines)


def requests(engine: RecordedEngine, kind: type) -> list[protocol.Request]:
    return [request for request in engine.asked if isinstance(request, kind)]


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


# ---- failures, filters ----------------------------------------------------------------------


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

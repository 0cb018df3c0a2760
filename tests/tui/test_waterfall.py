"""The span tree and its waterfall: folding, collapsing, zooming, the time axis, many spans."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hostile import drawn
from recorded_engine import RecordedEngine
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from traces_on_screen import settled, traces_screen

from mlflow_analysis.protocol import TraceView
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.service.trace_view import trace_view
from mlflow_tui.inspecting.span_tree import FoldBy, SpanTree
from mlflow_tui.inspecting.time_axis import TimeAxis, whole_axis
from mlflow_tui.screens.traces import TracesScreen
from mlflow_tui.widgets import waterfall as drawing
from mlflow_tui.widgets.palette import Palette
from mlflow_tui.widgets.waterfall import Waterfall
from trace_factory import chain, model, tool, trace

PLAIN = Palette(*[Style.null()] * 8)
MS = 1_000_000


def shop() -> TraceRecord:
    """An agent that looks up 5 orders, 2 of them in vain, then answers."""
    lookups = [
        tool("order_lookup", ms=100.0, status="ERROR" if number in (1, 3) else "OK")
        for number in range(5)
    ]
    return trace(
        chain("gather", model("plan", ms=200.0), *lookups),
        model("answer", ms=300.0),
        tool("log", start=0.0, ms=50.0),
        number=1,
    )


def names(tree: SpanTree) -> list[str]:
    return [
        "  " * row.depth
        + (
            f"{row.group.label} x{len(row.group.members)}"
            if row.group
            else tree.spans[row.span].record.name
        )
        for row in tree.rows()
    ]


class Drawn(App[None]):
    def __init__(self, view: TraceView) -> None:
        super().__init__()
        self.view = view

    def compose(self) -> ComposeResult:
        yield Waterfall()


async def lines(view: TraceView, width: int = 100) -> list[str]:
    app = Drawn(view)
    async with app.run_test():
        widget = app.query_one(Waterfall)
        widget.show(view)
        return [text_of(widget.draw(index, width, PLAIN)) for index in range(widget.line_count)]


def text_of(segments: list[Segment]) -> str:
    return "".join(segment.text for segment in segments)


@asynccontextmanager
async def inspecting(
    record: TraceRecord, tmp_path: Path, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[int], TracesScreen, Waterfall]]:
    async with traces_screen(RecordedEngine(tmp_path, [record]), tmp_path, size) as (pilot, screen):
        await pilot.press("enter")
        yield pilot, screen, screen.inspector.waterfall


# ---- which lines there are ------------------------------------------------------------------


def test_alike_siblings_are_one_line_that_says_how_many_failed_and_how_long_they_took() -> None:
    tree = SpanTree(trace_view(shop()).spans)
    tree.fold_by(FoldBy.NAME)
    assert names(tree) == [
        "agent",
        "  gather",
        "    plan",
        "    order_lookup x5",
        "  log",
        "  answer",
    ]
    group = next(row.group for row in tree.rows() if row.group)
    assert (group.failed, group.total_ms) == (2, 500.0)


def test_spans_of_one_type_are_folded_by_type_and_spans_of_another_parent_are_not() -> None:
    tree = SpanTree(trace_view(shop()).spans)
    tree.fold_by(FoldBy.TYPE)
    assert "    TOOL x5" in names(tree)
    assert "  log" in names(tree)  # a tool too, but of another parent


def test_what_is_folded_opens_line_by_line() -> None:
    tree = SpanTree(trace_view(shop()).spans)
    tree.fold_by(FoldBy.NAME)
    row = next(row for row in tree.rows() if row.group)
    tree.set_open(row, True)
    assert names(tree).count("      order_lookup") == 5
    gather = next(row for row in tree.rows() if tree.spans[row.span].record.name == "gather")
    tree.set_open(gather, False)
    assert [name.strip() for name in names(tree)].count("order_lookup") == 0
    assert tree.held(gather) == 6


def test_any_span_can_be_revealed() -> None:
    tree = SpanTree(trace_view(shop()).spans)
    tree.fold_by(FoldBy.NAME)
    tree.set_open(tree.rows()[0], False)
    assert names(tree) == ["agent"]
    place = max(
        index for index, span in enumerate(tree.spans) if span.record.name == "order_lookup"
    )
    tree.reveal(place)
    assert any(row.span == place and row.group is None for row in tree.rows())


# ---- time -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length_ns", "labels"),
    [
        (1_000 * MS, ["0 ms", "200 ms", "400 ms", "600 ms", "800 ms"]),
        (10 * MS, ["0 ms", "2 ms", "4 ms", "6 ms", "8 ms"]),
        (MS // 10, ["0.00 ms", "0.02 ms", "0.04 ms", "0.06 ms", "0.08 ms"]),
        (3_600_000 * MS, ["0 min", "20 min", "40 min"]),
    ],
)
def test_ticks_are_round_times(length_ns: int, labels: list[str]) -> None:
    assert [label for _, label in TimeAxis(5, 5, length_ns).ticks(60)] == labels


def test_ticks_of_a_part_are_counted_from_the_start_of_the_trace() -> None:
    ticks = TimeAxis(0, 1_250 * MS, 500 * MS).ticks(60)
    assert ticks[0] == (6, "1.3 s") or ticks[0] == (6, "1,300 ms")
    assert all(column + len(label) <= 60 for column, label in ticks)


def test_bars_stay_within_the_axis_and_what_lies_outside_has_none() -> None:
    axis = TimeAxis(0, 100, 100)
    assert axis.bar(0, 300, 10) == (0, 10)
    assert axis.bar(150, 150, 10) == (5, 1)
    assert axis.bar(200, 200, 10) == (9, 1)
    assert axis.bar(0, 99, 10) == (0, 0)
    assert axis.bar(201, 300, 10) == (0, 0)


async def test_a_bar_is_solid_where_the_span_itself_was_at_work() -> None:
    record = trace(
        chain("step", tool("first", start=100.0, ms=100.0), ms=400.0), number=1, root_kind="CHAIN"
    )
    root, step, first = (line[-40:] for line in await lines(trace_view(record)))
    assert root == "━" * 40
    assert step == "█" * 10 + "━" * 10 + "█" * 20
    assert first == " " * 10 + "█" * 10 + " " * 20


async def test_what_is_not_on_the_critical_path_is_drawn_otherwise() -> None:
    record = trace(tool("slow", start=0.0, ms=400.0), tool("quick", start=0.0, ms=100.0), number=1)
    bars = [line[-40:].strip() for line in await lines(trace_view(record))]
    assert set(bars[1]) | set(bars[2]) == {"█", "▒"}


async def test_ascii_signs_where_the_terminal_has_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "vt100")
    text = "\n".join(await lines(trace_view(shop())))
    assert text.isascii()
    assert "#" in text and "x order_lookup" in " ".join(text.split())


def test_the_signs_tell_apart_without_colour() -> None:
    for signs in (drawing.UNICODE, drawing.ASCII):
        bars = (signs.critical_own, signs.critical, signs.own, signs.other)
        assert len(set(bars)) == len(bars)


async def test_tokens_and_own_time_stand_beside_the_bar_where_there_is_room() -> None:
    (answer,) = (line for line in await lines(trace_view(shop())) if "answer" in line)
    assert "300 ms   300 ms     250" in answer
    (narrow,) = (line for line in await lines(trace_view(shop()), 60) if "answer" in line)
    assert "250" not in narrow


async def test_folded_spans_are_one_line_with_count_failures_and_time() -> None:
    app = Drawn(trace_view(shop()))
    async with app.run_test():
        widget = app.query_one(Waterfall)
        widget.show(app.view)
        widget.fold_otherwise()
        text = "\n".join(
            text_of(widget.draw(index, 120, PLAIN)) for index in range(widget.line_count)
        )
    assert "order_lookup ×5, 2 failed, 500 ms" in text


# ---- keys -----------------------------------------------------------------------------------


async def test_b_folds_and_enter_opens_what_is_folded(tmp_path: Path) -> None:
    async with inspecting(shop(), tmp_path) as (pilot, screen, waterfall):
        await pilot.press("b")
        await pilot.pause()
        text = "\n".join(drawn(pilot.app))
        assert "×5, 2 failed  500 ms" in text
        while waterfall.row is None or waterfall.row.group is None:
            await pilot.press("j")
        before = waterfall.line_count
        await pilot.press("enter")
        assert waterfall.line_count == before + 5
        assert screen.focused is waterfall
        await pilot.press("j", "enter")
        assert screen.focused is screen.inspector.payload


async def test_left_and_right_close_and_open_as_trees_do_and_h_l_show_another_section(
    tmp_path: Path,
) -> None:
    async with inspecting(shop(), tmp_path) as (pilot, screen, waterfall):
        assert waterfall.choose("0000000000000004")
        await pilot.press("left")
        chosen = waterfall.chosen
        assert chosen is not None and chosen.record.name == "gather"
        before = waterfall.line_count
        await pilot.press("left")
        assert waterfall.line_count == before - 6
        assert any("▸ gather  +6 chain" in line for line in drawn(pilot.app))
        section = screen.inspector.section
        await pilot.press("right")
        assert waterfall.line_count == before
        assert screen.inspector.section is section
        await pilot.press("l")
        assert screen.inspector.section is not section


async def test_x_finds_failed_spans_also_where_they_are_folded(tmp_path: Path) -> None:
    async with inspecting(shop(), tmp_path) as (pilot, _, waterfall):
        await pilot.press("b", "x")
        first = waterfall.chosen
        assert first is not None and first.failed
        await pilot.press("x")
        assert waterfall.chosen is not first and waterfall.chosen.failed
        await pilot.press("x")
        assert waterfall.chosen is first


async def test_z_gives_the_span_the_whole_axis_and_Z_takes_it_back(tmp_path: Path) -> None:
    async with inspecting(shop(), tmp_path) as (pilot, _, waterfall):
        assert waterfall.choose("0000000000000003")
        whole = waterfall.axis
        await pilot.press("z")
        await pilot.pause()
        assert waterfall.axis.length_ns == 200 * MS
        assert any("zoomed, Z goes back" in line for line in drawn(pilot.app))
        await pilot.press("Z")
        assert waterfall.axis == whole


async def test_a_span_without_length_is_not_zoomed_to(tmp_path: Path) -> None:
    record = trace(tool("instant", ms=0.0), model("answer"), number=1)
    async with inspecting(record, tmp_path) as (pilot, _, waterfall):
        assert waterfall.choose("0000000000000002")
        await pilot.press("z")
        await settled(pilot)
        assert not waterfall.is_zoomed
        assert any("took no time" in line for line in drawn(pilot.app))


async def test_of_five_thousand_spans_only_those_seen_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = trace(*[tool(f"call {number}", ms=1.0) for number in range(4_999)], number=1)
    drawn_lines: list[int] = []
    draw = Waterfall.draw

    def counted(self: Waterfall, index: int, *rest: object) -> object:
        drawn_lines.append(index)
        return draw(self, index, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Waterfall, "draw", counted)
    async with inspecting(record, tmp_path) as (pilot, _, waterfall):
        assert waterfall.line_count == 5_000
        assert len(drawn_lines) < 200
        drawn_lines.clear()
        waterfall.move_to(3)
        await pilot.pause()
        assert sorted(set(drawn_lines)) == [0, 3]
        await pilot.press("G")
        await pilot.pause()
        assert len(drawn_lines) < 100
        assert waterfall.chosen is not None
        assert waterfall.chosen.record.name == "call 4998"


async def test_a_running_span_ends_with_the_trace_and_is_said_to_run() -> None:
    record = trace(model("answer"), state="IN_PROGRESS", number=1)
    view = trace_view(record)
    assert whole_axis(view.spans).length_ns == 100 * MS
    assert "… " in (await lines(view))[0] and "running" in (await lines(view))[0]


def test_a_chain_of_five_thousand_spans_deep() -> None:
    record = shop()
    deep = replace(
        record,
        spans=tuple(
            replace(
                record.spans[0], span_id=f"{number}", parent_id=f"{number - 1}" if number else None
            )
            for number in range(5_000)
        ),
    )
    tree = SpanTree(trace_view(deep).spans)
    tree.fold_by(FoldBy.NAME)
    assert len(tree.rows()) == 5_000

"""Two traces side by side: which spans go together, what differs, line by line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hostile import assert_harmless, drawn, hostile_trace
from recorded_engine import RecordedEngine
from textual.pilot import Pilot
from traces_on_screen import settled, traces_screen

from mlflow_analysis import protocol
from mlflow_analysis.protocol import Problem
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.service.trace_view import trace_view
from mlflow_tui.inspecting.alignment import align
from mlflow_tui.inspecting.differences import (
    MOST_COMPARED,
    DiffRow,
    differs,
    span_rows,
    text_rows,
    trace_rows,
)
from mlflow_tui.inspecting.span_tree import SpanTree
from mlflow_tui.screens import traces
from mlflow_tui.screens.compare import CompareScreen
from mlflow_tui.screens.traces import TracesScreen
from trace_factory import Planned, chain, model, retriever, tool, trace


def aligned(left: list[Planned], right: list[Planned]) -> list[tuple[str | None, str | None]]:
    """Names of the spans that go together, without the roots."""
    one, two = (trace_view(trace(*spans, number=1)).spans for spans in (left, right))
    pairs = align(SpanTree(one), SpanTree(two))
    assert pairs[0].left == pairs[0].right == 0
    return [
        (
            None if pair.left is None else one[pair.left].record.name,
            None if pair.right is None else two[pair.right].record.name,
        )
        for pair in pairs[1:]
    ]


# ---- which spans go together ----------------------------------------------------------------


def test_spans_of_one_name_go_together_in_order() -> None:
    assert aligned(
        [model("plan"), tool("search"), tool("search"), model("answer")],
        [model("plan"), tool("search"), model("answer")],
    ) == [("plan", "plan"), ("search", "search"), ("search", None), ("answer", "answer")]


def test_what_only_one_trace_has_stands_where_it_happened() -> None:
    assert aligned(
        [model("plan"), model("answer")],
        [model("plan"), retriever("lookup"), model("answer")],
    ) == [("plan", "plan"), (None, "lookup"), ("answer", "answer")]


def test_children_are_aligned_below_their_parents_only() -> None:
    pairs = aligned(
        [chain("gather", tool("a"), tool("b")), tool("c")],
        [chain("gather", tool("b")), tool("a"), tool("c")],
    )
    assert pairs == [
        ("gather", "gather"),
        ("a", None),
        ("b", "b"),
        (None, "a"),
        ("c", "c"),
    ]


def test_another_model_and_a_changed_name_go_together() -> None:
    assert aligned(
        [model("ChatSonata"), tool("order_lookup")], [model("Minuet"), tool("order_lookup_v2")]
    ) == [("ChatSonata", "Minuet"), ("order_lookup", "order_lookup_v2")]


def test_tools_of_other_names_do_not_go_together() -> None:
    assert aligned([tool("refund")], [tool("weather")]) == [("refund", None), (None, "weather")]


def test_thousands_of_spans_of_one_name() -> None:
    pairs = aligned([tool("step", ms=1.0)] * 5_000, [tool("step", ms=1.0)] * 4_990)
    assert len(pairs) == 5_000
    assert sum(right is None for _, right in pairs) == 10


# ---- how they differ ------------------------------------------------------------------------


def test_lines_that_differ_stand_beside_one_another() -> None:
    assert text_rows("a\nb\nc", "a\nB\nc\nd") == [
        DiffRow("same", "a", "a"),
        DiffRow("changed", "b", "B"),
        DiffRow("same", "c", "c"),
        DiffRow("right", "", "d"),
    ]


def test_long_stretches_that_are_alike_are_counted_instead() -> None:
    alike = "\n".join(f"line {number}" for number in range(100))
    rows = text_rows(f"{alike}\nold", f"{alike}\nnew")
    assert rows[0] == DiffRow("muted", "… 97 lines alike")
    assert rows[-1] == DiffRow("changed", "old", "new")
    assert len(rows) == 5


def test_texts_too_long_to_be_matched_say_so_and_lose_nothing() -> None:
    left = "\n".join(f"left {number}" for number in range(MOST_COMPARED + 1))
    rows = text_rows(left, "right")
    assert "too many to be matched" in rows[0].left
    assert sum(row.kind in ("changed", "left") for row in rows) == MOST_COMPARED + 1


def test_attributes_and_tags_that_differ_are_named_and_no_others() -> None:
    one = trace_view(
        trace(
            model("chat", model="sonata", attributes={"temperature": 0.5, "top_p": 1}),
            tags={"release": "1.4", "region": "eu", "mlflow.trace.sizeBytes": "6391"},
            number=1,
        )
    )
    two = trace_view(
        trace(
            model("chat", model="minuet", attributes={"temperature": 0.9, "top_p": 1}),
            tags={"release": "1.5", "region": "eu", "mlflow.trace.sizeBytes": "11479"},
            number=1,
        )
    )
    text = str(span_rows(one.spans[1], two.spans[1]))
    assert "DiffRow(kind='changed', left='model: sonata', right='model: minuet')" in text
    assert "temperature: 0.5" in text and "temperature: 0.9" in text
    assert "top_p" not in text
    assert trace_rows(one, two) == [
        DiffRow("heading", "fields of the trace that differ"),
        DiffRow("changed", "release: 1.4", "release: 1.5"),
    ]
    assert differs(one.spans[1], two.spans[1])
    assert not differs(one.spans[0], two.spans[0])


# ---- the screen -----------------------------------------------------------------------------


def versions() -> list[TraceRecord]:
    """One request to two releases: the newer looks in one place more and answers otherwise."""
    old = [
        model("plan", tokens=(100, 20)),
        tool("order_lookup", ms=400.0, outputs={"state": "late", "id": 7}),
        model("answer", outputs="It is late.\nSorry."),
    ]
    new = [
        model("plan", tokens=(150, 20)),
        retriever("faq"),
        tool("order_lookup", ms=100.0, outputs={"state": "late", "id": 7}),
        model("answer", outputs="It is late.\nHere is a voucher."),
    ]
    return [
        trace(*old, tags={"release": "1.4"}, number=1),
        trace(*new, tags={"release": "1.5"}, number=2),
    ]


@asynccontextmanager
async def comparing(
    tmp_path: Path, records: list[TraceRecord], size: tuple[int, int] = (140, 44)
) -> AsyncIterator[tuple[Pilot[int], CompareScreen]]:
    """The second (newest, so first listed) is looked at, then the first; ``D``, and they are exchanged."""
    async with traces_screen(RecordedEngine(tmp_path, records), tmp_path, size) as (pilot, _):
        await pilot.press("j")
        await settled(pilot)
        await pilot.press("k")
        await settled(pilot)
        await pilot.press("D")
        await settled(pilot)
        await settled(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, CompareScreen)
        yield pilot, screen


def text_of(app: Any) -> str:
    return "\n".join(drawn(app))


async def test_spans_times_and_differences_stand_side_by_side(tmp_path: Path) -> None:
    async with comparing(tmp_path, versions()) as (pilot, screen):
        text = text_of(pilot.app)
        assert [pair.sign for pair in screen.table.pairs] == [" ", " ", "+", " ", "~"]
        lookup = next(line for line in drawn(pilot.app) if "order_lookup" in line)
        assert lookup.split()[-6:] == ["400", "ms", "100", "ms", "-300", "ms"]
        assert "+ 1 only in B" in text and "aligned level by level by name and order" in text
        assert "- release: 1.4" in text and "+ release: 1.5" in text
        await pilot.press("right_square_bracket", "right_square_bracket")
        await settled(pilot)
        text = text_of(pilot.app)
        answer = next(line for line in drawn(pilot.app) if "Sorry." in line)
        assert "- Sorry." in answer and "+ Here is a voucher." in answer  # on one line: beside
        assert "  It is late." in text


async def test_differences_stand_beneath_one_another_where_it_is_narrow(tmp_path: Path) -> None:
    async with comparing(tmp_path, versions(), (80, 24)) as (pilot, screen):
        await pilot.press("left_square_bracket", "enter")
        await settled(pilot)
        lines = drawn(pilot.app)
        old = next(place for place, line in enumerate(lines) if "- Sorry." in line)
        assert "+ Here is a voucher." in lines[old + 1]
        assert screen.focused is screen.differences


async def test_escape_leads_back_step_by_step(tmp_path: Path) -> None:
    async with comparing(tmp_path, versions()) as (pilot, screen):
        await pilot.press("enter", "escape")
        assert screen.focused is screen.table
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, TracesScreen)


async def test_the_two_can_be_exchanged(tmp_path: Path) -> None:
    async with comparing(tmp_path, versions()) as (pilot, screen):
        await pilot.press("s")
        await settled(pilot)
        assert [pair.sign for pair in screen.table.pairs] == [" ", " ", "-", " ", "~"]


async def test_a_trace_beside_itself_has_no_differences(tmp_path: Path) -> None:
    twins = [trace(tool("search"), number=number) for number in (1, 2)]
    async with comparing(tmp_path, twins) as (pilot, screen):
        await pilot.press("right_square_bracket")
        await pilot.pause()
        assert screen.table.cursor == 0
        assert "All spans of the two traces are alike." in text_of(pilot.app)


async def test_a_marked_trace_is_compared_with_rather_than_the_one_before(tmp_path: Path) -> None:
    records = [*versions(), trace(tool("other"), number=3)]
    async with traces_screen(RecordedEngine(tmp_path, records), tmp_path) as (pilot, _):
        marked = records[0].info.trace_id
        pilot.app.state.marked[marked] = None  # type: ignore[attr-defined]
        await pilot.press("j")
        await settled(pilot)
        await pilot.press("D")
        await settled(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, CompareScreen)
        assert screen._left.info.trace_id == marked


async def test_what_the_cursor_has_only_just_come_to_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who is quick gets what he sees under the cursor, not what was open before."""
    monkeypatch.setattr(traces, "SETTLE_SECONDS", 3600)
    async with traces_screen(RecordedEngine(tmp_path, versions()), tmp_path) as (pilot, screen):
        before = screen.table.row(0)
        await pilot.press("j", "D")
        await settled(pilot)
        shown = pilot.app.screen
        assert isinstance(shown, CompareScreen)
        now = screen.table.chosen
        assert before is not None and now is not None and now != before
        compared = [shown._left.info.trace_id, shown._right.info.trace_id]
        assert compared == [before.trace_id, now.trace_id]


async def test_two_marked_traces_are_compared_wherever_the_cursor_is(tmp_path: Path) -> None:
    records = [*versions(), trace(tool("other"), number=3)]
    async with traces_screen(RecordedEngine(tmp_path, records), tmp_path) as (pilot, screen):
        await pilot.press("space", "space")  # which goes on to the third
        await settled(pilot)
        await pilot.press("D")
        await settled(pilot)
        shown = pilot.app.screen
        assert isinstance(shown, CompareScreen)
        compared = [shown._left.info.trace_id, shown._right.info.trace_id]
        assert compared == list(screen.state.marked)


async def test_of_three_marked_traces_it_is_said_that_two_are_compared(tmp_path: Path) -> None:
    records = [*versions(), *(trace(tool("other"), number=number) for number in (3, 4))]
    async with traces_screen(RecordedEngine(tmp_path, records), tmp_path) as (pilot, screen):
        await pilot.press("space", "space", "space")
        await settled(pilot)
        await pilot.press("D")
        await settled(pilot)
        assert pilot.app.screen is screen
        assert "3 traces are marked. Leave the marks on two of them." in text_of(pilot.app)


async def test_nothing_to_compare_with_says_what_to_do(tmp_path: Path) -> None:
    async with traces_screen(RecordedEngine(tmp_path, versions()), tmp_path) as (pilot, screen):
        await pilot.press("D")
        await settled(pilot)
        assert pilot.app.screen is screen
        assert "Mark the trace to compare with" in text_of(pilot.app)


async def test_a_trace_that_cannot_be_read_is_not_compared(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, versions())
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        await pilot.press("j")
        await settled(pilot)
        engine.problems[protocol.FetchTrace] = Problem("The spans are corrupt.")
        await pilot.press("D")
        await settled(pilot)
        assert pilot.app.screen is screen
        assert "The spans are corrupt." in text_of(pilot.app)


@pytest.mark.parametrize("size", [(140, 44), (80, 24)])
async def test_hostile_traces_are_harmless(tmp_path: Path, size: tuple[int, int]) -> None:
    records = [hostile_trace(1), hostile_trace(2)]
    async with comparing(tmp_path, records, size) as (pilot, _):
        assert_harmless(pilot.app)
        await pilot.press("j", "enter", "G")
        await settled(pilot)
        assert_harmless(pilot.app)
        assert "[@click=app.bell]x[/]" in text_of(pilot.app)

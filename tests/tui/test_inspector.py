"""The inspector: what is shown of a span, search in it, ways to other traces and to findings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from hostile import drawn
from recorded_engine import RecordedEngine
from textual.pilot import Pilot
from traces_on_screen import chosen, orders, settled, traces_screen

import sample_analysis
from mlflow_analysis import protocol
from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.findings.examples import TraceAssessment
from mlflow_analysis.protocol import RowQuery, TraceView
from mlflow_tui.screens.board import BoardScreen
from mlflow_tui.screens.traces import TracesScreen
from mlflow_tui.widgets.inspector import Section
from trace_factory import model, tool, trace


async def test_search_counts_matches_opens_folds_and_walks_round(tmp_path: Path) -> None:
    note = "x" * 80
    found = [
        {"id": number, "note": f"needle {note}" if number in (3, 900) else note}
        for number in range(1_000)
    ]
    record = trace(tool("search", outputs={"found": found}), number=1)
    async with traces_screen(RecordedEngine(tmp_path, [record]), tmp_path) as (pilot, screen):
        await pilot.press("enter", "j", "l")
        assert screen.inspector.section is Section.OUTPUTS
        await pilot.press("slash", *"needle", "enter")
        await pilot.pause()
        assert screen.focused is screen.inspector.payload
        assert screen.inspector.payload.matches == (1, 2)
        assert any("match 1 of 2" in line for line in drawn(pilot.app))
        await pilot.press("n")
        await pilot.pause()
        text = "\n".join(drawn(pilot.app))
        assert "match 2 of 2" in text and "[900] { 2 keys }" in text
        await pilot.press("n", "N")
        assert screen.inspector.payload.matches == (2, 2)
        await pilot.press("slash", *"absent", "enter")
        await pilot.pause()
        assert any("no match" in line for line in drawn(pilot.app))


async def test_the_next_trace_is_shown_without_leaving_the_inspector(tmp_path: Path) -> None:
    async with traces_screen(RecordedEngine(tmp_path, orders(4)), tmp_path) as (pilot, screen):
        await pilot.press("enter", "l")
        first = screen.inspector.trace
        await pilot.press("n")
        await settled(pilot)
        assert screen.focused is screen.inspector.waterfall
        assert screen.inspector.section is Section.OUTPUTS
        assert screen.inspector.trace is not first
        assert chosen(screen) == "Where is order 2?"
        await pilot.press("N")
        await settled(pilot)
        assert chosen(screen) == "Where is order 3?"


async def test_the_conversation_leads_to_any_turn_and_the_list_follows(tmp_path: Path) -> None:
    async with traces_screen(RecordedEngine(tmp_path, orders(9)), tmp_path) as (pilot, screen):
        await pilot.press("V")
        await settled(pilot)
        text = "\n".join(drawn(pilot.app))
        assert "turn 3 of 3  ◂ this trace" in text
        assert "✓ ok" in text
        await pilot.press("g", "enter")
        await settled(pilot)
        trace_shown = screen.inspector.trace
        assert trace_shown is not None
        assert trace_shown.info.request_preview == "Where is order 6?"
        assert chosen(screen) == "Where is order 6?"
        assert screen.inspector.section is Section.CONVERSATION
        assert screen.focused is screen.inspector.payload


async def test_a_turn_that_is_not_listed_is_shown_all_the_same(tmp_path: Path) -> None:
    async with traces_screen(RecordedEngine(tmp_path, orders(9)), tmp_path) as (pilot, screen):
        await pilot.press("f")  # only order 5 failed
        await settled(pilot)
        await pilot.press("V")
        await settled(pilot)
        await pilot.press("g", "enter")
        await settled(pilot)
        trace_shown = screen.inspector.trace
        assert trace_shown is not None
        assert trace_shown.info.request_preview == "Where is order 3?"
        assert chosen(screen) == "Where is order 5?"
        assert any("not among those listed" in line for line in drawn(pilot.app))


class Analysed(RecordedEngine):
    """One confirmed finding, shown by the carrier call of order 5."""

    def _FetchTrace(self, request: protocol.FetchTrace) -> TraceView:
        view: Any = super()._FetchTrace(request)
        return (
            replace(view, findings=("f-carrier",))
            if "order 5" in view.info.request_preview
            else view
        )


@asynccontextmanager
async def analysed(tmp_path: Path) -> AsyncIterator[tuple[Pilot[int], TracesScreen]]:
    engine = Analysed(tmp_path, orders(9))
    record = list(engine.records.values())[5]
    span_id = next(span.span_id for span in record.spans if span.name == "carrier")
    finding = replace(
        sample_analysis.finding(),
        fingerprint="f-carrier",
        title="The carrier is late",
        trace_ids=(record.info.trace_id,),
        examples=(),
        assessments=(TraceAssessment(record.info.trace_id, span_id, "late", "It timed out."),),
    )
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        ready = AnalysisReady(sample_analysis.analysis(finding), False)
        engine._on_push((ready,))
        await settled(pilot)
        yield pilot, screen


async def test_findings_of_a_trace_lead_to_their_cards(tmp_path: Path) -> None:
    async with analysed(tmp_path) as (pilot, screen):
        await pilot.press("right_square_bracket")
        await settled(pilot)
        await pilot.press("enter", "x")
        screen.inspector.choose_section(Section.FINDINGS)
        await pilot.pause()
        text = "\n".join(drawn(pilot.app))
        assert "The carrier is late" in text and "this span shows it" in text
        await pilot.press("enter", "enter")
        await settled(pilot)
        board = pilot.app.screen
        assert isinstance(board, BoardScreen)
        assert board.card is not None and board.card.key == "f-carrier"


async def test_a_trace_without_findings_says_so(tmp_path: Path) -> None:
    async with traces_screen(RecordedEngine(tmp_path, orders(1)), tmp_path) as (pilot, screen):
        screen.inspector.choose_section(Section.FINDINGS)
        await pilot.pause()
        assert any("no finding affects this trace" in line for line in drawn(pilot.app))


async def test_evidence_in_a_folded_part_is_opened_and_marked(tmp_path: Path) -> None:
    rows = [{"id": number, "note": f"row {number} " + "y" * 80} for number in range(300)]
    record = trace(tool("search", outputs={"rows": rows}), model("answer"), number=1)
    async with traces_screen(RecordedEngine(tmp_path, [record]), tmp_path) as (pilot, screen):
        span = next(span for span in record.spans if span.name == "search")
        screen.show_evidence(record.info.trace_id, span.span_id, "row 271 ", RowQuery())
        await settled(pilot)
        assert screen.inspector.section is Section.OUTPUTS
        assert screen.inspector.payload.matches == (1, 1)
        assert any("row 271 yyy" in line for line in drawn(pilot.app))


async def test_a_trace_that_is_read_again_keeps_its_span_and_section(tmp_path: Path) -> None:
    async with traces_screen(RecordedEngine(tmp_path, orders(2)), tmp_path) as (pilot, screen):
        await pilot.press("enter", "j", "j", "l")
        before = screen.inspector.span
        shown = screen.inspector.trace
        assert before is not None and before.depth == 1 and shown is not None
        screen.show_again({shown.info.trace_id})
        await settled(pilot)
        assert screen.inspector.trace is not shown
        assert screen.inspector.span is not None
        assert screen.inspector.span.record.span_id == before.record.span_id
        assert screen.inspector.section is Section.OUTPUTS

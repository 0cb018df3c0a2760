"""The list on the screen against a plain list: whatever is sorted, filtered, appended or moved, in any order."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from recorded_engine import RecordedEngine
from textual.pilot import Pilot
from traces_on_screen import orders, traces_screen
from workers_done import workers_done

from mlflow_analysis.protocol import RowQuery, TableGrew
from mlflow_tui.screens.traces import TracesScreen

COLUMNS = (
    "start_ms", "state", "duration_ms", "total_tokens", "findings", "session_id", "request", "response",
)  # fmt: skip
TEXTS = {"state", "session_id", "request", "response"}
AT_FIRST, AT_MOST = 150, 260
ALL = orders(AT_MOST)

steps = st.one_of(
    st.sampled_from(["j", "k", "g", "G", "ctrl+d", "ctrl+u", ">", "<", "I", "f", "s", "space"]),
    st.integers(1, 40),  # so many traces come in
)


class Model:
    """Which rows there are, and which trace is under the cursor."""

    def __init__(self, engine: RecordedEngine) -> None:
        self.engine = engine
        self.query = RowQuery()
        self.at = self.ids[0]
        self.marked: list[str] = []

    @property
    def ids(self) -> list[str]:
        return [row.trace_id for row in self.engine.rows(self.query)]

    def press(self, key: str, page: int) -> None:
        ids, query = self.ids, self.query
        if not ids and (key in ("j", "k", "g", "G", "space") or key.startswith("ctrl")):
            return
        place = ids.index(self.at) if ids else 0
        moves = {"j": 1, "k": -1, "ctrl+d": page, "ctrl+u": -page, "g": -AT_MOST, "G": AT_MOST}
        if key == "space":
            self.marked = (
                [each for each in self.marked if each != self.at]
                if self.at in self.marked
                else [*self.marked, self.at]
            )
            key = "j"
        if key in moves:
            self.at = ids[max(0, min(place + moves[key], len(ids) - 1))]
        elif key == "f":
            self.ask(replace(query, failures_only=not query.failures_only))
        elif key == "s":
            session = self.engine.records[self.at].info.session_id or "" if ids else ""
            self.ask(replace(query, session_id="" if query.session_id else session))
        elif key == "I":
            self.ask(replace(query, descending=not query.descending))
        else:
            column = COLUMNS.index(query.sort) + (1 if key == ">" else -1)
            if 0 <= column < len(COLUMNS):
                sort = COLUMNS[column]
                self.ask(replace(query, sort=sort, descending=sort not in TEXTS))

    def ask(self, query: RowQuery) -> None:
        self.query = query
        self.stay()

    def stay(self) -> None:
        """On the trace if it is still there, else on the first; what was there last is known where there is none."""
        ids = self.ids
        if ids and self.at not in ids:
            self.at = ids[0]


async def _walk(engine: RecordedEngine, directory: Path, taken: list[str | int]) -> None:
    async with traces_screen(engine, directory, (100, 30)) as (pilot, screen):
        model = Model(engine)
        for step in taken:
            if isinstance(step, int):
                count = len(engine.records)
                newer = ALL[count : count + step]
                engine.records |= {each.info.trace_id: each for each in newer}
                total = len(engine.records)
                engine._on_push((TableGrew(total, total, True),))
                model.stay()
            else:
                model.press(step, max(1, screen.table.size.height - 1))
                await pilot.press(step)
            await _quiet(pilot, screen)
            row = screen.table.chosen
            ids = model.ids
            assert screen.state.query == model.query
            assert screen.table.line_count == len(ids)
            assert (row.trace_id if row else None) == (model.at if ids else None)
            assert not ids or ids[screen.table.cursor] == model.at
            assert list(screen.state.marked) == model.marked


async def _quiet(pilot: Pilot[int], screen: TracesScreen) -> None:
    """Until every row that is seen is at hand and nobody is waited for."""
    for _ in range(3):
        await pilot.pause()
        await workers_done(pilot.app)
    await pilot.pause()


@settings(max_examples=6, deadline=None, derandomize=True)
@given(taken=st.lists(steps, min_size=8, max_size=25))
@example(taken=["G", 24, 1, "g"])
@example(taken=["j", "s", "f", "j", "space", 40, "s", "s", "f"])
def test_the_cursor_stays_where_a_plain_list_would_have_it(taken: list[str | int]) -> None:
    with tempfile.TemporaryDirectory() as name:
        engine = RecordedEngine(Path(name), ALL[:AT_FIRST])
        asyncio.run(_walk(engine, Path(name), taken))

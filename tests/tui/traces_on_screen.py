"""The trace screen over recorded traces, and what tests ask of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from first_screen import first_screen
from hostile import drawn
from recorded_engine import RecordedEngine, settings_in
from textual.pilot import Pilot
from workers_done import workers_done

from mlflow_analysis import protocol
from mlflow_analysis.protocol import TableGrew, TraceRow
from mlflow_analysis.records import TraceRecord
from mlflow_tui.application import MlflowTui
from mlflow_tui.screens.traces import TracesScreen
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
        await workers_done(pilot.app)
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

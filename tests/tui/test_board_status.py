"""The line above the cards."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from mlflow_analysis.events import Progress
from mlflow_analysis.protocol import WatchState
from mlflow_tui.widgets.board_status import BoardStatus, Standing
from mlflow_tui.widgets.watch_words import watch_words

READING = Standing(progress=Progress("reading spans", 840, 1_500, 210.0, 3.0), workers=2)


async def line(standing: Standing, width: int) -> str:
    class Alone(App[None]):
        def compose(self) -> ComposeResult:
            yield BoardStatus()

    app = Alone()
    async with app.run_test(size=(width, 3)):
        status = app.query_one(BoardStatus)
        status.say(standing)
        return status.render().plain.rstrip()


async def test_while_traces_are_read_it_says_what_cards_rest_on_and_who_reads() -> None:
    said = await line(READING, 120)
    assert "840 of 1,500  cards rest on 56%  2 workers  210/s  3 s left" in said


async def test_a_narrow_one_keeps_the_time_left() -> None:
    said = await line(READING, 80)
    assert "840 of 1,500  56%  210/s  3 s left" in said
    assert "workers" not in said


@pytest.mark.parametrize("stage", ["listing traces", "testing hypotheses"])
async def test_other_stages_rest_on_nothing_yet(stage: str) -> None:
    said = await line(Standing(progress=Progress(stage, 3, 6, 1.0, None), workers=2), 120)
    assert "3 of 6  50%" in said
    assert "rest on" not in said and "worker" not in said


async def test_after_the_run_it_says_how_a_watch_stands() -> None:
    watching = watch_words(WatchState(watching=True, new=12, reading=12))
    said = await line(Standing(traces_read=50_012, watching=watching), 120)
    assert "50,012 traces read · watching · 12 new · testing 12 …" in said

"""The experiments screen: figures that fill in while one looks, order, tags, reviews, preview."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from board_samples import findings
from first_screen import first_screen
from hostile import TEXT, assert_harmless, drawn
from recorded_engine import RecordedEngine, settings_in
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from workers_done import workers_done

from mlflow_analysis import protocol
from mlflow_analysis.protocol import ExperimentFigures, Problem
from mlflow_analysis.records import Experiment
from mlflow_analysis.review import Decision, Review, last_decision_ms, review_path
from mlflow_tui.application import MlflowTui
from mlflow_tui.experiment_rows import ExperimentRow, Sort, in_order, matching, shown_tags
from mlflow_tui.screens.experiments import ExperimentsScreen
from mlflow_tui.widgets import experiment_list
from mlflow_tui.widgets.experiment_list import NAME_AT_LEAST, columns_for
from mlflow_tui.widgets.moments import lately
from trace_factory import model, trace

NOON = 1_780_272_000_000
"""2026-06-01 00:00 UTC."""
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
FINDING = findings()[0]
MANY = tuple(
    Experiment(str(number), f"service {number}", NOON - number * 60_000, {"team": f"t{number % 7}"})
    for number in range(1, 301)
)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(experiment_list, "now", lambda: NOON / 1000 + 3600)
    yield
    monkeypatch.undo()
    time.tzset()


class Figured(RecordedEngine):
    """Experiment ``n`` has ``n`` traces, of which ``n % 4`` failed."""

    store = "SQLite"

    def _CheckConnection(self, request: protocol.CheckConnection) -> Any:
        return replace(super()._CheckConnection(request), store=self.store)

    def _FetchFigures(self, request: protocol.FetchFigures) -> Any:
        return protocol.FigureList(
            tuple(figures(int(each) % 1000, each) for each in request.experiment_ids)
        )

    @property
    def batches(self) -> list[tuple[str, ...]]:
        return [
            each.experiment_ids for each in self.asked if isinstance(each, protocol.FetchFigures)
        ]


def figures(number: int, experiment_id: str) -> ExperimentFigures:
    course = tuple(hour * number % 9 for hour in range(24))
    last_ms = NOON - number * 3_600_000
    return ExperimentFigures(
        experiment_id,
        number,
        True,
        number,
        number % 4,
        last_ms,
        90.0 * number,
        1e3 + number,
        course,
    )


@asynccontextmanager
async def listed(
    tmp_path: Path, engine: RecordedEngine, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[int], MlflowTui, ExperimentsScreen]]:
    app = MlflowTui(engine, settings_in(tmp_path), tracking_uri="sqlite:///shop.db")
    async with app.run_test(size=size, notifications=True) as pilot:
        await first_screen(pilot)
        await workers_done(app)
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, ExperimentsScreen)
        await workers_done(app)
        await pilot.pause()
        yield pilot, app, screen


def text(app: MlflowTui) -> str:
    return "\n".join(line.rstrip() for line in drawn(app))


@SIZES
async def test_list_and_preview(
    tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    records = [
        trace(model(), start_ms=NOON, number=1),
        trace(model(), start_ms=NOON, number=2, state="ERROR"),
    ]
    engine = Figured(tmp_path, records)
    engine.experiments = (
        Experiment(
            "7", "shop support", NOON, {"team": "shop", "mlflow.note.content": "Helps with orders."}
        ),
        Experiment("123456789012345678", "a name that is longer than the column can be " * 2, NOON),
        Experiment("0", "Default", NOON),
    )
    Review(review_path(tmp_path / "reviews", "sqlite:///shop.db", "7"), "ana").decide(
        FINDING, Decision.ACCEPTED
    )
    async with listed(tmp_path, engine, size) as (pilot, app, screen):
        screen._reviewed = {"7": NOON}  # its real time is now
        screen.show_matching()
        screen._look_into()
        await workers_done(app)
        await pilot.pause()
        await pilot.pause()  # a scrollbar that is needed now takes a layout of its own
        assert text(app) == snapshot


async def test_what_is_seen_is_asked_for_first_then_the_rest(tmp_path: Path) -> None:
    engine = Figured(tmp_path)
    engine.experiments = MANY
    async with listed(tmp_path, engine, (80, 24)) as (_, app, screen):
        seen = screen.listing.seen
        assert engine.batches[0] == tuple(seen)
        assert len(seen) < 60
        assert sorted(sum(engine.batches, ())) == sorted(each.experiment_id for each in MANY)
        assert set(app.state.figures) == {each.experiment_id for each in MANY}


async def test_a_store_where_figures_are_dear_is_asked_for_what_is_seen_only(
    tmp_path: Path,
) -> None:
    engine = Figured(tmp_path)
    engine.experiments, engine.store = MANY, "MLflow server"
    async with listed(tmp_path, engine, (80, 24)) as (pilot, app, screen):
        seen = set(screen.listing.seen)
        assert set(app.state.figures) == seen
        assert max(map(len, engine.batches)) == 5
        await pilot.press("G")
        await pilot.pause(0.4)  # longer than the cursor must rest
        await workers_done(app)
        assert set(app.state.figures) == seen | set(screen.listing.seen)
        assert len(app.state.figures) < len(MANY) / 2
        await pilot.press(*[">"] * 5)  # the order stands on all of them
        await workers_done(app)
        assert len(app.state.figures) == len(MANY)


async def test_keys_are_answered_while_figures_are_on_their_way(tmp_path: Path) -> None:
    class Slow(Figured):
        async def ask(self, request: protocol.Request) -> Any:
            if isinstance(request, protocol.FetchFigures):
                await asyncio.Event().wait()
            return await super().ask(request)

    engine = Slow(tmp_path)
    engine.experiments = MANY
    app = MlflowTui(engine, settings_in(tmp_path), tracking_uri="sqlite:///shop.db")
    async with app.run_test(size=(80, 24)) as pilot:
        await first_screen(pilot)
        while not isinstance(app.screen, ExperimentsScreen) or not app.screen.listing.line_count:
            await pilot.pause()
        await pilot.press("j", "j")
        assert app.screen.listing.cursor == 2
        await pilot.pause()
        assert "service 3  " in text(app)


async def test_sorting_by_a_column_and_the_other_way_round(tmp_path: Path) -> None:
    engine = Figured(tmp_path)
    engine.experiments = MANY
    async with listed(tmp_path, engine) as (pilot, app, screen):
        await pilot.press(">", ">", ">")
        await workers_done(app)
        await pilot.pause()
        assert screen.listing.chosen == MANY[-1]
        assert "traces↓" in text(app)
        await pilot.press("I")
        await pilot.pause()
        assert screen.listing.chosen == MANY[0]
        assert "by traces" in text(app)
        await pilot.press("<", "<")
        await pilot.pause()
        assert screen.listing.chosen is not None
        assert screen.listing.chosen.name == "service 1"


async def test_the_cursor_stays_on_its_experiment_when_figures_come(tmp_path: Path) -> None:
    engine = Figured(tmp_path)
    engine.experiments = MANY
    async with listed(tmp_path, engine) as (pilot, app, screen):
        await pilot.press(">", ">", ">", "j", "j", "j")
        chosen = screen.listing.chosen
        screen._figures_due = {each.experiment_id for each in MANY}
        screen._fill()
        await workers_done(app)
        await pilot.pause()
        assert screen.listing.chosen == chosen


async def test_figures_that_cannot_be_read_are_told_and_the_list_stays(tmp_path: Path) -> None:
    engine = Figured(tmp_path)
    engine.experiments = MANY
    engine.problems[protocol.FetchFigures] = Problem("The store went away.")
    async with listed(tmp_path, engine) as (pilot, app, _):
        assert "figures: The store went away. R tries again" in text(app)
        assert "service 2" in text(app)
        engine.problems.clear()
        await pilot.press("R")
        await workers_done(app)
        await pilot.pause()
        assert "went away" not in text(app)


async def test_a_refresh_keeps_what_was_known_until_it_is_known_anew(tmp_path: Path) -> None:
    engine = Figured(tmp_path, [trace(model(), number=1)])
    async with listed(tmp_path, engine) as (pilot, app, screen):
        await pilot.pause(0.4)  # longer than the cursor must rest
        await workers_done(app)
        assert "Data check" in text(app)
        engine.problems[protocol.ListExperiments] = Problem("The store went away.")
        await pilot.press("R")
        await workers_done(app)
        await pilot.pause()
        assert "The list is from before." in text(app)
        assert "Data check" in text(app)
        assert screen.listing.line_count == 1


async def test_hostile_names_and_tags_are_shown_and_never_obeyed(tmp_path: Path) -> None:
    engine = Figured(tmp_path, [trace(model(), number=1)])
    engine.experiments = (Experiment("1", TEXT, NOON, {TEXT: TEXT, "mlflow.note.content": TEXT}),)
    async with listed(tmp_path, engine) as (pilot, app, _):
        await pilot.pause(0.4)
        assert_harmless(app)


# ---- rows -----------------------------------------------------------------------------------


def row(number: int, **known: Any) -> ExperimentRow:
    return ExperimentRow(MANY[number], **known)


def test_rows_without_a_value_stand_last_whichever_way() -> None:
    rows = [row(0), row(1, figures=figures(2, "2")), row(2, figures=figures(9, "3"))]
    down = in_order(rows, Sort.TRACES, descending=True)
    up = in_order(rows, Sort.TRACES, descending=False)
    assert [each.experiment.experiment_id for each in down] == ["3", "2", "1"]
    assert [each.experiment.experiment_id for each in up] == ["2", "3", "1"]


def test_an_experiment_without_traces_has_no_failure_rate() -> None:
    empty = row(0, figures=ExperimentFigures("1", 0, True, 0, 0, None, None, None, ()))
    whole = row(1, figures=figures(4, "2"))
    assert empty.failure_rate is None
    assert whole.failure_rate == 0.0
    assert in_order([empty, whole], Sort.FAILED, descending=True) == [whole, empty]


def test_ids_are_sorted_as_numbers() -> None:
    rows = [row(99), row(8), row(1)]
    found = in_order(rows, Sort.ID, descending=False)
    assert [each.experiment.experiment_id for each in found] == ["2", "9", "100"]


@pytest.mark.parametrize("sort", list(Sort))
def test_every_column_sorts(sort: Sort) -> None:
    rows = [row(n, figures=figures(n + 4, str(n)), reviewed_ms=n) for n in (3, 1, 2)]
    assert in_order(rows, sort, True) == in_order(rows, sort, False)[::-1]


def test_tags_are_found_but_mlflows_own_are_not() -> None:
    tagged = Experiment("1", "alpha", None, {"team": "payments", "mlflow.kind": "payments-kind"})
    named = Experiment("2", "payments gateway")
    assert matching([tagged, named], "payments") == [named, tagged]
    assert matching([tagged], "kind") == []
    assert shown_tags(tagged.tags) == ["team=payments"]


@pytest.mark.parametrize("width", range(20, 200, 12))
def test_columns_fit_and_leave_room_for_the_name(width: int) -> None:
    used = 3 + sum(column.width + 2 for column in columns_for(width))
    assert used == 3 or width - used >= NAME_AT_LEAST


@pytest.mark.parametrize(
    ("ms", "shown"), [(NOON, "06-01 00:00"), (NOON - 365 * 86_400_000, "2025-06-01"), (None, "–")]
)
def test_days_of_other_years_show_the_year(ms: int | None, shown: str) -> None:
    assert lately(ms, NOON / 1000) == shown


def test_the_last_decision_is_told_and_a_torn_line_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    review = Review(path, "ana")
    review.decide(FINDING, Decision.ACCEPTED)
    decided = review.ruling(FINDING.fingerprint).decided_ms
    with path.open("ab") as journal:
        journal.write(b'{"entry_id": "torn')
    assert last_decision_ms(path) == decided
    path.write_text("")
    assert last_decision_ms(path) is None

"""From the report screen to MLflow and back, on a real engine process and real stores."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from board_app import open_board, screen_text, settle
from test_flow import running, until
from textual.pilot import Pilot

from mlflow_analysis.review import Decision
from mlflow_analysis.tracking.environment import load_mlflow
from mlflow_tui.application import MlflowTui
from mlflow_tui.screens.board import BoardScreen
from mlflow_tui.screens.plan_dialogs import ListDialog, ProgressDialog
from mlflow_tui.screens.purpose import PurposeScreen
from mlflow_tui.screens.report import ReportScreen
from mlflow_tui.screens.traces import TracesScreen
from orders import EXPERIMENT


def listed(app: MlflowTui) -> str:
    """The lines of the dialog that is open, unwrapped; "" if it is another."""
    return " | ".join(app.screen._lines) if isinstance(app.screen, ListDialog) else ""


class Kept:
    """What MLflow itself says is in the store."""

    def __init__(self, uri: str) -> None:
        self.client: Any = load_mlflow().MlflowClient(tracking_uri=uri)
        self.experiment = self.client.get_experiment_by_name(EXPERIMENT).experiment_id

    def issues(self) -> dict[str, Any]:
        found = self.client._tracing_client.store.search_issues(
            experiment_id=self.experiment, include_trace_count=True
        )
        assert len({each.name for each in found}) == len(found), "an issue stands there twice"
        return {each.name: each for each in found}

    def files(self) -> set[str]:
        (run,) = self.client.search_runs([self.experiment])
        return {each.path for each in self.client.list_artifacts(run.info.run_id)}


async def to_reviewed_report(pilot: Pilot[int], app: MlflowTui) -> str:
    """Analyse, accept the confirmed issue about refused calls, go to the report; gives its title."""
    await until(pilot, lambda: isinstance(app.screen, TracesScreen))
    await pilot.press("4")
    await until(pilot, lambda: isinstance(app.screen, PurposeScreen))
    await pilot.press("s")
    await until(pilot, lambda: isinstance(app.screen, BoardScreen) and app.state.board.analysis)
    await until(pilot, lambda: not app.state.analysing)
    analysis, review = app.state.board.analysis, app.state.review
    assert analysis is not None and review is not None
    found = next(each for each in analysis.findings if each.hypothesis == "rate-limited")
    review.decide(found, Decision.ACCEPTED)
    await pilot.press("5")
    await until(pilot, lambda: isinstance(app.screen, ReportScreen))
    return found.title


async def test_what_was_accepted_is_listed_filed_once_and_taken_back(
    tmp_path: Path, orders_uri: str
) -> None:
    kept = Kept(orders_uri)
    async with running(tmp_path, tracking_uri=orders_uri, experiment=EXPERIMENT) as (pilot, app):
        title = await to_reviewed_report(pilot, app)
        await pilot.press("M")
        await until(pilot, lambda: isinstance(app.screen, ListDialog))
        text = screen_text(app)
        assert "a new run: write report.md and analysis.json" in text
        assert f"{title}: create the issue, link 16 traces" in text
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ReportScreen))
        assert kept.issues() == {}, "only y writes"

        await pilot.press("M")
        await until(pilot, lambda: isinstance(app.screen, ListDialog))
        await pilot.press("y")
        await until(pilot, lambda: "Filed in MLflow" in screen_text(app))
        text = listed(app)
        assert "1 issue created" in text
        assert "U takes all of it back" in text
        assert (f"{orders_uri}/#/experiments/" in text) == orders_uri.startswith("http")
        (issue,) = kept.issues().values()
        assert (issue.name, issue.status.value, issue.trace_count) == (title, "pending", 16)
        assert kept.files() == {"report.md", "analysis.json"}

        await pilot.press("escape", "M")
        await until(pilot, lambda: "1 more as the store holds them already" in screen_text(app))
        await pilot.press("escape", "U")
        await until(pilot, lambda: "Take back from" in screen_text(app))
        text = screen_text(app)
        assert f"{title}: reject the issue (MLflow deletes none)" in text
        assert "delete 16 links and assessments of 16 traces" in text
        await pilot.press("y")
        await until(pilot, lambda: "1 issue rejected" in listed(app))
        (issue,) = kept.issues().values()
        assert (issue.status.value, issue.trace_count) == ("rejected", 0)

        await pilot.press("escape", "U")
        await until(pilot, lambda: app._notifications)
        assert any("wrote nothing to" in each.message for each in app._notifications)


async def test_it_can_be_stopped_between_two_writes_and_gone_on_with(
    tmp_path: Path, orders_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"sqlite:///{orders_store}"
    kept = Kept(uri)
    stopped: list[int] = []
    show = ProgressDialog.progress

    def stop_early(dialog: ProgressDialog, done: int, everything: int) -> None:
        show(dialog, done, everything)
        if not stopped:
            dialog.action_stop()
        stopped.append(done)

    monkeypatch.setattr(ProgressDialog, "progress", stop_early)
    monkeypatch.setattr("mlflow_tui.client.FLUSH_SECONDS", 0.0)
    async with running(tmp_path, tracking_uri=uri, experiment=EXPERIMENT) as (pilot, app):
        title = await to_reviewed_report(pilot, app)
        await pilot.press("M")
        await until(pilot, lambda: isinstance(app.screen, ListDialog))
        await pilot.press("y")
        await until(pilot, lambda: "M goes on from there" in listed(app))
        assert stopped
        await pilot.press("escape", "M")
        await until(pilot, lambda: isinstance(app.screen, ListDialog))
        await pilot.press("y")
        await until(pilot, lambda: "Written to" in screen_text(app))
    (issue,) = kept.issues().values()
    assert (issue.name, issue.trace_count) == (title, 16)


async def test_a_store_that_may_only_be_read_says_so(tmp_path: Path, orders_store: Path) -> None:
    with closing(
        sqlite3.connect(orders_store)
    ) as file:  # as SQLite says it of a file without the right
        file.execute(
            "CREATE TRIGGER only_read BEFORE INSERT ON runs BEGIN "
            "SELECT RAISE(ABORT, 'attempt to write a readonly database'); END"
        )
    uri = f"sqlite:///{orders_store}"
    async with running(tmp_path, tracking_uri=uri, experiment=EXPERIMENT) as (pilot, app):
        await to_reviewed_report(pilot, app)
        await pilot.press("M")
        await until(pilot, lambda: isinstance(app.screen, ListDialog))
        await pilot.press("y")
        await until(pilot, lambda: app._notifications)
        said = " ".join(each.message for each in app._notifications)
        assert "but not write to it. Ask for the right to edit this experiment." in said
        assert isinstance(app.screen, ReportScreen)


async def test_a_long_list_scrolls_and_trace_text_in_it_is_text(tmp_path: Path) -> None:
    lines = (*(f"finding {number}: create the issue" for number in range(60)), "[red]x[/red]: last")
    async with open_board(tmp_path, size=(80, 24)) as (app, pilot, _engine):
        await pilot.press("5")
        await settle(pilot)
        app.push_screen(ListDialog("Write?", lines, yes="write"))
        await settle(pilot)
        assert "y write" in screen_text(app)
        assert "finding 0:" in screen_text(app)
        assert "[red]x[/red]: last" not in screen_text(app)
        for _ in range(8):
            await pilot.press("ctrl+d")
        await settle(pilot)
        assert "[red]x[/red]: last" in screen_text(app)

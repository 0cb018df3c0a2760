"""``B`` on the board: the judge of a real engine process, on a double of a hosted model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from board_app import board, open_board, screen_text, settle
from board_samples import finished
from chat_double import Double, Reply, double, right
from test_flow import running, until
from textual.pilot import Pilot

import orders_store
from mlflow_analysis.findings.kinds import Verdict
from mlflow_analysis.protocol import JudgeChoice
from mlflow_tui.application import MlflowTui
from mlflow_tui.screens.board import BoardScreen
from mlflow_tui.screens.plan_dialogs import ListDialog, ProgressDialog
from mlflow_tui.screens.purpose import PurposeScreen
from mlflow_tui.screens.traces import TracesScreen
from orders import EXPERIMENT

KEY = "a-key-of-no-known-form"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = orders_store.in_directory(tmp_path_factory.mktemp("judged") / "store")
    return f"sqlite:///{path}"


@contextmanager
def endpoint(answering: Any, env_file: Path) -> Iterator[Double]:
    """A model whose address and key stand in an env file alone."""
    with double(answering) as there:
        env_file.write_text(f"OPENAI_API_BASE={there.address}\nOPENAI_API_KEY={KEY}\n")
        yield there


def start(store: str, env_file: Path, budget: str = "") -> dict[str, Any]:
    return {
        "tracking_uri": store,
        "experiment": EXPERIMENT,
        "env_file": str(env_file),
        "judge": JudgeChoice("openai:/m", budget),
    }


async def to_board(pilot: Pilot[int], app: MlflowTui) -> str:
    """Analyse; the cursor on the issue about refused calls, whose fingerprint is returned."""
    await until(pilot, lambda: isinstance(app.screen, TracesScreen))
    await pilot.press("4")
    await until(pilot, lambda: isinstance(app.screen, PurposeScreen))
    await pilot.press("s")
    await until(pilot, lambda: isinstance(app.screen, BoardScreen) and app.state.board.analysis)
    await until(pilot, lambda: not app.state.analysing)
    analysis = app.state.board.analysis
    assert analysis is not None
    found = next(each for each in analysis.findings if each.hypothesis == "rate-limited")
    board(app)._list.go_to(found.fingerprint)
    await pilot.pause()
    return found.fingerprint


def listed(app: MlflowTui) -> str:
    return " | ".join(app.screen._lines) if isinstance(app.screen, ListDialog) else ""


async def test_after_its_cost_was_said_the_judge_is_asked_and_marked_as_such(
    tmp_path: Path, store: str
) -> None:
    env_file = tmp_path / "judge.env"
    with endpoint(right, env_file) as there:
        async with running(tmp_path, (120, 110), **start(store, env_file)) as (pilot, app):
            fingerprint = await to_board(pilot, app)
            before = app.state.board.card(fingerprint)
            await pilot.press("B")
            await until(pilot, lambda: listed(app))
            assert "At most 44 calls" in listed(app)
            assert "the budget of 200 calls, of which 0 calls" in listed(app)
            assert there.seen == [], "nothing is asked before the user says so"
            await pilot.press("y")
            await until(pilot, lambda: "Of 10 sampled traces" in listed(app))
            assert "The judge took 11 calls" in listed(app)
            await pilot.press("escape")
            await until(pilot, lambda: "The judge's view" in screen_text(app))
            assert "agrees with 10 of 10 decided" in screen_text(app)

            after = app.state.board.card(fingerprint)
            assert before is not None and after is not None
            assert before.finding is not None and after.finding is not None
            assert after.finding.verdict is before.finding.verdict is Verdict.CONFIRMED
            assert after.finding.interval == before.finding.interval
            assert {headers["Authorization"] for _, headers, _ in there.seen} == {f"Bearer {KEY}"}
            sent = Path(after.transcript).read_text()
            assert KEY not in sent
            assert len([line for line in sent.splitlines() if "sent" in json.loads(line)]) == 11

            calls = len(there.seen)
            await pilot.press("B")
            await until(pilot, lambda: "of which 11 calls" in listed(app))
            await pilot.press("y")
            await until(pilot, lambda: "11 more answers were kept" in listed(app))
            assert len(there.seen) == calls, "what was answered before costs nothing"


async def test_a_spent_budget_and_garbage_are_told_and_cost_no_finding(
    tmp_path: Path, store: str
) -> None:
    env_file = tmp_path / "judge.env"
    with endpoint(lambda _: Reply("I would rather not."), env_file) as there:
        async with running(tmp_path, **start(store, env_file, "5 calls")) as (pilot, app):
            fingerprint = await to_board(pilot, app)
            await pilot.press("B")
            await until(pilot, lambda: listed(app))
            assert "At most 5 calls" in listed(app)
            await pilot.press("y")
            await until(pilot, lambda: "Not done by the judge" in listed(app))
            assert "another form than asked" in listed(app)
            assert "the budget of 5 calls was spent" in listed(app)
            assert len(there.seen) == 5
            card = app.state.board.card(fingerprint)
            assert card is not None and card.finding is not None
            assert card.finding.judge is None
            assert card.finding.verdict is Verdict.CONFIRMED


async def test_a_silent_judge_can_be_stopped(tmp_path: Path, store: str) -> None:
    env_file = tmp_path / "judge.env"

    def silent_after_one(body: dict[str, Any]) -> Reply:
        return (
            right(body)
            if len(there.seen) == 1
            else Reply(status=429, headers={"Retry-After": "60"})
        )

    with endpoint(silent_after_one, env_file) as there:
        async with running(tmp_path, **start(store, env_file)) as (pilot, app):
            await to_board(pilot, app)
            await pilot.press("B")
            await until(pilot, lambda: listed(app))
            await pilot.press("y")
            await until(
                pilot, lambda: isinstance(app.screen, ProgressDialog) and len(there.seen) > 3
            )
            await pilot.press("escape")
            await until(pilot, lambda: "the user stopped it" in listed(app))


async def test_without_a_model_it_says_how_to_name_one(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, engine):
        await pilot.press("B")
        await settle(pilot)
        assert any("Start with --judge MODEL_URI" in each.message for each in app._notifications)
        assert not any("Judg" in type(each).__name__ for each in engine.asked)


async def test_a_sentence_of_ones_own_is_decided_on_by_the_judge(
    tmp_path: Path, store: str
) -> None:
    env_file = tmp_path / "judge.env"
    with endpoint(right, env_file) as there:
        async with running(tmp_path, **start(store, env_file)) as (pilot, app):
            await to_board(pilot, app)
            await pilot.press("plus")
            await pilot.pause()
            await pilot.press(*"judge: calls are refused", "enter")
            await until(
                pilot,
                lambda: any(
                    card.finding is not None and card.title == "By the judge: calls are refused"
                    for group in app.state.board.groups()
                    for card in group.cards
                ),
            )
            analysis = app.state.board.analysis
            assert analysis is not None and analysis.judge is not None
            own = next(each for each in analysis.findings if each.hypothesis.startswith("own-"))
            assert (own.affected, own.eligible) == (16, 80)
            assert len(there.seen) == 80

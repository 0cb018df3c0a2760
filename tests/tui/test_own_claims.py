"""Claims of one's own on the board, and what is said in the purpose step: asked, kept, taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from board_app import (
    CONNECTION,
    EXPERIMENT,
    board,
    go_to_board,
    make_app,
    open_board,
    screen_text,
    settle,
)
from board_samples import finished, half_way
from hostile import TEXT, assert_harmless
from textual.pilot import Pilot
from textual.widgets import Input

from mlflow_analysis.brief.charter import Charter, charter_path, read_charter, write_charter
from mlflow_analysis.brief.focus import Focus, parse
from mlflow_analysis.findings.kinds import Category
from mlflow_analysis.protocol import (
    AskFocuses,
    CheckFilter,
    ConfirmPurpose,
    Problem,
    StartAnalysis,
)
from mlflow_tui.application import MlflowTui
from mlflow_tui.client import EngineProblem
from mlflow_tui.screens.claim import ClaimDialog
from mlflow_tui.screens.purpose import PurposeScreen
from mlflow_tui.widgets.board_list import BoardList


def kept(directory: Path) -> Charter:
    uri = CONNECTION.tracking_uri
    return read_charter(charter_path(directory / "reviews", uri, EXPERIMENT.experiment_id))


def yours(app: MlflowTui) -> list[str]:
    return [
        card.title
        for group in app.state.board.groups()
        if group.category is Category.USER
        for card in group.cards
    ]


async def write_claim(pilot: Pilot[int], *fields: str) -> None:
    """Fill the dialog's fields from the top, and ask."""
    for number, text in enumerate(fields):
        if number:
            await pilot.press("tab")
        field = pilot.app.screen.focused
        assert isinstance(field, Input)
        field.value = text
    await pilot.press("enter")
    await settle(pilot)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_claim_is_asked_from_the_board_and_kept(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with open_board(tmp_path, finished(), size=size) as (app, pilot, engine):
        await pilot.press("+")
        await settle(pilot)
        assert isinstance(app.screen, ClaimDialog)
        await write_claim(pilot, "refund", "request", "tags.region = 'eu'", "latency")
        claim = Focus("refund", "tags.region = 'eu'", ("request",), "latency")
        assert CheckFilter("tags.region = 'eu'") in engine.asked
        assert engine.asked[-1] == AskFocuses((claim,))
        assert kept(tmp_path).focuses == (claim,)
        assert yours(app) == [claim.claim]
        assert board(app).query_one(BoardList).cursor == f"hypothesis:own-{claim.key}"
        assert "YOURS" in screen_text(app).upper()


async def test_several_claims_are_changed_and_taken_back(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, engine):
        for text in ("refund -> latency", "weather", "weather"):
            await pilot.press("+")
            await settle(pilot)
            await write_claim(pilot, text)
        assert kept(tmp_path).focuses == (parse("refund -> latency"), parse("weather"))
        await pilot.press("E")
        await settle(pilot)
        await write_claim(pilot, "snow")
        assert kept(tmp_path).focuses == (parse("refund -> latency"), parse("snow"))
        await pilot.press("-")
        await settle(pilot)
        assert kept(tmp_path).focuses == (parse("refund -> latency"),)
        assert yours(app) == ["Slower traces with “refund”"]
        assert engine.asked[-1] == AskFocuses((parse("refund -> latency"),))


async def test_only_ones_own_claims_are_changed(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _):
        await pilot.press("E")
        await settle(pilot)
        assert board(app).check_action("remove_claim", ()) is False
        assert board(app).check_action("add_claim", ()) is True


async def test_what_is_typed_ahead_goes_to_the_dialog(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _):
        await pilot.press("+", "r", "e", "enter")
        await settle(pilot)
        assert yours(app) == ["More failures with “re”"]


async def test_a_claim_that_means_nothing_is_told_in_the_dialog(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, engine):
        await pilot.press("+")
        await settle(pilot)
        await write_claim(pilot, "refund", "moon")
        assert "is no place to look in" in screen_text(app)
        asked = engine.ask

        async def refuse(request: object) -> object:
            if isinstance(request, CheckFilter):
                raise EngineProblem(
                    Problem("MLflow does not accept this filter: foo", "Try another.")
                )
            return await asked(request)  # type: ignore[arg-type]

        engine.ask = refuse  # type: ignore[assignment, method-assign]
        await write_claim(pilot, "", "foo")
        assert isinstance(app.screen, ClaimDialog)
        assert "does not accept this filter: foo Try another." in " ".join(screen_text(app).split())
        await pilot.press("escape")
        await settle(pilot)
        assert kept(tmp_path) == Charter()


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_hostile_claims_are_only_text(tmp_path: Path, size: tuple[int, int]) -> None:
    async with open_board(tmp_path, finished(), size=size) as (app, pilot, _):
        await pilot.press("+")
        await settle(pilot)
        await write_claim(pilot, TEXT, "", "", "")
        await settle(pilot)
        assert_harmless(app)
        await pilot.press("E")
        await settle(pilot)
        assert_harmless(app)


async def test_a_worry_is_marked_and_tested(tmp_path: Path) -> None:
    async with open_board(tmp_path, half_way(), asks_purpose=True) as (app, pilot, engine):
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press(*"refund -> latency", "enter")
        await settle(pilot)
        assert app.state.board.focus == "refund -> latency"
        assert AskFocuses((parse("refund -> latency"),)) in engine.asked
        assert yours(app) == ["Slower traces with “refund”"]
        assert kept(tmp_path).focuses == (parse("refund -> latency"),)


async def test_tools_and_topics_are_unticked_and_named(tmp_path: Path) -> None:
    async with open_board(tmp_path, half_way(), asks_purpose=True) as (app, pilot, engine):
        screen = app.screen
        assert isinstance(screen, PurposeScreen)
        purpose = app.state.board.purpose
        assert purpose is not None
        names = [tool.name for tool in (*purpose.data_sources, *purpose.tools)]
        await pilot.press("space")
        assert "not its tool" in screen_text(app)
        await pilot.press("t", *"send_mail", "enter")
        await settle(pilot)
        await pilot.press("o", *"weather", "enter")
        await settle(pilot)
        while screen.query_one("PurposeView").item.name not in purpose.patterns[0].label:  # type: ignore[attr-defined]
            await pilot.press("k")
        await pilot.press("space")
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        said = next(each for each in engine.asked if isinstance(each, ConfirmPurpose)).purpose
        assert said.declared_tools is not None
        assert names[0] not in said.declared_tools
        assert set(names[1:]) - {names[0]} <= set(said.declared_tools)
        assert "send_mail" in said.declared_tools
        assert said.out_of_scope == ("weather", purpose.patterns[0].label)
        charter = kept(tmp_path)
        assert charter.tools == said.declared_tools
        assert charter.out_of_scope == said.out_of_scope


async def test_confirming_without_a_tick_declares_no_tools(tmp_path: Path) -> None:
    async with open_board(tmp_path, half_way(), asks_purpose=True) as (_, pilot, engine):
        await pilot.press("enter", "enter")
        await settle(pilot)
        said = next(each for each in engine.asked if isinstance(each, ConfirmPurpose)).purpose
        assert said.declared_tools is None
        assert kept(tmp_path).description


async def test_what_was_said_before_holds_in_a_new_session_and_is_not_asked_again(
    tmp_path: Path,
) -> None:
    said = Charter("Sells shoes.", ("search_orders",), ("weather",), (parse("refund"),))
    path = charter_path(tmp_path / "reviews", CONNECTION.tracking_uri, EXPERIMENT.experiment_id)
    write_charter(path, said)
    app, engine = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await go_to_board(app, pilot, engine, half_way(), asks_purpose=True)
        assert board(app), "no question comes before it"
        (start,) = [each for each in engine.asked if isinstance(each, StartAnalysis)]
        assert start.purpose == said.purpose
        assert start.focus == said.focuses
        purpose = app.state.board.purpose
        assert purpose is not None
        assert purpose.description == "Sells shoes."
        assert purpose.tools, "the figures are those of the new draft"
        await pilot.press("p")
        await settle(pilot)
        assert isinstance(app.screen, PurposeScreen)
        assert "Sells shoes." in screen_text(app)


async def test_a_damaged_file_is_told_and_costs_nothing_else(tmp_path: Path) -> None:
    path = charter_path(tmp_path / "reviews", CONNECTION.tracking_uri, EXPERIMENT.experiment_id)
    path.parent.mkdir(parents=True)
    path.write_text("{")
    async with open_board(tmp_path, finished()) as (app, _, _engine):
        assert "is not JSON" in " ".join(
            notification.message for notification in app._notifications
        )
        assert app.state.charter == Charter()

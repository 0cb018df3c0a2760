"""Everything can be done from the keyboard, and where the focus is can be seen with few colours or none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from board_app import go_to_board, make_app, preview_written, settle
from board_samples import finished, half_way
from recorded_engine import RecordedEngine
from test_without_colour import Shown, without_colour
from textual.actions import parse
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, TextArea
from traces_on_screen import settled, traces_screen

import stores
from mlflow_tui.actions import (
    ACTIONS,
    BOARD,
    COMPARE,
    EVERYWHERE,
    PURPOSE,
    REPORT,
    TRACES,
    Action,
    actions_for,
)
from mlflow_tui.actions.needs import NEEDS
from mlflow_tui.application import MlflowTui
from mlflow_tui.modes import MODES
from mlflow_tui.screens import traces
from mlflow_tui.screens.compare import CompareScreen
from mlflow_tui.screens.purpose import PurposeScreen
from mlflow_tui.terminal.pacing import PLAIN_THEME

PLACES = sorted({place for action in ACTIONS for place in action.where})
EACH = [(place, action) for place in PLACES for action in ACTIONS if place in action.where]


def owner(place: str) -> type[MlflowTui] | type[Screen[object]]:
    """What has the bindings of ``place``."""
    if place == EVERYWHERE:
        return MlflowTui
    if place in (PURPOSE, COMPARE):
        return {PURPOSE: PurposeScreen, COMPARE: CompareScreen}[place]
    made = MODES[place]
    assert callable(made)
    return type(made())


# ---- the keyboard ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "action"), EACH, ids=[f"{place}.{action.name}" for place, action in EACH]
)
async def test_every_action_has_a_key_that_leads_to_it(place: str, action: Action) -> None:
    target = owner(place)
    bound = {
        key.strip(): binding.action  # type: ignore[union-attr]
        for binding in target.BINDINGS
        for key in binding.key.split(",")  # type: ignore[union-attr]
    }
    for key in action.keys.split(","):
        assert bound[key] == (action.call or action.id)
    _, name, _ = parse(action.call or action.id)
    assert hasattr(target, f"action_{name}") or hasattr(MlflowTui, f"action_{name}")


@asynccontextmanager
async def shown(place: str, tmp_path: Path) -> AsyncIterator[Pilot[int]]:
    """The screen of ``place`` with something on it."""
    if place in (TRACES, COMPARE):
        engine = RecordedEngine(tmp_path, stores.small_traces())
        async with traces_screen(engine, tmp_path) as (pilot, _):
            for key in ("space", "j", "j", "D") if place == COMPARE else ():
                await pilot.press(key)
                await settled(pilot)
            assert isinstance(pilot.app.screen, CompareScreen) == (place == COMPARE)
            yield pilot
        return
    app, engine = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        events = half_way() if place == PURPOSE else finished()
        await go_to_board(app, pilot, engine, events, asks_purpose=place == PURPOSE)
        if place == REPORT:
            await pilot.press("5")
            await preview_written(app, pilot)
        yield pilot


@pytest.mark.parametrize("place", [TRACES, COMPARE, PURPOSE, BOARD, REPORT])
async def test_what_does_not_apply_yet_says_what_it_needs(tmp_path: Path, place: str) -> None:
    """Nothing is hidden for no reason: whoever reads the help learns how to come to it."""
    async with shown(place, tmp_path) as pilot:
        app = pilot.app
        assert isinstance(app, MlflowTui)
        hidden = {
            action.name: action.needs or NEEDS.get(at, {}).get(action.name, "")
            for action in actions_for(place)
            for at in [place if place in action.where else EVERYWHERE]
            if not app._applies(action, at)
        }
        assert all(hidden.values()), hidden
        assert len(hidden) < len(actions_for(place)) / 2


SAME_WAY = (
    ("g", "j", "down"), ("g", "ctrl+d", "pagedown"), ("g", "G", "end"),
    ("G", "k", "up"), ("G", "ctrl+u", "pageup"), ("G", "g", "home"),
)  # fmt: skip
"""From where, by letter, by arrow."""


@pytest.mark.parametrize("place", [TRACES, COMPARE, PURPOSE, BOARD, REPORT])
async def test_arrows_lead_where_letters_do_whatever_has_the_focus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """A widget of Textual's that scrolls has keys of its own, which would go first."""
    # where the cursor rests is all that is compared: no other trace is opened meanwhile
    monkeypatch.setattr(traces, "SETTLE_SECONDS", 3600)
    bound = {key for action in actions_for(place) for key in action.keys.split(",")}
    # without keys for first and last, so many steps lead there
    far = {"g": ["g"], "G": ["G"]} if "g" in bound else {"g": ["k"] * 20, "G": ["j"] * 20}
    async with shown(place, tmp_path) as pilot:
        for widget in pilot.app.screen.focus_chain:
            if isinstance(widget, Input | TextArea):
                continue
            widget.focus()
            for start, letter, arrow in SAME_WAY:
                seen = []
                for key in (letter, arrow) if letter in bound else ():
                    await pilot.press(*far[start])
                    await settle(pilot)
                    await pilot.press(key)
                    await settle(pilot)
                    seen.append(without_colour(pilot))
                assert seen[:1] == seen[1:], f"{arrow} from {start} on {widget!r}"


# ---- the focus ------------------------------------------------------------------------------


async def looks_of_the_focus(pilot: Pilot[int]) -> list[tuple[str, Shown]]:
    """What is on the screen, colours left out, with each widget focused in turn."""
    seen: list[tuple[str, Shown]] = []
    for widget in pilot.app.screen.focus_chain:
        widget.focus()
        await settle(pilot)
        seen.append((repr(widget), without_colour(pilot)[1:-1]))  # header and footer aside
    return seen


@pytest.mark.parametrize("place", [TRACES, COMPARE, PURPOSE, BOARD, REPORT])
@pytest.mark.parametrize("no_colour", [False, True], ids=["16-colours", "no-colour"])
async def test_the_focus_can_be_told_without_its_colour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, no_colour: bool
) -> None:
    monkeypatch.setenv("TEXTUAL_THEME", PLAIN_THEME)
    if no_colour:
        monkeypatch.setenv("NO_COLOR", "1")
    async with shown(place, tmp_path) as pilot:
        pilot.app.theme = PLAIN_THEME
        await settle(pilot)
        seen = await looks_of_the_focus(pilot)
        assert seen
        for number, (one, look) in enumerate(seen):
            for other, also in seen[number + 1 :]:
                assert look != also, f"{one} and {other} look alike when focused"

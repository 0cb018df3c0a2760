"""What board, purpose and report look like, as pictures: look at the difference before updating.

pytest tests/tui/test_board_snapshots.py --snapshot-update
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from board_app import go_to_board, make_app, preview_written, settle
from board_samples import finished, half_way
from textual.pilot import Pilot

from mlflow_analysis.events import Event

WIDE, NARROW = (120, 40), (80, 24)
Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def _always_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same reviewer, terminal and colours on every machine."""
    monkeypatch.setenv("LOGNAME", "ann")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")


def picture(
    compare: Compare,
    directory: Path,
    size: tuple[int, int],
    events: list[Event],
    *keys: str,
    asks_purpose: bool = False,
) -> bool:
    app, engine = make_app(directory)

    async def before(pilot: Pilot[Any]) -> None:
        await go_to_board(app, pilot, engine, events, asks_purpose=asks_purpose)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        await preview_written(app, pilot)
        await pilot.pause(0.2)  # the detail is drawn when the cursor has rested

    return compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_board_while_reading(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    assert picture(snap_compare, tmp_path, size, half_way())


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_board_under_review(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    assert picture(snap_compare, tmp_path, size, finished(), "a", "j", "r", "2", "j", "space", "k")


def test_detail_in_a_narrow_terminal(snap_compare: Compare, tmp_path: Path) -> None:
    assert picture(snap_compare, tmp_path, NARROW, finished(), "enter")


def test_purpose(snap_compare: Compare, tmp_path: Path) -> None:
    assert picture(snap_compare, tmp_path, NARROW, half_way(), "enter", asks_purpose=True)


def test_report(snap_compare: Compare, tmp_path: Path) -> None:
    assert picture(snap_compare, tmp_path, WIDE, finished(), "a", "5", "ctrl+d")

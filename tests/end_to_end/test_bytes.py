"""How many bytes a key costs on the line to a terminal of 120 by 40; the purpose screen, left alone, costs none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pseudo_terminal import Terminal

from demo_stores import demo_store

pytestmark = pytest.mark.terminal

TRACES = 240
DOWN, UP, PAGE_DOWN, PAGE_UP, TOP = "j", "k", "\x04", "\x15", "g"
MOVE_BYTES, PAGE_BYTES = 2_000, 20_000


@pytest.fixture(scope="module")
def purpose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Before the purpose of a small sample store's application."""
    directory = tmp_path_factory.mktemp("bytes")
    store = demo_store(TRACES)
    terminal = Terminal(
        "--tracking-uri", store.tracking_uri, "--experiment", store.experiment_name, cwd=directory
    )
    try:
        terminal.wait_for(f"{TRACES} traces")
        terminal.press("4")
        terminal.wait_for("confirm")
        yield terminal
    finally:
        terminal.close()


@pytest.fixture(scope="module")
def silent_purpose(purpose: Terminal) -> int:
    """Bytes drawn on the purpose screen while nobody presses a key."""
    return silence(purpose)


@pytest.fixture(scope="module")
def analysed(purpose: Terminal, silent_purpose: int) -> Terminal:
    """The same program with the analysis on its board."""
    purpose.press("s")
    purpose.wait_for(f"{TRACES} traces read", "to decide")
    purpose.drawn_within(2.0)
    return purpose


def on_screen(terminal: Terminal, key: str, shown: str) -> Terminal:
    terminal.press(key)
    terminal.wait_for(shown)
    terminal.drawn_within(2.0)
    return terminal


def silence(terminal: Terminal) -> int:
    """Bytes that come once what was begun has ended."""
    terminal.drawn_within(2.0)
    return terminal.drawn_within(3.0)


def cost(terminal: Terminal, key: str) -> int:
    """Bytes drawn for a key, with what follows once the cursor rests: the trace or finding under it."""
    terminal.press(key)
    return terminal.drawn_within(1.0)


def cost_of_move(terminal: Terminal, key: str) -> int:
    """Bytes drawn until the cursor is on another row."""
    before, place = len(terminal.received), cursor(terminal)
    terminal.press(key)
    terminal.wait_until(lambda: cursor(terminal) not in ([], place), "the cursor did not move")
    size = len(terminal.received) - before
    terminal.drawn_within(1.0)
    return size


def cursor(terminal: Terminal) -> list[int]:
    """The lines that it stands on."""
    return [number for number, line in enumerate(terminal.lines) if line.startswith("▌")]


SCREENS = {"traces": ("3", "newest first"), "board": ("4", "to decide")}


@pytest.mark.parametrize("screen", SCREENS)
def test_a_move_of_the_cursor_costs_two_kilobytes_on_average_at_most(
    analysed: Terminal, screen: str
) -> None:
    terminal = on_screen(analysed, *SCREENS[screen])
    cost(terminal, TOP)
    sizes = [cost_of_move(terminal, key) for key in [DOWN] * 5 + [UP] * 5]
    assert 0 < sum(sizes) / len(sizes) <= MOVE_BYTES, sizes


def test_a_page_of_the_board_costs_twenty_kilobytes_at_most(analysed: Terminal) -> None:
    terminal = on_screen(analysed, *SCREENS["board"])
    cost(terminal, TOP)
    sizes = [cost(terminal, key) for key in (PAGE_DOWN, PAGE_DOWN, PAGE_UP, PAGE_UP)]
    assert 0 < max(sizes) <= PAGE_BYTES, sizes


def test_nothing_is_sent_while_the_purpose_is_looked_at(silent_purpose: int) -> None:
    assert silent_purpose == 0

"""Random keys in a real pseudo-terminal: whatever was pressed, the terminal is given back as it was."""

from __future__ import annotations

import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from pseudo_terminal import Terminal
from random_keys import sequence
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.keys import key_to_character

from demo_stores import copy_demo_store
from mlflow_analysis.demo.store import DemoStore

pytestmark = pytest.mark.terminal

TRACES = 120
SEEDS = (1000, 1001, 1002)
MOST_TRIES = 12
GIVEN_BACK = {
    "the alternate screen is left": b"\x1b[?1049l",
    "the cursor is shown": b"\x1b[?25h",
    "pasted text comes as typed": b"\x1b[?2004l",
    "the mouse is let go": b"\x1b[?1000l",
}
USUAL = termios.ICANON | termios.ECHO | termios.ISIG
_SENT = {
    keys[0].value: sent
    for sent, keys in reversed(ANSI_SEQUENCES_KEYS.items())
    if isinstance(keys, tuple) and len(keys) == 1
}


def as_sent(key: str) -> str:
    """What a terminal sends for a key of Textual's name."""
    if len(key) == 1:
        return key
    return _SENT.get(key) or key_to_character(key) or ""


@pytest.fixture
def store(tmp_path: Path) -> DemoStore:
    """A sample store of this test's own: some keys write into it."""
    return copy_demo_store(TRACES, tmp_path / "demo")


@pytest.fixture
def terminal(store: DemoStore, tmp_path: Path) -> Iterator[Terminal]:
    (tmp_path / "here").mkdir()
    program = Terminal(
        *("--tracking-uri", store.tracking_uri, "--experiment", store.experiment_name, "--mouse"),
        cwd=tmp_path / "here",
        environment={"PAGER": "true", "VISUAL": "true", "EDITOR": "true"},
    )
    yield program
    program.close()


def leave(terminal: Terminal) -> int:
    """Out of whatever is open, and out of the program; the exit code."""
    for _ in range(MOST_TRIES):
        terminal.press("\x1b")
        if terminal.has_ended_within(0.5):
            break
        terminal.press("y" if "Leave?" in terminal.text else "\x11")
        if terminal.has_ended_within(0.5):
            break
    return terminal.wait_for_end()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_terminal_is_given_back(terminal: Terminal, seed: int) -> None:
    terminal.wait_for(f"{TRACES} traces")
    assert terminal.modes() & USUAL == 0, "the program reads each key as it comes"
    pressed: list[str] = []
    try:
        for key in sequence(seed):
            if terminal.has_ended_within(0.02):
                break
            pressed.append(key)
            if key.startswith("resize:"):
                terminal.resize(*map(int, key.removeprefix("resize:").split("x")))
            else:
                terminal.press(as_sent(key))
        assert leave(terminal) == 0, terminal.text
        for what, said in GIVEN_BACK.items():
            assert said in terminal.received, what
            on = said.replace(b"l", b"h") if said.endswith(b"l") else said.replace(b"h", b"l")
            assert terminal.received.rfind(said) > terminal.received.rfind(on), what
        assert terminal.modes() & USUAL == USUAL
        assert b"Traceback" not in terminal.received
    except BaseException:
        print(f"seed {seed}, after {len(pressed)} keys: {' '.join(pressed)}")
        raise

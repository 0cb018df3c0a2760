"""What goes over the line to a terminal: colours, signs, mouse, silence; and what happens when it breaks."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pseudo_terminal import PATIENCE_SECONDS, PROGRAM, Terminal

import stores
from mlflow_analysis.demo.store import DemoStore, ensure_demo_store

pytestmark = pytest.mark.terminal

FIRST = "Where are the traces?"
LEAVES_ALTERNATE_SCREEN, SHOWS_CURSOR = b"\x1b[?1049l", b"\x1b[?25h"
ASKS_FOR_MOUSE = b"\x1b[?1000h"
SGR = re.compile(rb"\x1b\[([0-9;]*)m")
COMMANDS, ESCAPE, QUIT, REDRAW = "\x10", "\x1b", "\x11", "\x0c"
Open = Callable[..., Terminal]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DemoStore:
    return ensure_demo_store(tmp_path_factory.mktemp("demo"), traces=240)


@pytest.fixture
def open_program(tmp_path: Path) -> Iterator[Open]:
    """Opens the program in a terminal; whatever is opened is closed, also after a failure."""
    opened: list[Terminal] = []

    def open_one(*arguments: str, **environment: str) -> Terminal:
        terminal = Terminal(*arguments, cwd=tmp_path, environment=environment)
        opened.append(terminal)
        return terminal

    yield open_one
    for terminal in opened:
        terminal.close()


def started(terminal: Terminal) -> Terminal:
    terminal.wait_for(FIRST)
    terminal.drawn_within(1.0)
    return terminal


# ---- what is sent ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "environment", "asked"),
    [
        ((), {}, True),
        ((), {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}, False),
        ((), {"SSH_TTY": "/dev/pts/3"}, False),
        (("--mouse",), {"SSH_TTY": "/dev/pts/3"}, True),
        (("--no-mouse",), {}, False),
    ],
)
def test_the_mouse_is_asked_for_unless_someone_came_over_ssh(
    open_program: Open, arguments: tuple[str, ...], environment: dict[str, str], asked: bool
) -> None:
    terminal = started(open_program(*arguments, **environment))
    assert (ASKS_FOR_MOUSE in terminal.received) is asked
    if not asked:
        assert b"\x1b]22;" not in terminal.received  # nor is its pointer given a shape


def colours(drawn: bytes) -> set[str]:
    """Which kinds of colour its SGR sequences name: "16", "256" and "truecolor"."""
    found = set()
    for sequence in SGR.findall(drawn):
        codes = [int(code or 0) for code in sequence.split(b";")]
        while codes:
            code = codes.pop(0)
            if code in (38, 48):
                found.add("256" if codes[0] == 5 else "truecolor")
                del codes[: 2 if codes[0] == 5 else 4]
            elif 30 <= code <= 37 or 40 <= code <= 47 or 90 <= code <= 97 or 100 <= code <= 107:
                found.add("16")
    return found


@pytest.mark.parametrize(
    ("environment", "kinds"),
    [
        ({}, {"truecolor"}),
        ({"COLORTERM": ""}, {"256"}),
        ({"COLORTERM": "", "TERM": "xterm"}, {"16"}),
        ({"COLORTERM": "", "TERM": "linux"}, {"16"}),
        ({"NO_COLOR": "1"}, set()),
        ({"NO_COLOR": "", "TERM": "linux", "MLFLOW_TUI_THEME": "light"}, set()),
    ],
)
def test_no_more_colours_are_sent_than_the_terminal_has(
    open_program: Open, environment: dict[str, str], kinds: set[str]
) -> None:
    terminal = started(open_program(**environment))
    terminal.press(COMMANDS)
    terminal.wait_for("Search for commands")
    assert colours(bytes(terminal.received)) == kinds


@pytest.mark.parametrize("environment", [{"TERM": "linux"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}])
def test_a_terminal_without_signs_gets_none(
    open_program: Open, environment: dict[str, str]
) -> None:
    if "LC_ALL" in environment:
        environment = {**environment, "PYTHONCOERCECLOCALE": "0"}
    terminal = started(open_program(COLORTERM="", **environment))
    terminal.press("?")
    terminal.press("\x1b[B")
    terminal.drawn_within(1.0)
    assert terminal.text.isascii(), [line for line in terminal.lines if not line.isascii()]
    assert bytes(terminal.received).isascii()
    assert any(line.lstrip().startswith(">") for line in terminal.lines)  # the cursor


# ---- leaving, and being left ----------------------------------------------------------------


def test_after_suspension_all_is_drawn_anew(open_program: Open) -> None:
    terminal = started(open_program())
    terminal.signal(signal.SIGTSTP)
    terminal.wait_until(lambda: LEAVES_ALTERNATE_SCREEN in terminal.received, "it did not leave")
    terminal.wait_until(lambda: terminal.is_stopped, "it did not stop")  # a moment later
    before = len(terminal.received)
    terminal.signal(signal.SIGCONT)
    terminal.wait_until(
        lambda: FIRST.encode() in terminal.received[before:], "it was not drawn again"
    )
    terminal.press(QUIT)
    assert terminal.wait_for_end() == 0


def test_all_is_drawn_again_on_request(open_program: Open) -> None:
    terminal = started(open_program())
    before = len(terminal.received)
    terminal.press(REDRAW)
    terminal.wait_until(
        lambda: FIRST.encode() in terminal.received[before:], "it was not drawn again"
    )


def stall(terminal: Terminal) -> None:
    """Have more drawn than the line holds while nobody reads."""
    for _ in range(24):
        # pexpect waits before it sends; escape directly before a key would be alt and that key
        terminal.press(COMMANDS, "", "", ESCAPE, "", "", "")


def palette_drawn(terminal: Terminal, shown: str) -> bytes:
    """What is drawn for the palette, with ``shown`` in it."""
    before = len(terminal.received)
    terminal.press(COMMANDS)
    terminal.wait_for(shown)
    terminal.drawn_within(1.0)
    return bytes(terminal.received[before:])


def test_a_stalled_line_ends_with_a_signal_all_the_same(open_program: Open) -> None:
    terminal = started(open_program())
    stall(terminal)
    terminal.signal(signal.SIGTERM)
    assert terminal.wait_for_end_unread() == 128 + signal.SIGTERM


def test_after_a_stall_less_is_drawn_and_that_is_said(open_program: Open) -> None:
    terminal = started(open_program())
    stall(terminal)
    terminal.wait_for("The line to your terminal stalled")
    terminal.drawn_within(1.0)
    drawn = palette_drawn(terminal, "Low bandwidth off")
    assert colours(drawn) == {"16"}
    assert len(drawn) < 25_000


def test_who_does_not_want_that_keeps_all_colours(open_program: Open) -> None:
    terminal = started(open_program("--no-low-bandwidth"))
    stall(terminal)
    terminal.wait_for(FIRST, gone="Search for commands")
    terminal.drawn_within(1.0)
    assert "stalled" not in terminal.text
    assert colours(palette_drawn(terminal, "Low bandwidth on")) == {"truecolor"}


def test_a_terminal_that_goes_away_without_a_word_ends_the_program(tmp_path: Path) -> None:
    """As in a container's exec: it is nobody's controlling terminal, so no signal comes."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=tmp_path,
        env=environment,
        start_new_session=True,
    )
    try:
        os.close(theirs)
        seen = b""
        while FIRST.encode() not in seen:
            ready, _, _ = select.select([ours], [], [], 60)
            assert ready, seen
            seen += os.read(ours, 65_536)
        os.close(ours)
        child.wait(timeout=60)
    finally:
        child.kill()
    assert child.returncode >= 0, "it had to be killed"


def test_a_held_key_on_a_slow_line_leaves_no_queue_of_old_frames(
    open_program: Open, store: DemoStore
) -> None:
    """150 rows further, read only then: what is drawn is what the line itself holds, and the last state."""
    terminal = open_program(
        "--tracking-uri", store.tracking_uri, "--experiment", store.experiment_name
    )
    terminal.wait_for("240 traces")
    terminal.drawn_within(2.0)
    before = len(terminal.received)
    terminal.press(*"j" * 20)
    terminal.drawn_within(1.0)
    a_row = (len(terminal.received) - before) / 20
    before = len(terminal.received)
    terminal.press(*"j" * 150)  # nobody reads meanwhile
    terminal.drawn_within(2.0)
    unread = len(terminal.received) - before
    assert unread < 0.75 * 150 * a_row
    arrived = cursor_row(terminal)
    terminal.press("g")
    terminal.drawn_within(1.0)
    assert cursor_row(terminal) != arrived
    terminal.press(*"j" * 170)
    terminal.drawn_within(1.0)
    assert cursor_row(terminal) == arrived


def cursor_row(terminal: Terminal) -> str:
    return next(line for line in terminal.lines if re.match(r"▌.?\d\d-\d\d ", line))[:40]


# ---- silence --------------------------------------------------------------------------------


def test_nothing_is_sent_while_nothing_happens_on_any_screen(
    open_program: Open, store: DemoStore
) -> None:
    terminal = open_program(
        "--tracking-uri", store.tracking_uri, "--experiment", store.experiment_name
    )
    terminal.wait_for("240 traces")
    terminal.press("4")
    terminal.wait_for("confirm")
    terminal.press("s")
    terminal.wait_for("240 traces read", "to decide")
    for key, shown in (
        ("4", "to decide"),
        ("5", "e export"),
        ("3", "240 traces"),
        ("2", "Data check"),
        ("1", FIRST),
    ):
        terminal.press(key)
        terminal.wait_for(shown)
        terminal.drawn_within(2.0)  # what was begun has ended
        assert terminal.drawn_within(3.0) == 0, f"on screen {key}"


# ---- the clipboard --------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_what_is_copied_inside_tmux_is_in_its_buffer(tmp_path: Path) -> None:
    uri = stores.write_small_store(tmp_path / "mlflow.db")
    socket = str(tmp_path / "tmux.socket")

    def tmux(*arguments: str) -> str:
        said = subprocess.run(
            ["tmux", "-S", socket, *arguments], capture_output=True, text=True, check=False
        )
        return said.stdout

    script = tmp_path / "start.py"
    script.write_text(PROGRAM, encoding="utf-8")
    subprocess.run(
        [
            "tmux", "-S", socket, "-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40",
            sys.executable, str(script), "--tracking-uri", uri,
        ],
        check=True,
        env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip

    def wait_for(come: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not come():
            assert time.monotonic() < end, tmux("capture-pane", "-p")
            threading.Event().wait(0.2)

    def screen_after(key: str) -> str:
        tmux("send-keys", key)
        return tmux("capture-pane", "-p")

    try:
        wait_for(lambda: "Data check" in tmux("capture-pane", "-p"))
        tmux("send-keys", "Enter")
        wait_for(lambda: "trace id" in screen_after("y"))
        tmux("send-keys", "i")
        wait_for(lambda: tmux("show-buffer").startswith("tr-"))
        wait_for(lambda: "to the tmux buffer" in tmux("capture-pane", "-p"))
    finally:
        tmux("kill-server")

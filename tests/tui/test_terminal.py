"""What the app does to the terminal it is given: a real pseudo-terminal, the real program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from mlflow_tui.terminal import capabilities, clipboard

ROOT = Path(__file__).parents[2]
LEAVES_ALTERNATE_SCREEN = b"\x1b[?1049l"
SHOWS_CURSOR = b"\x1b[?25h"
STARTS_WITHIN_SECONDS = 60

pytestmark = pytest.mark.terminal


def environment(**changes: str) -> dict[str, str]:
    roots = os.pathsep.join(str(ROOT / name) for name in ("analysis", "tui", "styles"))
    return {
        **os.environ,
        "PYTHONPATH": roots,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        **changes,
    }


@pytest.fixture
def program() -> Iterator[pexpect.spawn]:
    child = pexpect.spawn(
        sys.executable,
        ["-c", "import sys; from mlflow_tui.app import run; sys.exit(run())"],
        env=environment(COLUMNS="20", LINES="5"),  # type: ignore[arg-type]
        dimensions=(24, 80),
        timeout=STARTS_WITHIN_SECONDS,
    )
    yield child
    child.close(force=True)


def read_for(child: pexpect.spawn, seconds: float) -> bytes:
    """All that is written until nothing has come for ``seconds``."""
    written = b""
    while True:
        try:
            written += child.read_nonblocking(65536, timeout=seconds)
        except pexpect.TIMEOUT:
            return written


def test_it_paints_then_writes_nothing_while_nothing_happens(program: pexpect.spawn) -> None:
    program.expect("Where are the traces")
    first = program.before + program.buffer + read_for(program, 1.0)
    assert len(first) < 45_000
    # COLUMNS=20 was in the environment; the steps at the right edge need 80 columns.
    assert b"commands" in first
    with pytest.raises(pexpect.TIMEOUT):
        program.read_nonblocking(1, timeout=2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_restores_the_terminal(program: pexpect.spawn, number: signal.Signals) -> None:
    program.expect("Where are the traces")
    read_for(program, 0.5)
    program.kill(number)
    program.expect(pexpect.EOF)
    assert LEAVES_ALTERNATE_SCREEN in program.before
    assert SHOWS_CURSOR in program.before
    program.close()
    assert program.signalstatus is None


def test_quit_leaves_with_success(program: pexpect.spawn) -> None:
    program.expect("Where are the traces")
    read_for(program, 0.5)
    program.sendcontrol("q")
    program.expect(pexpect.EOF)
    program.close()
    assert program.exitstatus == 0


def test_without_a_terminal_it_says_what_to_do_instead() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from mlflow_tui.app import run; sys.exit(run())"],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=STARTS_WITHIN_SECONDS,
        check=False,
    )
    assert done.returncode == 2
    assert "mlflow-tui analyze" in done.stderr
    assert "\x1b" not in done.stderr + done.stdout


# ---- what is decided before the screen is taken ---------------------------------------------


def test_textual_is_told_to_keep_still_and_to_believe_the_terminal() -> None:
    settings = {"COLUMNS": "1", "LINES": "1", "STY": "1.x", "COLORTERM": "truecolor"}
    capabilities.prepare(settings)
    assert settings["TEXTUAL_ANIMATIONS"] == "none"
    assert not {"COLUMNS", "LINES", "COLORTERM"} & settings.keys()


@pytest.mark.parametrize(
    ("settings", "theme"),
    [
        ({"TERM": "xterm-256color"}, "mlflow-dark"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "mlflow-dark"),
        ({"TERM": "linux"}, "mlflow-16"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "mlflow-16"),
        ({"TERM": "xterm", "TEXTUAL_THEME": "mlflow-light"}, "mlflow-light"),
    ],
)
def test_the_theme_suits_the_terminal(settings: dict[str, str], theme: str) -> None:
    assert capabilities.theme_for(settings) == theme


def test_ssh_is_seen() -> None:
    assert capabilities.over_ssh({"SSH_CONNECTION": "1 2 3 4"})
    assert not capabilities.over_ssh({})


# ---- the clipboard --------------------------------------------------------------------------


async def test_a_short_text_goes_to_the_terminal(tmp_path: Path) -> None:
    sent: list[str] = []
    said = await clipboard.copy(
        "id\x1b[2J\ud83d", to_terminal=sent.append, file=tmp_path / "c", environment={}
    )
    assert sent == ["id␛[2J\ufffd"]
    assert "terminal's clipboard" in said
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(("text", "settings"), [("x" * 80_000, {}), ("short", {"STY": "1.screen"})])
async def test_what_the_terminal_would_drop_goes_to_a_file(
    tmp_path: Path, text: str, settings: dict[str, str]
) -> None:
    sent: list[str] = []
    file = tmp_path / "logs" / "copied.txt"
    said = await clipboard.copy(text, to_terminal=sent.append, file=file, environment=settings)
    assert sent == []
    assert file.read_text() == text
    assert file.stat().st_mode & 0o777 == 0o600
    assert str(file) in said

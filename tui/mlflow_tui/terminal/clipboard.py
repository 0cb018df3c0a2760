"""Copying that works over SSH, and says what it did."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from mlflow_analysis.untrusted import printable

LARGEST_OSC_52 = 74_000
"""Bytes. Terminals drop longer sequences (xterm at 100 kB of base64, tmux at 1 MB)."""

PATIENCE_SECONDS = 3.0
"""So long a program may take to take the text."""


async def copy(
    text: str,
    *,
    to_terminal: Callable[[str], None],
    file: Path,
    environment: Mapping[str, str] = os.environ,
) -> str:
    """Copy ``text``; a sentence that says where it went.

    On the machine that the user sits at, the desktop's own program is asked. tmux ignores the terminal
    sequence by default, so there its own buffer is loaded (``-w`` hands it on to the terminal). What is
    too long for the terminal goes to ``file``, mode 0600. ``to_terminal`` sends OSC 52. Raises
    ``OSError`` if the file cannot be written.
    """
    text = printable(text)
    encoded = text.encode("utf-8", "replace")
    native = _native(environment)
    if native and await _given(native, encoded, environment):
        return f"Copied {_size(encoded)} to the clipboard, with {native[0]}."
    tmux = "TMUX" in environment and shutil.which("tmux", path=environment.get("PATH"))
    if tmux and await _given(("tmux", "load-buffer", "-w", "-"), encoded, environment):
        return f"Copied {_size(encoded)} to the tmux buffer, and through tmux to the terminal."
    if len(encoded) <= LARGEST_OSC_52 and "STY" not in environment:
        to_terminal(text)
        return (
            f"Sent {_size(encoded)} to the terminal's clipboard. "
            "If it did not arrive, the terminal does not allow it."
        )
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(encoded)
    reason = "screen hands no clipboard on" if "STY" in environment else "too much for the terminal"
    return f"Wrote {_size(encoded)} to {file} ({reason})."


def _native(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The program that fills the clipboard of this machine's desktop; none over SSH, or without a desktop."""
    if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"):
        return ()
    programs: list[tuple[str, ...]] = []
    if sys.platform == "darwin":
        programs.append(("pbcopy",))
    if "WAYLAND_DISPLAY" in environment:
        programs.append(("wl-copy",))
    if "DISPLAY" in environment:
        programs += [("xclip", "-selection", "clipboard"), ("xsel", "--clipboard", "--input")]
    if "WSL_DISTRO_NAME" in environment:
        programs.append(("clip.exe",))
    path = environment.get("PATH")
    return next((each for each in programs if shutil.which(each[0], path=path)), ())


async def _given(command: tuple[str, ...], encoded: bytes, environment: Mapping[str, str]) -> bool:
    """Whether a program took the text. One that does not answer is not waited for."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=dict(environment),
        )
    except OSError:
        return False
    try:
        await asyncio.wait_for(process.communicate(encoded), PATIENCE_SECONDS)
    except (TimeoutError, asyncio.TimeoutError):
        process.kill()
        await process.wait()
        return False
    return process.returncode == 0


def _size(encoded: bytes) -> str:
    count = len(encoded)
    return f"{count} bytes" if count < 10_000 else f"{count / 1000:.0f} kB"

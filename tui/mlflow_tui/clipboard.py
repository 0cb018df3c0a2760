"""Copying that works over SSH, and says what it did."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from mlflow_analysis.untrusted import printable

LARGEST_OSC_52 = 74_000
"""Bytes. Terminals drop longer sequences (xterm at 100 kB of base64, tmux at 1 MB)."""


async def copy(
    text: str,
    *,
    to_terminal: Callable[[str], None],
    file: Path,
    environment: Mapping[str, str] = os.environ,
) -> str:
    """Copy ``text``; a sentence that says where it went.

    tmux ignores the terminal sequence by default, so there its own buffer is loaded (``-w`` hands it
    on to the terminal). What is too long for the terminal goes to ``file``, mode 0600. ``to_terminal``
    sends OSC 52. Raises ``OSError`` if the file cannot be written.
    """
    text = printable(text)
    encoded = text.encode("utf-8", "replace")
    if "TMUX" in environment and shutil.which("tmux"):
        process = await asyncio.create_subprocess_exec(
            "tmux",
            "load-buffer",
            "-w",
            "-",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await process.communicate(encoded)
        if process.returncode == 0:
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


def _size(encoded: bytes) -> str:
    count = len(encoded)
    return f"{count} bytes" if count < 10_000 else f"{count / 1000:.0f} kB"

"""A held key in the trace table over a line of 50 kB a second: how late the screen is when the key is let go."""

from __future__ import annotations

import re
import time

import pyte  # type: ignore[import-untyped]

from benchmarks.figures import Figure
from benchmarks.large_store import EXPERIMENT
from benchmarks.program import DOWN, open_traces, program
from benchmarks.terminal import Terminal

BYTES_A_SECOND = 50_000
_HELD_S, _EVERY_S = 2.0, 1 / 30
_SETTLED_S = 4.0
_SLICE_S = 0.01
_CURSOR = re.compile(r"▌.?\d\d-\d\d \d\d:\d\d.{30}")


def measure(address: str) -> list[Figure]:
    """Figures with the program as it starts, and in low bandwidth."""
    figures: list[Figure] = []
    for name, arguments in (("as it starts", ()), ("low bandwidth", ("--low-bandwidth",))):
        with program(address, EXPERIMENT, *arguments) as terminal:
            open_traces(terminal)
            late_s, size = _held(terminal)
        figures += [
            Figure(f"a key held for {_HELD_S:.0f} s, {name}", ""),
            Figure(
                "  cursor in place after it was let go", f"{late_s:.2f} s", "≤ 1 s", late_s <= 1
            ),
            Figure("  bytes until all was drawn", f"{size:,}"),
        ]
    return figures


def _held(terminal: Terminal) -> tuple[float, int]:
    """Seconds from the last key until the cursor is where it stays, and all bytes that were drawn."""
    before = terminal.text
    drawn = _hold(terminal)
    released = next(index for index, (_, part) in enumerate(drawn) if part is None)
    parts = [(at, part) for at, part in drawn if part is not None]
    places = _cursor_places(before, parts)
    arrived = next(at for (at, _), place in zip(parts, places, strict=True) if place == places[-1])
    return max(0.0, arrived - drawn[released][0]), sum(len(part) for _, part in parts)


def _hold(terminal: Terminal) -> list[tuple[float, bytes | None]]:
    """When what came over the line; ``None`` is the moment at which the key was let go."""
    drawn: list[tuple[float, bytes | None]] = []
    began = next_key = last = time.perf_counter()
    held = True
    credit = 0.0
    while held or last - (drawn[-1][0] if drawn else began) < _SETTLED_S:
        if held and last >= next_key:
            terminal.send(DOWN)
            next_key += _EVERY_S
        if held and last - began >= _HELD_S:
            held = False
            drawn.append((last, None))
        time.sleep(_SLICE_S)
        now = time.perf_counter()
        # What the line could have carried while there was nothing to carry is gone.
        credit = min(credit + (now - last) * BYTES_A_SECOND, 2 * _SLICE_S * BYTES_A_SECOND)
        last = now
        if part := terminal.take(int(credit)):
            credit -= len(part)
            drawn.append((now, part))
    return drawn


def _cursor_places(before: str, parts: list[tuple[float, bytes]]) -> list[str]:
    """The row that the table's cursor is on after each part."""
    screen = pyte.Screen(120, 40)
    stream = pyte.ByteStream(screen)
    stream.feed("\r\n".join(before.split("\n")).encode())
    places = []
    for _, part in parts:
        stream.feed(part)
        found = _CURSOR.search("\n".join(screen.display))
        places.append(found.group() if found else "")
    return places

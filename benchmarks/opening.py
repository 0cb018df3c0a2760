"""A trace with a payload of 5 MB, and one of 5,000 spans, are opened."""

from __future__ import annotations

import statistics

from benchmarks.figures import Figure
from benchmarks.large_traces import EXPERIMENT, PAYLOAD_BYTES, SPANS
from benchmarks.program import DOWN, SETTLED_S, TOP, open_traces, program
from benchmarks.terminal import Terminal

_LONGEST_S = 0.5
_RUNS = 5


def measure(address: str) -> list[Figure]:
    """Seconds from the key that puts the cursor on the trace to the last byte of what is drawn first."""
    payload: list[float] = []
    spans: list[float] = []
    with program(address, EXPERIMENT) as terminal:
        open_traces(terminal)
        for _ in range(_RUNS):
            payload.append(_opened(terminal, " MB of JSON"))
            terminal.press(DOWN)
            terminal.idle(SETTLED_S)
            spans.append(_opened(terminal, f"{SPANS:,} span"))
            terminal.press(TOP)
            terminal.idle(SETTLED_S)
    return [
        _figure(f"a payload of {PAYLOAD_BYTES / 1e6:.0f} MB", payload),
        _figure(f"a trace of {SPANS:,} spans", spans),
    ]


def _opened(terminal: Terminal, shown: str) -> float:
    terminal.send(DOWN)
    return terminal.seconds_until_drawn(lambda text: shown in text, shown)


def _figure(name: str, seconds: list[float]) -> Figure:
    middle, worst = statistics.median(seconds), max(seconds)
    return Figure(
        name,
        f"median {middle:.2f}, worst {worst:.2f} s of {len(seconds)}",
        f"median ≤ {_LONGEST_S} s",
        middle <= _LONGEST_S,
    )

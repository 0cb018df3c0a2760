"""The trace table: first rows, sort, filter, a held key, pages."""

from __future__ import annotations

from benchmarks.figures import Figure
from benchmarks.large_store import EXPERIMENT
from benchmarks.program import (
    DOWN,
    PAGE_DOWN,
    SETTLED_S,
    idle_bytes,
    move_bytes,
    moved,
    open_traces,
    page_bytes,
    pages,
    program,
)
from benchmarks.terminal import Terminal
from mlflow_tui.widgets.trace_status import BY_NUMBER, BY_TEXT, COLUMNS

_SORT, _ALL = ">", "\x7f"
_ORDERS = (
    *(
        BY_NUMBER[column][0] if column in BY_NUMBER else f"by {BY_TEXT[column]}, a to z"
        for column in COLUMNS[1:]
    ),
)
"""What the table says of its order, key after key."""
_SOUGHT = ("refund", "ord-75", "zzzz")
_MOVES, _PAGES = 100, 20


def measure(address: str, traces: int) -> list[Figure]:
    """Figures of the table of a large store."""
    with program(address, EXPERIMENT) as terminal:
        first_s, all_s = open_traces(terminal)
        sorts = {name: _seconds(terminal, _SORT, name) for name in _ORDERS}
        finds = {text: _find(terminal, text) for text in _SOUGHT}
        terminal.idle(SETTLED_S)
        moves = terminal.hold(DOWN, _MOVES)
        terminal.idle(SETTLED_S)
        terminal.press(PAGE_DOWN)
        turned = pages(terminal, _PAGES)
        idle = idle_bytes("traces", terminal)
    slowest, longest = max(sorts, key=sorts.__getitem__), max(finds, key=finds.__getitem__)
    sort_ms, find_ms = 1000 * sorts[slowest], 1000 * finds[longest]
    return [
        Figure(f"{traces:,} traces", ""),
        Figure(
            "  first rows after choosing the experiment", f"{first_s:.2f} s", "≤ 1 s", first_s <= 1
        ),
        Figure("  all rows", f"{all_s:.1f} s"),
        Figure(
            f"  sort, slowest of {len(sorts)} columns ({slowest})",
            f"{sort_ms:.0f} ms",
            "≤ 200 ms",
            sort_ms <= 200,
        ),
        Figure(
            f"  free text, slowest of {len(finds)} (“{longest}”)",
            f"{find_ms:.0f} ms",
            "≤ 200 ms",
            find_ms <= 200,
        ),
        moved("  held key", moves),
        move_bytes("  bytes a move, mean", moves),
        page_bytes("  bytes a page, 95 %", turned),
        idle,
    ]


def _find(terminal: Terminal, text: str) -> float:
    terminal.press("t")
    terminal.press(text)
    seconds = _seconds(terminal, "\r", f"text “{text}”")
    terminal.press(_ALL)
    return seconds


def _seconds(terminal: Terminal, key: str, said: str) -> float:
    """Seconds from a key to the rows of another query: the line above them, drawn with them, says which."""
    terminal.idle(SETTLED_S)
    terminal.send(key)
    return terminal.seconds_until(lambda text: said in text, said)

"""The trace table in a pseudo-terminal of 120 by 40: first rows, sort, filter, a held key during an analysis."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.large_store import EXPERIMENT, make_large_store
from benchmarks.terminal import Answer, Terminal, mlflow_tui, percentile
from mlflow_tui.widgets.trace_status import BY_NUMBER, BY_TEXT, COLUMNS

LISTED = 100_000
ANALYSED = 50_000
_DOWN, _PAGE_DOWN, _TOP, _SORT, _ALL = "j", "\x04", "g", ">", "\x7f"
_ORDERS = (
    *(
        BY_NUMBER[column][0] if column in BY_NUMBER else f"by {BY_TEXT[column]}, a to z"
        for column in COLUMNS[1:]
    ),
)
"""What the table says of its order, key after key."""
_SOUGHT = ("refund", "ord-75", "zzzz")
_MOVES = 100
_PAGES = 20
_IDLE_S = 5.0
_SETTLED_S = 3.0
_CURSOR = re.compile(r"▌\d\d-\d\d \d\d:\d\d")
_COMPLETE = re.compile(r"[\d,]+ traces · newest first")
_CONCLUDED = re.compile(r"[\d,]+ traces read")


def measure(listed: int = LISTED, analysed: int = ANALYSED) -> list[Figure]:
    """Figures of a table of ``listed`` traces, and of one of ``analysed`` traces while they are analysed."""
    with _program(listed) as terminal:
        figures = _listing(terminal, listed)
    with _program(analysed) as terminal:
        return figures + _analysing(terminal, analysed)


@contextmanager
def _program(traces: int) -> Iterator[Terminal]:
    """The program, connected to a new store of so many traces, before the list of experiments."""
    with tempfile.TemporaryDirectory() as directory:
        address = make_large_store(Path(directory) / "large.db", traces)
        terminal = Terminal(mlflow_tui("--tracking-uri", address), Path(directory))
        try:
            terminal.seconds_until(
                lambda text: f"▌  {EXPERIMENT}" in text and "Data check" in text, "the experiments"
            )
            terminal.idle(_SETTLED_S)
            yield terminal
        finally:
            terminal.close()


def _listing(terminal: Terminal, traces: int) -> list[Figure]:
    terminal.send("\r")
    first_s = terminal.seconds_until(lambda text: bool(_CURSOR.search(text)), "the first row")
    all_s = first_s + terminal.seconds_until(
        lambda text: bool(_COMPLETE.search(text)) and "reading" not in text, "the last row"
    )
    terminal.idle(_SETTLED_S)
    sorts = {name: _seconds(terminal, _SORT, name) for name in _ORDERS}
    finds = {text: _find(terminal, text) for text in _SOUGHT}
    terminal.idle(_SETTLED_S)
    moves = terminal.hold(_DOWN, _MOVES)
    terminal.idle(_SETTLED_S)
    pages = []
    for _ in range(_PAGES):
        pages.append(terminal.press(_PAGE_DOWN))
        terminal.idle(0.5)  # the trace under the cursor is opened meanwhile
    terminal.idle(_SETTLED_S)
    idle = terminal.idle(_IDLE_S)
    slowest, longest = max(sorts, key=sorts.__getitem__), max(finds, key=finds.__getitem__)
    sort_ms, find_ms = 1000 * sorts[slowest], 1000 * finds[longest]
    move_size = sum(move.size for move in moves) / len(moves)
    page_size = percentile([page.size for page in pages], 0.5)
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
        _moved("  held key", moves),
        Figure("  bytes a move, mean", f"{move_size:,.0f}", "≤ 2,000", move_size <= 2_000),
        Figure("  bytes a page, median", f"{page_size:,.0f}", "≤ 20,000", page_size <= 20_000),
        Figure(f"  bytes in {_IDLE_S:.0f} s without a key", f"{idle:,}", "0", idle == 0),
    ]


def _find(terminal: Terminal, text: str) -> float:
    terminal.press("t")
    terminal.press(text)
    seconds = _seconds(terminal, "\r", f"text “{text}”")
    terminal.press(_ALL)
    return seconds


def _seconds(terminal: Terminal, key: str, said: str) -> float:
    """Seconds from a key to the rows of another query: the line above them, drawn with them, says which."""
    terminal.idle(_SETTLED_S)
    terminal.send(key)
    return terminal.seconds_until(lambda text: said in text, said)


def _analysing(terminal: Terminal, traces: int) -> list[Figure]:
    terminal.send("\r")
    terminal.seconds_until(
        lambda text: bool(_COMPLETE.search(text)) and "reading" not in text, "the last row"
    )
    terminal.idle(_SETTLED_S)
    before = terminal.hold(_DOWN, _MOVES)
    for key, shown in (("4", "confirm"), ("\r", "What worries you?"), ("\r", "reading")):
        terminal.send(key)
        terminal.seconds_until(lambda text, shown=shown: shown in text, shown)  # type: ignore[misc]
    moves: list[Answer] = []
    jumps: list[Answer] = []
    while True:
        terminal.send("3")
        terminal.seconds_until(lambda text: bool(_CURSOR.search(text)), "the table")
        terminal.idle(0.5)
        moves += terminal.hold(_DOWN, _MOVES)
        jumps += terminal.hold(_PAGE_DOWN, 5)
        terminal.press(_TOP)
        terminal.send("4")
        terminal.seconds_until(lambda text: "decide" in text, "the board")
        if _CONCLUDED.search(terminal.text):
            break
    return [
        Figure(f"{traces:,} traces are being analysed", ""),
        _moved("  held key before the analysis", before),
        _moved("  held key", moves, 50.0),
        _moved("  page down, held", jumps),
    ]


def _moved(name: str, answers: list[Answer], limit_ms: float | None = None) -> Figure:
    latest = _last(answers)
    middle, most = percentile(latest, 0.5), percentile(latest, 0.95)
    value = f"median {middle:.0f}, 95 % {most:.0f}, worst {max(latest):.0f} ms of {len(latest)}"
    if limit_ms is None:
        return Figure(name, value)
    return Figure(name, value, f"95 % ≤ {limit_ms:.0f} ms", most <= limit_ms)


def _last(answers: list[Answer]) -> list[float]:
    return [answer.last_ms for answer in answers if answer.last_ms is not None]

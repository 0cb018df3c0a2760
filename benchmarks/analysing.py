"""Keys while a large store is analysed, on the table and on the board; the board after it; every screen at rest."""

from __future__ import annotations

import re

from benchmarks.figures import Figure
from benchmarks.large_store import EXPERIMENT
from benchmarks.program import (
    DOWN,
    ENTER,
    ESCAPE,
    OPENED_S,
    PAGE_DOWN,
    SETTLED_S,
    TOP,
    TRACE_ROW,
    UP,
    go,
    idle_bytes,
    move_bytes,
    moved,
    open_traces,
    page_bytes,
    pages,
    program,
)
from benchmarks.terminal import Answer, Terminal

_MOVES, _PAGES = 100, 20
_CARDS = 10
"""So many moves down the board, then up again: it has few cards."""
_CONCLUDED = re.compile(r"[\d,]+ traces read")
_SCREENS = (
    ("1", "Where are the traces?", "connection"),
    ("2", "Data check", "experiments"),
    ("3", "newest first", "traces"),
    ("4", "to decide", "board"),
    ("p", "confirm", "purpose"),
    ("5", "export", "report"),
    ("?", "Everywhere", "help"),
)


def measure(address: str, traces: int) -> list[Figure]:
    """Figures of an analysis of the whole store, from before it to after it."""
    with program(address, EXPERIMENT) as terminal:
        open_traces(terminal)
        before = terminal.hold(DOWN, _MOVES)
        terminal.idle(SETTLED_S)
        go(terminal, "4", "confirm")
        go(terminal, ENTER, "What worries you?")
        terminal.idle(OPENED_S)
        terminal.send(ENTER)
        terminal.seconds_until(
            lambda text: "reading" in text and "What worries you?" not in text, "the board"
        )
        rows, jumps, cards = _while_it_runs(terminal)
        terminal.idle(2 * SETTLED_S)
        after = _up_and_down(terminal, _MOVES)
        terminal.idle(SETTLED_S)
        turned = pages(terminal, _PAGES)
        idle = []
        for key, shown, name in _SCREENS:
            go(terminal, key, shown)
            idle.append(idle_bytes(name, terminal))
        terminal.send(ESCAPE)
    return [
        Figure(f"{traces:,} traces are being analysed", ""),
        moved("  held key on traces before the analysis", before, limited=False),
        moved("  held key on traces", rows),
        move_bytes("  bytes a move on traces, mean", rows),
        moved("  page down, held", jumps, limited=False),
        moved("  held key on the board", cards),
        move_bytes("  bytes a move on the board, mean", cards),
        Figure("the analysis is there", ""),
        moved("  held key on the board", after),
        move_bytes("  bytes a move on the board, mean", after),
        page_bytes("  bytes a page on the board, 95 %", turned),
        *idle,
    ]


def _while_it_runs(terminal: Terminal) -> tuple[list[Answer], list[Answer], list[Answer]]:
    """Moves and pages on traces, and moves on the board, until all is read and tested."""
    rows: list[Answer] = []
    jumps: list[Answer] = []
    cards: list[Answer] = []
    while True:
        terminal.send("3")
        terminal.seconds_until(lambda text: bool(TRACE_ROW.search(text)), "the table")
        terminal.idle(0.5)
        rows += terminal.hold(DOWN, _MOVES)
        jumps += terminal.hold(PAGE_DOWN, 5)
        terminal.press(TOP)
        go(terminal, "4", "decide")
        if _CONCLUDED.search(terminal.text):
            return rows, jumps, cards
        terminal.idle(0.5)
        cards += _up_and_down(terminal, 2 * _CARDS)


def _up_and_down(terminal: Terminal, times: int) -> list[Answer]:
    """Moves on the board, from its top."""
    terminal.press(TOP)
    answers: list[Answer] = []
    while len(answers) < times:
        answers += [*terminal.hold(DOWN, _CARDS), *terminal.hold(UP, _CARDS)]
    return answers

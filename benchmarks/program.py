"""The program on a store of many traces, in a pseudo-terminal of 120 by 40: how its screens are come to."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.terminal import Answer, Terminal, mlflow_tui, percentile

DOWN, UP, PAGE_DOWN, PAGE_UP, TOP, ENTER, ESCAPE = "j", "k", "\x04", "\x15", "g", "\r", "\x1b"
SETTLED_S = 3.0
"""What was begun has ended, if the machine is not very busy."""
OPENED_S = 0.5
"""The trace under the cursor has been opened meanwhile."""
TRACE_ROW = re.compile(r"▌.?\d\d-\d\d \d\d:\d\d")
"""The cursor in the trace table."""
MOVE_BYTES, PAGE_BYTES, MOVE_MS, IDLE_S = 2_000, 20_000, 50.0, 10.0
"""The budgets: of a move of the cursor, of a page, and for how long nothing may be drawn."""
_COMPLETE = re.compile(r"[\d,]+ traces · newest first")


@contextmanager
def program(address: str, experiment: str, *arguments: str) -> Iterator[Terminal]:
    """The program before the list of experiments of a store, the cursor on ``experiment``."""
    with tempfile.TemporaryDirectory() as home:
        terminal = Terminal(mlflow_tui("--tracking-uri", address, *arguments), Path(home))
        try:
            terminal.seconds_until(lambda text: "Data check" in text, "the experiments")
            terminal.send(TOP)
            while f"▌  {experiment}" not in terminal.text:
                terminal.press(DOWN)
            terminal.idle(SETTLED_S)
            yield terminal
        finally:
            terminal.close()


def open_traces(terminal: Terminal) -> tuple[float, float]:
    """Open the experiment under the cursor: seconds until the first row is there, and until all are."""
    terminal.send(ENTER)
    first_s = terminal.seconds_until(lambda text: bool(TRACE_ROW.search(text)), "the first row")
    all_s = first_s + terminal.seconds_until(
        lambda text: bool(_COMPLETE.search(text)) and "reading" not in text, "the last row"
    )
    terminal.idle(SETTLED_S)
    return first_s, all_s


def go(terminal: Terminal, key: str, shown: str) -> None:
    """Press ``key`` and wait for ``shown``."""
    terminal.send(key)
    terminal.seconds_until(lambda text: shown in text, shown)


def pages(terminal: Terminal, times: int) -> list[Answer]:
    """So many pages, half of them down, then up again; with what is drawn once the cursor rests."""
    answers = []
    for key in [*[PAGE_DOWN] * (times // 2), *[PAGE_UP] * (times // 2)]:
        answer = terminal.press(key)
        answers.append(replace(answer, size=answer.size + terminal.idle(OPENED_S)))
    return answers


def moved(name: str, answers: list[Answer], *, limited: bool = True) -> Figure:
    """Milliseconds from a key to the last byte that was drawn for it."""
    latest = [answer.last_ms for answer in answers if answer.last_ms is not None]
    middle, most = percentile(latest, 0.5), percentile(latest, 0.95)
    value = f"median {middle:.0f}, 95 % {most:.0f}, worst {max(latest):.0f} ms of {len(latest)}"
    if not limited:
        return Figure(name, value)
    return Figure(name, value, f"95 % ≤ {MOVE_MS:.0f} ms", most <= MOVE_MS)


def move_bytes(name: str, answers: list[Answer]) -> Figure:
    """Bytes of a move, on average: its row is drawn at once, what follows from it once the cursor rests."""
    size = sum(each.size for each in answers) / len(answers)
    return Figure(name, f"{size:,.0f}", f"≤ {MOVE_BYTES:,}", size <= MOVE_BYTES)


def page_bytes(name: str, answers: list[Answer]) -> Figure:
    """Bytes of a page, the 95th percentile."""
    size = percentile([each.size for each in answers], 0.95)
    return Figure(name, f"{size:,.0f}", f"≤ {PAGE_BYTES:,}", size <= PAGE_BYTES)


def idle_bytes(screen: str, terminal: Terminal) -> Figure:
    """Bytes drawn while nobody presses a key, once what was begun has ended."""
    terminal.idle(SETTLED_S)
    drawn = terminal.idle(IDLE_S)
    return Figure(
        f"  bytes in {IDLE_S:.0f} s without a key, {screen}", f"{drawn:,}", "0", drawn == 0
    )

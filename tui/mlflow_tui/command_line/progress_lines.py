"""How far an analysis is, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlflow_analysis import events

if TYPE_CHECKING:
    from rich.progress import Progress

SECONDS_BETWEEN_LINES = 5.0
ENOUGH_FOR_A_RATE = 50
"""Traces after which a rate says something about the rest."""

Show = Callable[[events.Event], None]


@contextmanager
def progress_shown(quiet: bool) -> Iterator[Show]:
    """A function that shows an event, for as long as the analysis runs."""
    if quiet:
        yield lambda event: None
    elif sys.stderr.isatty():
        with _bar() as bar:
            yield _BarProgress(bar).show
    else:
        yield _LineProgress(lambda line: print(line, file=sys.stderr, flush=True)).show  # noqa: T201


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        refresh_per_second=4,
    )


class _BarProgress:
    """One bar for each stage."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._stage = ""
        self._task = bar.add_task("connecting", total=None)

    def show(self, event: events.Event) -> None:
        """Move the bar if the event is about progress."""
        if isinstance(event, events.ReadingPlanned):
            self._bar.console.print(_plan(event), markup=False, highlight=False)
        if not isinstance(event, events.Progress):
            return
        if event.stage != self._stage:
            self._stage = event.stage
            self._bar.reset(self._task, description=event.stage)
        self._bar.update(self._task, completed=event.done, total=event.total)


class _LineProgress:
    """A line when a stage begins, and every few seconds in between."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._stage = ""
        self._said_at = 0.0

    def show(self, event: events.Event) -> None:
        """Say it if it is time."""
        if isinstance(event, events.TraceSkipped):
            self._say(f"skipped {event.trace_id}: {event.reason}")
        if isinstance(event, events.ReadingPlanned):
            self._say(_plan(event))
        if not isinstance(event, events.Progress):
            return
        now = time.monotonic()
        if event.stage == self._stage and now - self._said_at < SECONDS_BETWEEN_LINES:
            return
        self._stage, self._said_at = event.stage, now
        self._say(_line(event))


def _plan(event: events.ReadingPlanned) -> str:
    new = event.traces - event.cached
    by = f" with {event.workers} workers" if new and event.workers > 1 else ""
    known = f"; {event.cached:,} were read before" if event.cached else ""
    return f"{new:,} traces to read{by}{known}"


def _line(event: events.Progress) -> str:
    line = f"{event.stage}: {event.done:,}"
    if event.total is not None:
        line += f" of {event.total:,}"
    if event.rate and event.done >= ENOUGH_FOR_A_RATE:
        line += f", {event.rate:,.0f} a second"
        if event.seconds_left:
            line += f", {event.seconds_left:,.0f} s left"
    return line

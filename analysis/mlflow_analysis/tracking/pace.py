"""How many questions a server is asked at once: as many as make it answer sooner, and no more.

A server of one process (Python: one processor) answers four questions at once a sixth slower than the
same four one by one: they contend for its interpreter. One with several processes, or far away, answers
several at once in little more time than one. Nothing that a server says tells which it is, so it is tried.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WIDTHS = (1, 4, 8)
"""Questions at once. Not two: a server's processes share connections out by chance, and one gets both."""
BETTER = 1.2
"""Times as fast as before is what more questions at once have to be."""
_TRIAL = 4
"""Answers, or one for each question at once, that a width is judged by. As many questions as are asked at once come
before: a process of the server that was never asked has libraries to load first."""
AGAIN_AFTER = 500
"""Answers after which it is tried anew: others may have come, or gone."""


class Pace:
    """Turns for asking one server, from any thread."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._turns = threading.Condition()
        self._asking = 0
        self._begin()

    @property
    def width(self) -> int:
        """Turns at once."""
        return WIDTHS[self._step]

    @contextmanager
    def turn(self, traces: int) -> Iterator[None]:
        """Wait for a turn and hold it; without an exception, ``traces`` were answered."""
        with self._turns:
            self._turns.wait_for(lambda: self._asking < self.width)
            self._count_time()
            self._asking += 1
        answered = 0
        try:
            yield
            answered = traces
        finally:
            with self._turns:
                self._count_time()
                self._asking -= 1
                if answered:
                    self._answered(answered)
                self._turns.notify_all()

    def _begin(self) -> None:
        self._step = 0
        self._before = 0.0
        """Traces a second at the width before this."""
        self._settled = False
        self._measure()

    def _measure(self) -> None:
        self._answers = self._traces = 0
        self._seconds = 0.0
        self._since = self._clock()

    def _count_time(self) -> None:
        """Only while something is asked: what is done with the answers is not the server's time."""
        now = self._clock()
        if self._asking:
            self._seconds += now - self._since
        self._since = now

    def _answered(self, traces: int) -> None:
        self._answers += 1
        self._traces += traces
        if self._settled:
            if self._answers >= AGAIN_AFTER:
                self._begin()
        elif self._answers == self.width:
            self._traces, self._seconds = 0, 0.0
        elif self._answers >= self.width + max(_TRIAL, self.width):
            self._judge(self._traces / max(self._seconds, 1e-9))

    def _judge(self, rate: float) -> None:
        if rate < BETTER * self._before:
            self._step -= 1
            self._settled = True
        elif self._step == len(WIDTHS) - 1:
            self._settled = True
        else:
            self._before = rate
            self._step += 1
        self._measure()

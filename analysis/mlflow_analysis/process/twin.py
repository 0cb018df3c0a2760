"""Tasks divided between this process and a copy of it, which sees all that this one holds without holding it twice.

Only Linux has the copy: elsewhere the libraries that are loaded by then do not stand it.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from mmap import mmap
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
_ENDING = {signal.SIGINT, signal.SIGTERM}
"""Kept waiting until the twin has its own answer to them: until then it would do as its parent does."""


class Divided(Generic[Result]):
    """This process goes on from the first task, its twin from the last, until they meet.

    There is a ticket for each task in a pipe. Whoever draws one does the next task from its own end: no task is done
    twice, and neither has to know how far the other is. The twin is made after the first task: what that one works
    out for all, both have. What the twin's tasks give must be picklable.
    """

    def __init__(self, tasks: Sequence[Callable[[], Result]], *, twin: bool) -> None:
        """``tasks``: so many as a pipe holds bytes (65,536). Alone unless ``twin``."""
        self._tasks = tasks
        self._done: dict[int, Result] = {}
        self._begun = mmap(-1, len(tasks) + 1)
        """One byte a task, seen by both: whether it was begun."""
        self._tickets, drawer = os.pipe()
        os.write(drawer, bytes(len(tasks)))
        os.close(drawer)
        self._wanted = twin and sys.platform == "linux"
        self._twin = 0
        """Its process id, once there is one."""

    def __enter__(self) -> Divided[Result]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._tickets)
        if self._twin:
            self._told.close()
            os.kill(self._twin, signal.SIGKILL)  # it has told all, or nobody waits for it
            os.waitpid(self._twin, 0)
            gc.unfreeze()  # what is in a circle by then may go again

    def do(self) -> Iterator[int]:
        """Do what falls to this process; before each task, tells how many were begun by either."""
        for at in self._drawn(range(len(self._tasks))):
            yield self._begun[:].count(1)
            self._done[at] = self._tasks[at]()
            if at == 0 and self._wanted:
                self._make_twin()

    def results(self) -> Iterator[Result]:
        """What each task gave, in their order, once the twin is done too. What was lost with it is done again."""
        done = self._done | self._of_twin()
        for at, task in enumerate(self._tasks):
            yield done[at] if at in done else task()

    def _of_twin(self) -> dict[int, Result]:
        if not self._twin:
            return {}
        try:
            told: dict[int, Result] = self._told.recv()
        except EOFError:
            logger.warning("The twin of this process was lost, and what it did with it")
            return {}
        return told

    def _drawn(self, places: Sequence[int]) -> Iterator[int]:
        for at in places:
            if not os.read(self._tickets, 1):
                return
            self._begun[at] = 1
            yield at

    def _make_twin(self) -> None:
        self._told, telling = Pipe(duplex=False)
        self._twin = self._forked(telling)
        telling.close()

    def _forked(self, telling: Connection) -> int:
        gc.freeze()  # to look at an object, as the collector does, is to copy its page
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        with warnings.catch_warnings():
            # of locks that other threads hold: the twin does the tasks only, which no other thread has a hand in
            warnings.simplefilter("ignore", DeprecationWarning)
            parent, twin = os.getpid(), os.fork()
        if twin:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            return twin
        try:
            self._told.close()  # else it could wait forever for a parent that is no more to hear it
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl+c reaches both: the parent ends it
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            gc.disable()
            done: dict[int, Result] = {}
            for at in self._drawn(range(len(self._tasks))[::-1]):
                if os.getppid() != parent:
                    break
                done[at] = self._tasks[at]()
            telling.send(done)
        except BaseException:
            logger.exception("The twin of a process failed")
        finally:
            os._exit(0)  # nothing of the parent's may be unwound here

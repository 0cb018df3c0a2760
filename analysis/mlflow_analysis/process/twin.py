"""Tasks divided between this process and a copy of it, which sees all that this one holds without holding it twice.

Only Linux has the copy: elsewhere the libraries that are loaded by then do not stand it.
"""

from __future__ import annotations

import gc
import logging
import os
import pickle
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from mmap import mmap
from types import TracebackType
from typing import BinaryIO, Generic, TypeVar

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
_ENDING = {signal.SIGINT, signal.SIGTERM}
"""Kept waiting until the twin has its own answer to them: until then it would do as its parent does."""


class Divided(Generic[Result]):
    """This process goes on from the first task, its twin from the last, until they meet.

    There is a ticket for each task in a pipe. Whoever draws one does the next task from its own end: no task is done
    twice, and neither has to know how far the other is. The first task is never the twin's, which is made once its
    ticket was drawn. What the twin's tasks give must be picklable.
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
        """Its process id, while there is one."""
        self._telling: BinaryIO = (
            os.fdopen(os.memfd_create("telling"), "w+b") if self._wanted else BytesIO()
        )
        """Where it puts what each of its tasks gave: memory, since a pipe would have to be emptied meanwhile."""

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
            os.kill(self._twin, signal.SIGKILL)  # nobody waits for what it does
            self._see_off()
        self._telling.close()

    def do(self) -> Iterator[int]:
        """Do what falls to this process; before each task, tells how many were begun by either."""
        for at in self._drawn(range(len(self._tasks))):
            if at == 0 and self._wanted and len(self._tasks) > 1:
                self._make_twin()
            yield self._begun[:].count(1)
            self._done[at] = self._tasks[at]()

    def results(self) -> Iterator[Result]:
        """What each task gave, in their order, once the twin is done too. What was lost with it is done again."""
        if self._twin:
            self._see_off()
            self._done |= self._told()
            if len(self._done) < len(self._tasks):
                logger.warning("The twin of this process was lost, and what it was doing")
        for at, task in enumerate(self._tasks):
            yield self._done[at] if at in self._done else task()

    def _see_off(self) -> None:
        os.waitpid(self._twin, 0)
        self._twin = 0
        gc.unfreeze()  # what is in a circle by then may go again

    def _told(self) -> dict[int, Result]:
        """What the twin has done, which is no more."""
        told: dict[int, Result] = {}
        self._telling.seek(0)
        try:
            while True:
                at, result = pickle.load(self._telling)  # noqa: S301 - of this program's own
                told[at] = result
        except (EOFError, pickle.UnpicklingError):  # that is all, or it was lost in the middle
            return told

    def _drawn(self, places: Sequence[int]) -> Iterator[int]:
        for at in places:
            if not os.read(self._tickets, 1):
                return
            self._begun[at] = 1
            yield at

    def _make_twin(self) -> None:
        gc.freeze()  # to look at an object, as the collector does, is to copy its page
        parent, before = os.getpid(), signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        try:
            with warnings.catch_warnings():
                # of locks that other threads hold: the twin does the tasks only, which no other thread has a hand in
                warnings.simplefilter("ignore", DeprecationWarning)
                twin = os.fork()
        except OSError as error:  # too little memory for it, or too many processes
            gc.unfreeze()
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            logger.warning("This process does all tasks itself: %s", error)
            return
        if twin:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            self._twin = twin
            return
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl+c reaches both: the parent ends it
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            gc.disable()
            for at in self._drawn(range(len(self._tasks))[::-1]):
                if os.getppid() != parent:
                    break
                pickle.dump((at, self._tasks[at]()), self._telling, pickle.HIGHEST_PROTOCOL)
                self._telling.flush()
        except BaseException:
            logger.exception("The twin of a process failed")
        finally:
            os._exit(0)  # nothing of the parent's may be unwound here

"""A process beside this one, for a task whose libraries take longer to load than this process should wait."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from functools import partial
from importlib import import_module
from typing import TypeVar

from mlflow_analysis.process import fresh

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


class Aside:
    """It begins fresh, so it loads what it needs while this process does something else, and shares no lock with it."""

    def __init__(self, needs: Sequence[str]) -> None:
        """``needs``: modules to load at once, without pandas."""
        context = multiprocessing.get_context(
            "spawn"
        )  # a server that forks is one more to wait for
        self._process = ProcessPoolExecutor(
            1, context, initializer=fresh.settle_in, initargs=(fresh.log(),)
        )
        self._process.submit(_load, needs)

    def begin(self, task: Callable[[], Result]) -> Callable[[], Result]:
        """Hand a task over. Returns what waits for its result, and does it here if the process could not."""
        try:
            future = self._process.submit(task)
        except BrokenExecutor:
            return partial(_done_here, task)

        def result() -> Result:
            try:
                return future.result()
            except Exception:  # noqa: BLE001 - here it is met again, or not
                return _done_here(task)

        return result

    def close(self) -> None:
        """Let it go, without waiting for it."""
        self._process.shutdown(wait=False, cancel_futures=True)


def _load(modules: Sequence[str]) -> None:
    with fresh.without("pandas"):
        for name in modules:
            import_module(name)


def _done_here(task: Callable[[], Result]) -> Result:
    logger.warning("A task could not be done aside, so it is done here", exc_info=True)
    return task()

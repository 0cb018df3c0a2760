"""Where worker processes come from: a process that has loaded what they need, once for all of them.

It is copied for each worker, and does nothing else: a copy of this process would hold its locks and its connections.
It goes when nobody has workers any more, since it takes 45 MB.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.context import BaseContext

_LOADED = ["__main__", "mlflow_analysis.reading.worker", "mlflow_analysis.tracking.reopening"]
_guard = threading.Lock()
_users = 0
"""How many have, or will have, workers from there."""


def context() -> BaseContext:
    """How to start a worker. Where no process can be copied, each loads what it needs itself."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload(_LOADED)
    return forking


def prepare() -> None:
    """Begin to load what workers need, while this process does something else."""
    if context().get_start_method() == "forkserver":
        from multiprocessing import forkserver, resource_tracker

        resource_tracker.ensure_running()  # else begun below, which lets all signals through
        # ctrl+c reaches all: while it loads it would take that for itself
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def enter() -> None:
    """Workers are wanted, until ``leave``."""
    global _users
    with _guard:
        _users += 1
        prepare()


def leave(parent: int | None) -> None:
    """Workers are wanted no more; ``parent`` is the process that they came from, if they told it."""
    global _users
    with _guard:
        _users -= 1
        if not _users and parent is not None and sys.platform == "linux":
            with contextlib.suppress(ProcessLookupError, ChildProcessError):  # lost, and replaced
                # nobody else's: a worker that has lost its parent tells who took it in
                os.waitid(os.P_PID, parent, os.WEXITED | os.WNOWAIT | os.WNOHANG)
                os.kill(parent, signal.SIGKILL)
                # to clear it away is left to whoever starts the next one
                os.waitid(os.P_PID, parent, os.WEXITED | os.WNOWAIT)

"""Where worker processes come from: a process that has loaded what they need, once for all of them.

It is copied for each worker, and does nothing else: a copy of this process would hold its locks and its connections.
It goes when nobody has workers any more, since it takes 45 MB.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
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
        from multiprocessing import forkserver

        forkserver.ensure_running()


def enter() -> None:
    """Workers will be wanted, until ``leave``."""
    global _users
    with _guard:
        _users += 1


def leave(parent: int | None) -> None:
    """Workers are wanted no more; ``parent`` is the process that they came from, if they told it."""
    global _users
    with _guard:
        _users -= 1
        if not _users and parent is not None and parent != os.getpid():
            os.kill(parent, signal.SIGTERM)
            os.waitid(os.P_PID, parent, os.WEXITED | os.WNOWAIT)  # its next start clears it away

"""Workers come from a process that has loaded what they need, and that goes with the last of them."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from multiprocessing import forkserver

import pytest

from mlflow_analysis.reading import nursery
from mlflow_analysis.reading.executors import FEWEST_FOR_PROCESSES, Processes, get_ready_for
from mlflow_analysis.source import TraceSource

pytestmark = pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="nothing tells when a process ends"
)
LOADED = "'mlflow_analysis.tracking.reopening' in __import__('sys').modules"


def _place(source: TraceSource) -> Processes:
    assert source.spec is not None
    return Processes(source.spec, 2)


def _ends(process: int, within_s: float) -> bool:
    descriptor = os.pidfd_open(process)
    try:
        return bool(select.select([descriptor], [], [], within_s)[0])
    finally:
        os.close(descriptor)


def test_a_worker_begins_with_all_loaded_and_is_no_copy_of_this_process(
    source: TraceSource,
) -> None:
    place = _place(source)
    try:
        assert place._pool.submit(eval, LOADED).result()
        assert place._pool.submit(os.getppid).result() != os.getpid()
        kept_waiting = place._pool.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ()).result()
        assert signal.SIGINT in kept_waiting  # also while it loaded
    finally:
        place.close()


def test_where_workers_come_from_ends_with_the_last_that_has_some(source: TraceSource) -> None:
    one, other = _place(source), _place(source)
    try:
        parent = one._pool.submit(os.getppid).result()
        one._let_go()
        assert not _ends(parent, 0)
        assert other.submit([]).result().skipped == ()
    finally:
        other.close()
    assert _ends(parent, 30)


def test_workers_can_be_had_again_afterwards(source: TraceSource) -> None:
    for _ in range(2):
        place = _place(source)
        assert place.submit([]).result().skipped == ()
        place._let_go()


def test_nothing_is_ended_that_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that has lost its parent tells the process that took it in."""
    orphan = "sleep 60 >/dev/null 2>&1 & echo $!"
    other = int(subprocess.run(["sh", "-c", orphan], capture_output=True, check=True).stdout)
    try:
        monkeypatch.setattr(nursery, "_users", 1)
        nursery.leave(other)
        assert not _ends(other, 0.2)
    finally:
        os.kill(other, signal.SIGKILL)


def test_it_is_got_ready_only_where_there_will_be_workers(
    source: TraceSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(forkserver, "ensure_running", lambda: asked.append(True))
    get_ready_for(source, FEWEST_FOR_PROCESSES - 1, 2)
    get_ready_for(source, FEWEST_FOR_PROCESSES, 1)
    get_ready_for(source, FEWEST_FOR_PROCESSES, 2, "dask://scheduler:8786")
    assert not asked
    get_ready_for(source, FEWEST_FOR_PROCESSES, 2)
    assert asked

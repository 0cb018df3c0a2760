"""Tasks divided between a process and its twin: each is done once, and none is lost."""

from __future__ import annotations

import errno
import gc
import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from mlflow_analysis.process.twin import Divided

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no twin")


Task = Callable[[], tuple[int, int]]


def _who(number: int) -> tuple[int, int]:
    return number, os.getpid()


def _meeting(count: int, task: Callable[[int], tuple[int, int]] = _who) -> list[Task]:
    """Tasks of which the second waits until somebody has begun the last: two are needed for them."""
    waiting, come = os.pipe()

    def second() -> tuple[int, int]:
        os.write(come, os.read(waiting, 1))  # it may have to be done again
        return task(1)

    def last() -> tuple[int, int]:
        os.write(come, b".")
        return task(count - 1)

    between = [partial(task, number) for number in range(2, count - 1)]
    return [partial(task, 0), second, *between, last]


def _done(tasks: list[Task], *, twin: bool = True) -> list[tuple[int, int]]:
    with Divided(tasks, twin=twin) as divided:
        for _ in divided.do():
            pass
        return list(divided.results())


def _children() -> set[int]:
    told = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    return set(map(int, told.split()))


def test_both_do_their_share_from_their_own_end_and_results_come_in_order():
    results = _done(_meeting(200))
    assert [number for number, _ in results] == list(range(200))
    who = [process for _, process in results]
    mine = who.count(os.getpid())
    assert 0 < mine < 200
    assert set(who[:mine]) == {os.getpid()}
    assert len(set(who[mine:])) == 1


def test_alone_it_does_all():
    assert _done([partial(_who, number) for number in range(5)], twin=False) == [
        (number, os.getpid()) for number in range(5)
    ]


def test_there_may_be_nothing_to_do():
    assert _done([]) == []


def test_the_twin_may_be_there_from_the_beginning_and_leaves_the_first_task_to_its_parent():
    waiting, come = os.pipe()

    def first() -> tuple[int, int]:
        os.read(waiting, 1)
        return _who(0)

    def second() -> tuple[int, int]:
        os.write(come, b".")
        return _who(1)

    with Divided([first, second], twin=True) as divided:
        for _ in divided.do():
            pass
        (_, mine), (_, its) = divided.results()
    assert mine == os.getpid() != its


def test_no_twin_is_made_for_what_this_process_has_begun():
    before = _children()
    with Divided([partial(_who, 0)], twin=True) as divided:
        assert [_children() - before for _ in divided.do()] == [set()]


def test_what_was_begun_by_either_is_told():
    with Divided(_meeting(50), twin=True) as divided:
        begun = list(divided.do())
    assert begun == sorted(begun)
    assert all(at < told <= 50 for at, told in enumerate(begun))
    assert len(begun) < 3 or begun[2] > 3


def test_each_task_sees_what_was_there_before_without_its_being_sent():
    unpicklable = {at: (lambda at=at: at) for at in range(20)}
    results = _done(_meeting(20, lambda at: (unpicklable[at](), os.getpid())))
    assert [number for number, _ in results] == list(range(20))
    assert len({process for _, process in results}) == 2


def _dies_elsewhere(home: int, number: int) -> tuple[int, int]:
    if os.getpid() != home:
        os.kill(os.getpid(), signal.SIGKILL)
    return _who(number)


def _fails_elsewhere(home: int, number: int) -> tuple[int, int]:
    if os.getpid() != home:
        raise MemoryError
    return _who(number)


def _untellable_elsewhere(home: int, number: int) -> tuple[int, int]:
    return _who(number) if os.getpid() == home else lambda: None  # type: ignore[return-value]


@pytest.mark.parametrize("fault", [_dies_elsewhere, _fails_elsewhere, _untellable_elsewhere])
def test_what_a_lost_twin_had_begun_is_done_here(
    fault: Callable[[int, int], tuple[int, int]], caplog: pytest.LogCaptureFixture
):
    results = _done(_meeting(20, partial(fault, os.getpid())))
    assert results == [(number, os.getpid()) for number in range(20)]
    assert "was lost" in caplog.text


def test_what_a_twin_had_done_before_it_was_lost_counts(caplog: pytest.LogCaptureFixture):
    home, before = os.getpid(), _children()

    def task(number: int) -> tuple[int, int]:
        if os.getpid() != home and number == 17:
            os.kill(os.getpid(), signal.SIGKILL)
        if os.getpid() == home and number == 2:
            (twin,) = _children() - before
            os.waitid(os.P_PID, twin, os.WEXITED | os.WNOWAIT)  # leaves it there
        return _who(number)

    results = _done(_meeting(20, task))
    assert [number for number, _ in results] == list(range(20))
    who = [process for _, process in results]
    assert who[:18] == [home] * 18
    assert who[18] == who[19] != home
    assert "was lost" in caplog.text


def test_where_no_twin_can_be_made_all_is_done_here(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def too_many() -> int:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    blocked, circle = signal.pthread_sigmask(signal.SIG_BLOCK, ()), _Circle()
    known = weakref.ref(circle)
    monkeypatch.setattr(os, "fork", too_many)
    assert _done([partial(_who, number) for number in range(5)]) == [
        (number, os.getpid()) for number in range(5)
    ]
    assert "does all tasks itself" in caplog.text
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == blocked
    del circle
    gc.collect()
    assert known() is None


def test_to_leave_early_ends_the_twin():
    before = _children()
    with pytest.raises(KeyError), Divided(_meeting(10_000), twin=True) as divided:
        steps = divided.do()
        next(steps), next(steps)
        assert len(_children() - before) == 1
        raise KeyError
    assert _children() == before


class _Circle:
    def __init__(self) -> None:
        self.itself = self


def test_what_was_there_when_the_twin_was_made_can_be_let_go_afterwards():
    circle = _Circle()
    known = weakref.ref(circle)
    _done(_meeting(5))
    del circle
    gc.collect()
    assert known() is None


def _runs(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


_FAMILY = """
import os, time
from mlflow_analysis.process.twin import Divided

def much():
    while not divided._begun[1]:
        time.sleep(0.001)
    print(flush=True)
    return bytes(1_000_000)

with Divided({tasks}, twin=True) as divided:
    for at, _ in enumerate(divided.do()):
        if at == 0:
            print(divided._twin, flush=True)
"""
_MUCH_TO_DO = "[lambda: time.sleep(0.05)] * 5000"
_MUCH_TO_TELL = "[lambda: None, lambda: time.sleep(600), much]"


@pytest.mark.parametrize(("tasks", "lines"), [(_MUCH_TO_DO, 1), (_MUCH_TO_TELL, 2)])
def test_the_twin_does_not_outlive_a_parent_that_was_killed(tasks: str, lines: int):
    family = [sys.executable, "-c", _FAMILY.format(tasks=tasks)]
    with subprocess.Popen(family, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        (twin,) = filter(str.strip, (parent.stdout.readline().decode() for _ in range(lines)))
        parent.kill()
    end = time.monotonic() + 60
    while _runs(int(twin)):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_ctrl_c_is_for_the_parent_to_answer():
    home = os.getpid()

    def interrupted(number: int) -> tuple[int, int]:
        if os.getpid() != home:
            os.kill(os.getpid(), signal.SIGINT)
        return _who(number)

    results = _done(_meeting(20, interrupted))
    assert len({process for _, process in results}) == 2

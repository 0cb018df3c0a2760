"""A task done by a process beside this one: its result is the same, wherever it was done in the end."""

from __future__ import annotations

import multiprocessing.connection
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from mlflow_analysis.process.aside import Aside


@pytest.fixture
def aside() -> Iterator[Aside]:
    begun = Aside([])
    yield begun
    begun.close()


def _who(number: int) -> tuple[int, int]:
    return number, os.getpid()


def _loaded(*names: str) -> list[bool]:
    return [name in sys.modules for name in names]


def _dies_elsewhere(home: int) -> tuple[int, int]:
    if os.getpid() != home:
        os.kill(os.getpid(), signal.SIGKILL)
    return _who(7)


def _fails_elsewhere(home: int) -> tuple[int, int]:
    if os.getpid() != home:
        raise MemoryError
    return _who(7)


def _untellable_elsewhere(home: int) -> tuple[int, int]:
    return _who(7) if os.getpid() == home else lambda: None  # type: ignore[return-value]


def test_the_task_is_done_by_another_process(aside: Aside) -> None:
    number, who = aside.begin(partial(_who, 7))()
    assert number == 7
    assert who != os.getpid()


def test_it_has_loaded_what_the_task_needs_without_pandas() -> None:
    aside = Aside(["zipfile", "sklearn.utils.fixes"])  # which loads pandas where it can
    loaded = aside.begin(partial(_loaded, "zipfile", "sklearn.utils.fixes", "pandas"))()
    aside.close()
    assert loaded == [True, True, False]


@pytest.mark.parametrize("fault", [_dies_elsewhere, _fails_elsewhere, _untellable_elsewhere])
def test_what_it_cannot_do_is_done_here(
    aside: Aside, fault: Callable[[int], tuple[int, int]], caplog: pytest.LogCaptureFixture
) -> None:
    assert aside.begin(partial(fault, os.getpid()))() == (7, os.getpid())
    assert "it is done here" in caplog.text


def test_what_it_was_not_there_for_is_done_here(aside: Aside) -> None:
    aside.begin(partial(_dies_elsewhere, os.getpid()))()
    assert aside.begin(partial(_who, 8))() == (8, os.getpid())


def test_what_is_wrong_with_the_task_is_met_here(aside: Aside) -> None:
    with pytest.raises(ZeroDivisionError):
        aside.begin(partial(divmod, 1, 0))()


def test_a_library_that_is_missing_there_is_missed_by_the_task_alone() -> None:
    aside = Aside(["no_such_library"])
    number, who = aside.begin(partial(_who, 7))()
    aside.close()
    assert number == 7
    assert who != os.getpid()


def test_it_ends_when_it_is_let_go_whether_it_had_a_task_or_not() -> None:
    before = set(multiprocessing.active_children())
    for task in (None, partial(_who, 7), threading.Event):
        aside = Aside([])
        if task is not None:
            aside.begin(task)
        aside.close()
    for each in set(multiprocessing.active_children()) - before:
        assert multiprocessing.connection.wait([each.sentinel], 60)

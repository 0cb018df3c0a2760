"""What takes long to make and is only read or copied: made once, for all of pytest's processes."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

_shared: list[Path] = []


def share(factory: pytest.TempPathFactory) -> None:
    """Say where: what processes of one run share is in the directory that theirs are in."""
    own = factory.getbasetemp()
    _shared[:] = [own.parent if "PYTEST_XDIST_WORKER" in os.environ else own]


def is_shared() -> bool:
    """Whether there is such a place: not outside pytest."""
    return bool(_shared)


def made_once(name: str, make: Callable[[Path], object]) -> Path:
    """The directory ``name`` that ``make`` has filled, by whichever process asked for it first.

    It must stay as it is: who wants to change something copies it.
    """
    place, done = _shared[0] / name, _shared[0] / f"{name}.made"
    with (_shared[0] / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(place, ignore_errors=True)  # somebody failed to
            place.mkdir()
            make(place)
            done.touch()
    return place

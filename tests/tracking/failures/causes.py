"""What a cause of failure is: a function marked ``@cause("…")`` that yields the ``Attempt`` to make.

While it yields, a place is broken, for real, in the way that its name says.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tracking.databricks_double import Workspace

SECRET = "hunter2-s3cret"


@dataclass(frozen=True)
class Attempt:
    """What a person does: an address, and variables."""

    address: str
    variables: dict[str, str] = field(default_factory=dict)
    waits: bool = False
    """It takes until the time-out."""


@dataclass(frozen=True)
class Surroundings:
    """What stands ready to be broken."""

    directory: Path
    """Empty, of this cause's own."""
    store: Path
    """A SQLite store of this cause's own."""
    files: Path
    postgresql: str
    mariadb: str
    with_sign_in: str
    """``mlflow server`` with basic authentication."""
    workspace: Workspace
    patch: pytest.MonkeyPatch
    """Undone when the cause is over."""


Cause = Callable[[Surroundings], "contextlib.AbstractContextManager[Attempt]"]
CAUSES: dict[str, Cause] = {}


def cause(name: str) -> Callable[[Callable[[Surroundings], Iterator[Attempt]]], Cause]:
    def kept(make: Callable[[Surroundings], Iterator[Attempt]]) -> Cause:
        CAUSES[name] = contextlib.contextmanager(make)
        return CAUSES[name]

    return kept

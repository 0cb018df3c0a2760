"""Python's cyclic garbage collector, set for a process that holds millions of records which form no cycles."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_rest() -> Iterator[None]:
    """Within, it does not look at all: while libraries load it would go through all of them again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def relax() -> None:
    """Have it look seldom, and never again at what is loaded by now: else it takes half of the time."""
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)

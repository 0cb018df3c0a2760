"""Python's cyclic garbage collector, set for a process that holds millions of records which form no cycles."""

from __future__ import annotations

import gc


def relax() -> None:
    """Have it look seldom, and never again at what is loaded by now: else it takes half of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)

"""Which traces are read where not all are: a scheme that can be stated, and a sentence that states it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from mlflow_analysis.records import TraceOutline


class Scheme(str, Enum):
    """How a sample is taken."""

    NEWEST = "newest"
    SPREAD = "spread"
    """Whole sessions, evenly over the time of all of them."""


def spread(outlines: Sequence[TraceOutline], most: int) -> list[TraceOutline]:
    """At most ``most`` traces: whole sessions, evenly over time, as many as fit.

    Sessions in order of their start are taken in the order of bit-reversed numbers (van der Corput 1935):
    the first, the one in the middle, those at the quarters … so that wherever it ends, what was taken lies
    evenly. One that no longer fits is passed over. A trace without a session is a session of its own.
    """
    sessions: dict[str, list[TraceOutline]] = {}
    for each in sorted(outlines, key=lambda each: (each.start_ms, each.trace_id)):
        sessions.setdefault(each.session_id or f"\0{each.trace_id}", []).append(each)
    in_order = list(sessions.values())
    bits = max(1, (len(in_order) - 1).bit_length())
    taken: list[TraceOutline] = []
    for number in range(1 << bits):
        at = int(f"{number:0{bits}b}"[::-1], 2)
        if at < len(in_order) and len(taken) + len(in_order[at]) <= most:
            taken += in_order[at]
    return taken


def stated(scheme: Scheme, read: int, total: int) -> str:
    """What a report says of its sample."""
    if scheme is Scheme.NEWEST:
        return f"Only the newest {read:,} of {total:,} traces were read."
    return (
        f"A sample of {read:,} of {total:,} traces was read: whole sessions, evenly over time. Counts are of "
        "the sample, shares estimate those of all traces."
    )

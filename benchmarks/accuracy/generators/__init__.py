"""Everything that can be planted, one or more for each claim of the catalogue."""

from __future__ import annotations

from benchmarks.accuracy.generators import (
    conversation,
    flow,
    performance,
    quality,
    services,
    strengths,
)
from benchmarks.accuracy.planting import Generator

ALL: tuple[Generator, ...] = (
    services.GENERATORS
    + flow.GENERATORS
    + performance.GENERATORS
    + quality.GENERATORS
    + conversation.GENERATORS
    + strengths.GENERATORS
)

"""What looks like a fault and is not: the "not flagged" column of the catalogue, claim by claim."""

from __future__ import annotations

from benchmarks.accuracy.near_misses import answers, operational
from benchmarks.accuracy.planting import Generator

NEAR_MISSES: tuple[Generator, ...] = operational.NEAR_MISSES + answers.NEAR_MISSES

"""All of it: run the scenarios, make the table."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec

from benchmarks.accuracy.jobs import outcomes, plan
from benchmarks.accuracy.tables import acceptance, by_generator, failures
from benchmarks.figures import Figure


def measure(*, quick: bool = False) -> tuple[list[Figure], str]:
    """The figures with their limits, and the details as text."""
    jobs = plan(quick=quick)
    print(f"Analysing {len(jobs)} scenarios …", file=sys.stderr)
    results = list(outcomes(jobs))
    details = f"{by_generator(results)}\n\nMisses and false alarms\n{failures(results)}"
    return acceptance(results) + _calibration(), details


def _calibration() -> list[Figure]:
    """Type-I error and coverage: a benchmark of the statistics alone, where it is installed."""
    name = "benchmarks.calibration"
    if find_spec(name) is None:
        return [Figure("type-I error and interval coverage", "not measured")]
    figures: list[Figure] = import_module(name).measure()
    return figures

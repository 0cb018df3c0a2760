"""All of it: run the scenarios, make the table."""

from __future__ import annotations

import sys

from benchmarks import calibration
from benchmarks.accuracy.jobs import outcomes, plan
from benchmarks.accuracy.tables import acceptance, by_generator, failures
from benchmarks.figures import Figure


def measure(*, quick: bool = False) -> tuple[list[Figure], str]:
    """The figures with their limits, and the details as text."""
    jobs = plan(quick=quick)
    print(f"Analysing {len(jobs)} scenarios …", file=sys.stderr)
    results = list(outcomes(jobs))
    details = f"{by_generator(results)}\n\nMisses and false alarms\n{failures(results)}"
    print("Measuring type-I errors and coverage …", file=sys.stderr)
    return acceptance(results) + calibration.measure(), details

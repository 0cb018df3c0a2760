"""``python -m benchmarks [startup] [throughput] [accuracy]``: all three if none is named."""

from __future__ import annotations

import argparse
import sys

from benchmarks import startup, throughput
from benchmarks.accuracy import measuring
from benchmarks.figures import Figure, table

_PARTS = ("startup", "throughput", "accuracy")


def main() -> int:
    """Measure, print a table for each part, and tell by the exit code whether all limits are kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(_PARTS))
    parser.add_argument("--quick", action="store_true", help="a quarter of the accuracy scenarios")
    parser.add_argument("--runs", type=int, default=7, help="starts of each app (default 7)")
    options = parser.parse_args()
    unknown = set(options.parts) - set(_PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    wanted = options.parts or _PARTS
    figures: list[Figure] = []
    if "startup" in wanted:
        figures += _show("Start-up", startup.measure(options.runs))
    if "throughput" in wanted:
        figures += _show("Throughput", throughput.measure())
    if "accuracy" in wanted:
        accuracy, details = measuring.measure(quick=options.quick)
        print(details)
        figures += _show("Accuracy", accuracy)
    return 1 if any(figure.kept is False for figure in figures) else 0


def _show(title: str, figures: list[Figure]) -> list[Figure]:
    print(f"\n{title}\n{table(figures)}", flush=True)
    return figures


if __name__ == "__main__":
    sys.exit(main())

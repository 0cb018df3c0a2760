"""``python -m benchmarks [startup] [throughput] [catalogue] [accuracy] [labelled]``: all if none is named."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks import catalogue, labelled, startup, throughput
from benchmarks.accuracy import measuring
from benchmarks.figures import Figure, table

_PARTS = ("startup", "throughput", "catalogue", "accuracy", "labelled")


def main() -> int:
    """Measure, print a table for each part, and tell by the exit code whether all limits are kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(_PARTS))
    parser.add_argument("--quick", action="store_true", help="a quarter of the accuracy scenarios")
    parser.add_argument("--runs", type=int, default=7, help="starts of each app (default 7)")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="recorded traces with labels")
    parser.add_argument(
        "--readings", type=Path, metavar="FILE", help="what a reader says of unlabelled failures"
    )
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
    if "catalogue" in wanted:
        figures += _show("Catalogue", catalogue.measure())
    if "accuracy" in wanted:
        accuracy, details = measuring.measure(quick=options.quick)
        print(details)
        figures += _show("Accuracy", accuracy)
    if "labelled" in wanted and options.data is None:
        print(
            "\nRecorded traces: left out, since no folder with recorded traces was given (--data FOLDER)."
        )
    elif "labelled" in wanted:
        recorded, details = labelled.measure(options.data, options.readings)
        print(details)
        figures += _show("Recorded traces", recorded)
    return 1 if any(figure.kept is False for figure in figures) else 0


def _show(title: str, figures: list[Figure]) -> list[Figure]:
    print(f"\n{title}\n{table(figures)}", flush=True)
    return figures


if __name__ == "__main__":
    sys.exit(main())

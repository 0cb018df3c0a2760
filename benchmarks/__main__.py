"""``python -m benchmarks [PART …]``: all parts if none is named; ``--help`` lists them."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from benchmarks import (
    analysing,
    catalogue,
    labelled,
    opening,
    served,
    slow_line,
    startup,
    throughput,
    trace_table,
)
from benchmarks.accuracy import measuring
from benchmarks.figures import Figure, table
from benchmarks.large_store import make_large_store
from benchmarks.large_traces import write_large_traces

_LISTED = 100_000
_ON_A_LARGE_STORE: dict[str, tuple[str, Callable[[str], list[Figure]]]] = {
    "table": ("Trace table", lambda address: trace_table.measure(address, _LISTED)),
    "analysing": (
        "During an analysis and after it",
        lambda address: analysing.measure(address, _LISTED),
    ),
    "opening": ("From the key to the last byte", opening.measure),
    "line": ("Over a line of 50 kB a second", slow_line.measure),
}
"""Parts in a terminal of 120 by 40, on one store: title, and what measures."""
_PARTS = (
    "startup",
    *_ON_A_LARGE_STORE,
    "throughput",
    "served",
    "catalogue",
    "accuracy",
    "labelled",
)
_SEVERAL = {"terminal": ("startup", *_ON_A_LARGE_STORE)}
"""Names for several parts."""


def main() -> int:
    """Measure, print a table for each part, and tell by the exit code whether all limits are kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join([*_PARTS, *_SEVERAL]))
    parser.add_argument("--quick", action="store_true", help="a quarter of the accuracy scenarios")
    parser.add_argument("--runs", type=int, default=7, help="starts of each app (default 7)")
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        default=throughput.SIZES,
        metavar="N",
        help="traces of the stores that throughput is measured on",
    )
    parser.add_argument("--large", action="store_true", help="one of 100,000 traces as well")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="recorded traces with labels")
    parser.add_argument(
        "--readings", type=Path, metavar="FILE", help="what a reader says of unlabelled failures"
    )
    options = parser.parse_args()
    named = [part for name in options.parts for part in _SEVERAL.get(name, (name,))]
    unknown = set(named) - set(_PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    wanted = named or _PARTS
    figures: list[Figure] = []
    if "startup" in wanted:
        figures += _show("Start-up", startup.measure(options.runs))
    for title, found in _on_a_large_store(wanted):
        figures += _show(title, found)
    if "throughput" in wanted:
        sizes = [*options.sizes, *([throughput.LARGE] if options.large else [])]
        for size, found in throughput.measure(sizes):
            figures += _show(f"Throughput, {size}", found)
    if "served" in wanted:
        figures += _show("Over servers", served.measure())
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


def _on_a_large_store(wanted: Collection[str]) -> Iterator[tuple[str, list[Figure]]]:
    parts = [part for name, part in _ON_A_LARGE_STORE.items() if name in wanted]
    if not parts:
        return
    with tempfile.TemporaryDirectory() as directory:
        address = make_large_store(Path(directory) / "large.db", _LISTED)
        write_large_traces(address, Path(directory) / "artifacts")
        for title, measure in parts:
            yield f"{title}, in a terminal of 120 by 40", measure(address)


def _show(title: str, figures: list[Figure]) -> list[Figure]:
    print(f"\n{title}\n{table(figures)}", flush=True)
    return figures


if __name__ == "__main__":
    sys.exit(main())

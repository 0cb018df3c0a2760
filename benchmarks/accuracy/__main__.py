"""``python -m benchmarks.accuracy [--quick]``: the acceptance table on made traces.

The exit code tells whether all limits are kept.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.accuracy.measuring import measure
from benchmarks.figures import table


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a quarter of it, in two minutes")
    options = parser.parse_args()
    figures, details = measure(quick=options.quick)
    print(details)
    print(f"\nAccuracy\n{table(figures)}")
    return 1 if any(figure.kept is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())

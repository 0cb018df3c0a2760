"""Numbers as people read them: counts, shares, durations, sparklines."""

from __future__ import annotations

from collections.abc import Sequence

from mlflow_analysis.findings.evidence import TrendPoint
from mlflow_analysis.findings.kinds import Unit

_SPARKS = "▁▂▃▄▅▆▇█"
_ASCII_SPARKS = "_.-=+*#@"


def grouped(number: float) -> str:
    """A count with thousands apart: ``1,204``."""
    return f"{number:,.0f}"


_ROUNDING = 1e-12
"""What sums leave of an interval that begins at 0."""


def share(rate: float) -> str:
    """A share of 0 to 1 as per cent, with as many digits as it carries: ``5.2%``, ``<0.1%``."""
    percent = rate * 100 if rate > _ROUNDING else 0.0
    if 0 < percent < 0.1:
        return "<0.1%"
    if percent >= 99.95 or percent == 0:
        return f"{percent:.0f}%"
    return f"{percent:.1f}%" if percent < 10 else f"{percent:.0f}%"


def milliseconds(ms: float | None) -> str:
    """A duration: ``340 ms``, ``1.2 s``, ``3 min``; ``–`` where it is not known."""
    if ms is None:
        return "–"
    if ms < 1000:
        return f"{ms:.0f} ms"
    seconds = ms / 1000
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 100 else spell_seconds(seconds)


def spell_seconds(seconds: float) -> str:
    """Time left or lost: ``12 s``, ``3 min``, ``2 h 05 min``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def units(unit: Unit, number: float) -> str:
    """The unit's name in the right number."""
    return unit.value if number == 1 else unit.value + "s"


def sparkline(trend: Sequence[TrendPoint], width: int, *, ascii_only: bool = False) -> str:
    """Share affected over time, oldest first, on ``width`` columns at most; empty without a course.

    Neighbouring buckets are added up where there are more of them than columns. A bucket without
    units is a space.
    """
    merged = merge_buckets(trend, width)
    rates = [point.affected / point.eligible if point.eligible else None for point in merged]
    top = max((rate for rate in rates if rate is not None), default=0.0)
    if len(merged) < 2 or top == 0:
        return ""
    steps = _ASCII_SPARKS if ascii_only else _SPARKS
    return "".join(
        " " if rate is None else steps[min(len(steps) - 1, int(rate / top * len(steps)))]
        for rate in rates
    )


def merge_buckets(trend: Sequence[TrendPoint], most: int) -> list[TrendPoint]:
    """At most ``most`` buckets, neighbours added up so that none is lost."""
    if not trend or most <= 0:
        return []
    size = -(-len(trend) // most)
    return [
        TrendPoint(
            chunk[0].start_ms,
            sum(point.eligible for point in chunk),
            sum(point.affected for point in chunk),
        )
        for chunk in (trend[start : start + size] for start in range(0, len(trend), size))
    ]

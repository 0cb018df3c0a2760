"""The one time axis of a trace: where bars begin and end, and round times to mark on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from mlflow_analysis.protocol import SpanView

COLUMNS_PER_TICK = 11


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """What part of a trace is seen. All times in nanoseconds; ``zero_ns`` is where the trace begins."""

    zero_ns: int
    start_ns: int
    length_ns: int

    def bar(self, start_ns: int, end_ns: int, width: int) -> tuple[int, int]:
        """Columns before a bar, and its length on ``width``: at least one column, never past the edges.

        The length is 0 for what lies wholly outside.
        """
        stop_ns = self.start_ns + self.length_ns
        if end_ns < self.start_ns or start_ns > stop_ns:
            return 0, 0
        low, high = max(start_ns, self.start_ns), min(end_ns, stop_ns)
        lead = min(int((low - self.start_ns) / self.length_ns * width), width - 1)
        length = max(1, round((high - low) / self.length_ns * width))
        return lead, min(length, width - lead)

    def ticks(self, width: int) -> list[tuple[int, str]]:
        """Column and label of round times since the trace began, as many as ``width`` has room for."""
        most = max(1, width // COLUMNS_PER_TICK)
        step = _round_step(self.length_ns / most)
        first = -(-(self.start_ns - self.zero_ns) // step)
        ticks: list[tuple[int, str]] = []
        for number in range(int(first), int(first) + most + 2):
            at = number * step
            column = int((at + self.zero_ns - self.start_ns) / self.length_ns * width)
            label = _label(at, step)
            if column + len(label) <= width and (
                not ticks or column > ticks[-1][0] + len(ticks[-1][1])
            ):
                ticks.append((column, label))
        return ticks


def whole_axis(spans: Sequence[SpanView]) -> TimeAxis:
    """From the start of the first span to the end of the last."""
    start = min((span.record.start_ns for span in spans), default=0)
    end = max((span.record.end_ns or span.record.start_ns for span in spans), default=1)
    return TimeAxis(start, start, max(1, end - start))


def _round_step(least_ns: float) -> int:
    """1, 2 or 5 times a power of ten, in nanoseconds; above a minute, whole minutes."""
    if least_ns > 60e9:
        return int(60e9) * _round_step(least_ns / 60e9)
    power = 10 ** floor(log10(max(1.0, least_ns)))
    return int(next(power * each for each in (1, 2, 5, 10) if power * each >= least_ns))


def _label(at_ns: int, step_ns: int) -> str:
    if step_ns >= 60e9:
        return f"{at_ns / 60e9:,.0f} min"
    if step_ns >= 5e8:
        return f"{at_ns / 1e9:,.{0 if step_ns >= 1e9 else 1}f} s"
    if step_ns >= 1e6:
        return f"{at_ns / 1e6:,.0f} ms"
    return f"{at_ns / 1e6:,.{2 if step_ns >= 1e4 else 3}f} ms"

"""Charts as inline SVG: figures in, markup out. Colours are the stylesheet's, by class.

Every chart says in words what it shows (``aria-label``), and all text in it is escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from markupsafe import Markup

from mlflow_analysis.findings.evidence import TrendPoint
from mlflow_analysis.findings.statistics import TimePoint
from mlflow_analysis.report import figures
from mlflow_analysis.untrusted import single_line

WIDTH, HEIGHT = 720, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 26, 24
_LONGEST_LABEL = 60
Onset = tuple[int, str]
"""When something began, ms since the epoch, and what."""


def failures(timeline: Sequence[TimePoint], onsets: Iterable[Onset] = ()) -> Markup:
    """Traces of each bucket as bars, the failed ones at their foot. Empty for less than two buckets."""
    if len(timeline) < 2:
        return Markup()
    top = max(1, *(point.traces for point in timeline))
    frame = _Frame(timeline[0].start_ms, _end(timeline), top)
    bars = Markup().join(
        frame.bar(index, len(timeline), point.traces, "bar")
        + frame.bar(index, len(timeline), point.failed, "bar-bad")
        for index, point in enumerate(timeline)
    )
    failed = sum(point.failed for point in timeline)
    total = sum(point.traces for point in timeline)
    return frame.drawn(
        bars,
        f"{figures.count(failed)} of {figures.plural(total, 'trace')} failed, over time.",
        figures.count,
        onsets,
    )


def latency(timeline: Sequence[TimePoint], onsets: Iterable[Onset] = ()) -> Markup:
    """Median and 95th percentile of successful traces as lines. Empty without durations."""
    if len(timeline) < 2 or all(point.p95_ms is None for point in timeline):
        return Markup()
    top = max(point.p95_ms for point in timeline if point.p95_ms is not None)
    frame = _Frame(timeline[0].start_ms, _end(timeline), top or 1.0)
    lines = Markup().join(
        frame.line([getattr(point, name) for point in timeline], css)
        for name, css in (("p95_ms", "line-high"), ("p50_ms", "line"))
    )
    return frame.drawn(
        lines, "Median and 95th percentile of latency over time.", figures.duration, onsets
    )


def trend(points: Sequence[TrendPoint], onset_ms: int | None = None) -> Markup:
    """The share of affected units in each bucket as bars. Empty where nothing was ever affected."""
    rates = [point.affected / point.eligible if point.eligible else 0.0 for point in points]
    if len(points) < 2 or not any(rates):
        return Markup()
    width = points[1].start_ms - points[0].start_ms
    frame = _Frame(points[0].start_ms, points[-1].start_ms + width, max(rates), height=110)
    bars = Markup().join(
        frame.bar(index, len(rates), rate, "bar-bad") for index, rate in enumerate(rates)
    )
    onsets = [] if onset_ms is None else [(onset_ms, "since then")]
    return frame.drawn(bars, "Share of affected over time.", figures.percent, onsets)


def interval_bar(rate: float, bounds: tuple[float, float], top: float = 1.0) -> Markup:
    """A share and its interval on a scale of 0 to ``top``."""
    room = 118
    low, high, at = (
        1 + room * min(max(share / top, 0.0), 1.0) if top > 0 else 1.0 for share in (*bounds, rate)
    )
    return Markup(
        '<svg class="interval" viewBox="0 0 120 14" role="img" aria-label="{label}">'
        '<line class="axis" x1="1" y1="7" x2="119" y2="7"/>'
        '<rect class="range" x="{low:.1f}" y="4" width="{width:.1f}" height="6" rx="2"/>'
        '<rect class="point" x="{at:.1f}" y="1" width="2.4" height="12"/></svg>'
    ).format(
        label=f"{figures.percent(rate)}, {figures.interval(bounds)}",
        low=low,
        width=max(high - low, 1.0),
        at=min(at, 117.0),
    )


def _end(timeline: Sequence[TimePoint]) -> int:
    return timeline[-1].start_ms + timeline[1].start_ms - timeline[0].start_ms


class _Frame:
    """The plot area: time from left to right, a figure from 0 at the foot to ``top``."""

    def __init__(self, start_ms: int, end_ms: int, top: float, height: int = HEIGHT) -> None:
        self._start, self._end = start_ms, max(end_ms, start_ms + 1)
        self._top, self._height = top, height
        self._foot = height - _BOTTOM
        self._wide = WIDTH - _LEFT - _RIGHT

    def _x(self, moment_ms: float) -> float:
        return _LEFT + self._wide * (moment_ms - self._start) / (self._end - self._start)

    def _y(self, value: float) -> float:
        return self._foot - (self._foot - _TOP) * value / self._top

    def bar(self, index: int, of: int, value: float, css: str) -> Markup:
        """The bar of one of ``of`` buckets; nothing for nothing."""
        if not value:
            return Markup()
        step = self._wide / of
        tall = max(self._foot - self._y(value), 1.0)
        return Markup(
            '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
        ).format(css, _LEFT + index * step + step * 0.1, self._foot - tall, step * 0.8, tall)

    def line(self, values: Sequence[float | None], css: str) -> Markup:
        """A line through the middles of the buckets; it has a gap where there is no figure."""
        step = self._wide / len(values)
        path, pen = "", "M"
        for index, value in enumerate(values):
            if value is None:
                pen = "M"
                continue
            # a point alone would not be seen without a line of no length
            path += f"{pen}{_LEFT + (index + 0.5) * step:.1f} {self._y(value):.1f}h0"
            pen = "L"
        return Markup('<path class="{}" d="{}"/>').format(css, path)

    def drawn(
        self, content: Markup, label: str, said: Callable[[float], str], onsets: Iterable[Onset]
    ) -> Markup:
        """The chart with its axes, and a mark at each onset within it."""
        inside = [each for each in onsets if self._start <= each[0] <= self._end]
        told = "".join(f" {figures.moment(at)} UTC: {single_line(what)}." for at, what in inside)
        return Markup(
            '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}</svg>'
        ).format(WIDTH, self._height, label + told, self._axes(said), content, self._marks(inside))

    def _axes(self, said: Callable[[float], str]) -> Markup:
        parts = [
            Markup(
                '<line class="axis" x1="{}" y1="{y:.1f}" x2="{}" y2="{y:.1f}"/>'
                '<text class="label end" x="{}" y="{at:.1f}">{}</text>'
            ).format(
                _LEFT,
                WIDTH - _RIGHT,
                _LEFT - 6,
                said(value),
                y=self._y(value),
                at=self._y(value) + 4,
            )
            for value in (0, self._top / 2, self._top)
        ]
        short = self._end - self._start < 3 * 86_400_000
        for share, css in ((0.0, ""), (0.5, " middle"), (1.0, " end")):
            moment = int(self._start + share * (self._end - self._start))
            text = figures.moment(moment)[5:] if short else figures.day(moment)
            parts.append(
                Markup('<text class="label{}" x="{:.1f}" y="{}">{}</text>').format(
                    css, self._x(moment), self._height - 6, text
                )
            )
        return Markup().join(parts)

    def _marks(self, onsets: Iterable[Onset]) -> Markup:
        marks = []
        for number, (moment, what) in enumerate(onsets):
            x = self._x(moment)
            right = x > WIDTH * 0.6
            title = single_line(what)
            if len(title) > _LONGEST_LABEL:
                title = title[: _LONGEST_LABEL - 1] + "…"
            marks.append(
                Markup(
                    '<line class="onset" x1="{x:.1f}" y1="{}" x2="{x:.1f}" y2="{}"/>'
                    '<text class="label onset-label{}" x="{:.1f}" y="{}">{}</text>'
                ).format(
                    _TOP - 14,
                    self._foot,
                    " end" if right else "",
                    x + (-5 if right else 5),
                    11 + 12 * (number % 2),
                    f"{figures.moment(moment)[5:]} {title}",
                    x=x,
                )
            )
        return Markup().join(marks)

"""A figure over time, as a small plotext chart without colours of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timezone

from rich.style import Style
from rich.text import Text

from mlflow_analysis.findings.evidence import TrendPoint
from mlflow_tui.widgets.figures import merge_buckets, share

LEAST_WIDTH = 30
_TO_ASCII = str.maketrans("│┤┬└┼─├┴", "|++++-++")


def share_over_time(
    trend: Sequence[TrendPoint],
    width: int,
    height: int,
    *,
    frame: Style,
    curve: Style,
    ascii_only: bool = False,
    onset_ms: int | None = None,
) -> list[Text]:
    """Lines of a chart of affected over eligible units by time bucket, all UTC.

    Empty if there are fewer than two buckets with units, or less than ``LEAST_WIDTH`` columns.
    Buckets are added up to at most two a column, which is what braille can show.
    """
    points = [point for point in merge_buckets(trend, 2 * width) if point.eligible]
    return over_time(
        [(point.start_ms, point.affected / point.eligible * 100) for point in points],
        width,
        height,
        label=lambda value: share(value / 100),
        most=100.0,
        frame=frame,
        curve=curve,
        ascii_only=ascii_only,
        onset_ms=onset_ms,
    )


def over_time(
    values: Sequence[tuple[int, float | None]],
    width: int,
    height: int,
    *,
    label: Callable[[float], str],
    frame: Style,
    curve: Style,
    most: float = math.inf,
    ascii_only: bool = False,
    onset_ms: int | None = None,
) -> list[Text]:
    """Lines of a chart of a figure (from 0, at most ``most``) over time in ms, all UTC.

    Moments without a figure are left out; with fewer than two, or less than ``LEAST_WIDTH`` columns, there
    is no chart. A line below marks ``onset_ms``, if it is within.
    """
    known = [(at, value) for at, value in values if value is not None]
    if len(known) < 2 or width < LEAST_WIDTH:
        return []
    import plotext  # costs 80 ms, so not before the first chart

    times = [at / 1000 for at, _ in known]
    figures = [value for _, value in known]
    top = min(max(figures) * 1.1, most) or 1.0
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(width, height)
    plotext.plot(times, figures, marker="*" if ascii_only else "braille")
    plotext.xaxes(True, False)
    plotext.yaxes(True, False)
    plotext.ylim(0, top)
    ticks = [times[0], (times[0] + times[-1]) / 2, times[-1]]
    plotext.xticks(ticks, _time_labels(ticks))
    plotext.yticks([0, top / 2, top], [label(0), label(top / 2), label(top)])
    drawn = Text.from_ansi(plotext.build()).split()
    lines = [_coloured(line.plain.rstrip(), frame, curve, ascii_only) for line in drawn]
    if onset_ms is not None and times[0] <= onset_ms / 1000 <= times[-1]:
        lines.append(_onset(drawn[0].plain, onset_ms / 1000, times, width, ascii_only, curve))
    return lines


def _onset(
    first_line: str,
    onset: float,
    times: Sequence[float],
    width: int,
    ascii_only: bool,
    style: Style,
) -> Text:
    """A sign under the moment at which it began, and when that was."""
    edge = max(first_line.find("┤"), first_line.find("│")) + 1
    part = (onset - times[0]) / ((times[-1] - times[0]) or 1.0)
    column = edge + round(part * (width - edge - 1))
    sign = "^" if ascii_only else "▲"
    words = datetime.fromtimestamp(onset, timezone.utc).strftime("%b %d %H:%M")
    if column + len(words) + 2 <= width:
        return Text(f"{' ' * column}{sign} {words}", style, no_wrap=True, end="")
    before = max(0, column - len(words) - 1)
    return Text(f"{' ' * before}{words} {sign}", style, no_wrap=True, end="")


def _coloured(line: str, frame: Style, curve: Style, ascii_only: bool) -> Text:
    """The axis, left of and on the frame, is quiet; the curve is not."""
    edge = max(line.find("┤"), line.find("│"))
    if ascii_only:
        line = line.translate(_TO_ASCII)
    if edge < 0:
        return Text(line, frame, no_wrap=True, end="")
    return Text.assemble((line[: edge + 1], frame), (line[edge + 1 :], curve), no_wrap=True, end="")


def _time_labels(seconds: Sequence[float]) -> list[str]:
    """Dates, or times of day where all is within a day and a half."""
    days = (seconds[-1] - seconds[0]) / 86400
    form = "%b %d" if days > 3 else "%d %b %H:%M" if days > 1.5 else "%H:%M"
    return [datetime.fromtimestamp(second, timezone.utc).strftime(form) for second in seconds]

"""The share affected over time, as a small plotext chart without colours of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from rich.style import Style
from rich.text import Text

from mlflow_analysis.findings import TrendPoint
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
) -> list[Text]:
    """Lines of a chart of affected over eligible units by time bucket, all UTC.

    Empty if there are fewer than two buckets with units, or less than ``LEAST_WIDTH`` columns.
    Buckets are added up to at most two a column, which is what braille can show.
    """
    points = [point for point in merge_buckets(trend, 2 * width) if point.eligible]
    if len(points) < 2 or width < LEAST_WIDTH:
        return []
    import plotext  # costs 80 ms, so not before the first chart

    times = [point.start_ms / 1000 for point in points]
    rates = [point.affected / point.eligible * 100 for point in points]
    top = min(max(rates) * 1.1, 100.0) or 1.0
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(width, height)
    plotext.plot(times, rates, marker="*" if ascii_only else "braille")
    plotext.xaxes(True, False)
    plotext.yaxes(True, False)
    plotext.ylim(0, top)
    ticks = [times[0], (times[0] + times[-1]) / 2, times[-1]]
    plotext.xticks(ticks, _time_labels(ticks))
    plotext.yticks([0, top / 2, top], ["0%", share(top / 200), share(top / 100)])
    drawn = Text.from_ansi(plotext.build()).split()
    return [_coloured(line.plain.rstrip(), frame, curve, ascii_only) for line in drawn]


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

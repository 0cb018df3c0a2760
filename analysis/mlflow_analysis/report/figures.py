"""Figures as people read them: shares, durations, counts, moments. Unknown is a dash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone

from mlflow_analysis.findings.evidence import Effect, OutcomeContrast, TrendPoint
from mlflow_analysis.findings.judged import SecondOpinion

UNKNOWN = "–"
_BARS = "▁▂▃▄▅▆▇█"


def percent(share: float | None) -> str:
    """A share of 0 to 1 as a percentage: "12.3%", "0.041%", "100%"."""
    if share is None:
        return UNKNOWN
    value = round(share * 100, 4)
    if value in (0.0, 100.0):
        return f"{value:.0f}%"
    return f"{value:.2g}%" if 0 < value < 0.1 else f"{value:.1f}%"


def interval(bounds: tuple[float, float]) -> str:
    """Two shares as a range: "8.1% to 17.5%"."""
    return f"{percent(bounds[0])} to {percent(bounds[1])}"


def chance(probability: float) -> str:
    """A p or q value with its sign: "= 0.012", "< 0.0001"."""
    return "< 0.0001" if probability < 0.0001 else f"= {probability:.2g}"


def duration(milliseconds: float | None) -> str:
    """A duration in the unit that suits it: "840 ms", "2.4 s", "3.5 min", "2.1 h"."""
    if milliseconds is None:
        return UNKNOWN
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 120:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes = seconds / 60
    return f"{minutes:.1f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def count(number: float | None) -> str:
    """A count with thousands parted: "12,345"."""
    return UNKNOWN if number is None else f"{number:,.0f}"


def number(value: float) -> str:
    """Any other figure, to three significant digits: "2.35", "1,240", "0.012"."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def moment(epoch_ms: int | None) -> str:
    """A time in UTC, to the minute."""
    if epoch_ms is None:
        return UNKNOWN
    when = datetime.fromtimestamp(epoch_ms / 1000, tz=timezone.utc)
    return when.strftime("%Y-%m-%d %H:%M")


def day(epoch_ms: int) -> str:
    """The day of a time, in UTC."""
    return moment(epoch_ms)[:10]


def plural(quantity: float, noun: str) -> str:
    """A count and its noun: "1 trace", "12 sessions"."""
    irregular = {"retry": "retries", "query": "queries"}
    many = irregular.get(noun, noun + "s")
    return f"{count(quantity)} {noun if quantity == 1 else many}"


def _points(difference: float) -> str:
    return f"{difference * 100:+.1f}"


def effect(measured: Effect) -> str:
    """A contrast in words; differences of shares in points, shares as percentages, ratios as factors."""
    shown: Callable[[float], str] = number
    unit = ""
    if "difference" in measured.kind:
        shown, unit = _points, " points"
    elif "share" in measured.kind:
        shown = percent
    low, high = measured.interval
    text = (
        f"{measured.kind} {shown(measured.value)}{unit} "
        f"(95% interval {shown(low)} to {shown(high)})"
    )
    if measured.baseline is not None:
        baseline = number(measured.baseline) if shown is number else percent(measured.baseline)
        text += f", against {baseline} in the rest"
    return text


def outcome(contrast: OutcomeContrast) -> str:
    """A contrast of outcomes in words: "correctness fails in 50.0% of 12 sessions with it …"."""
    low, high = contrast.interval
    return (
        f"{contrast.outcome} in {percent(contrast.rate_with)} of "
        f"{plural(contrast.sessions_with, 'session')} with it and {percent(contrast.rate_without)} of "
        f"{count(contrast.sessions_without)} without: {_points(contrast.difference)} points "
        f"(95% interval {_points(low)} to {_points(high)}, q {chance(contrast.q_value)}), "
        f"{contrast.association}"
    )


def agreement(opinion: SecondOpinion) -> str:
    """How far a judge agreed: "Of 10 traces it was shown, it agreed with 8 …; that leaves 9.1% …"."""
    said = f"Of {plural(len(opinion.traces), 'sampled trace')} it agreed with {opinion.agreed}"
    unclear = len(opinion.traces) - opinion.decided
    if unclear:
        said += f" and could not tell for {unclear}"
    if opinion.corrected is None:
        return f"{said}."
    corrected = opinion.corrected
    return (
        f"{said} (agreement 95% interval {interval(opinion.agreement)}); without what it did not agree with, "
        f"the share would be {percent(corrected.rate)} ({interval(corrected.interval)})."
    )


def sparkline(trend: Sequence[TrendPoint]) -> str:
    """The rate in each bucket as a bar, the highest bucket full; a space where there was nothing."""
    rates = [point.affected / point.eligible if point.eligible else None for point in trend]
    top = max((rate for rate in rates if rate is not None), default=0.0)
    if top == 0.0:
        return ""
    return "".join(
        " " if rate is None else _BARS[min(int(rate / top * len(_BARS)), len(_BARS) - 1)]
        for rate in rates
    )


FILTERS = {
    each.__name__: each
    for each in (
        percent,
        interval,
        chance,
        duration,
        count,
        number,
        moment,
        day,
        plural,
        effect,
        outcome,
    )
}
"""What templates may call on a figure, by name."""

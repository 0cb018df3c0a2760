"""The charts of one finding as a page: the course of failures and latency, durations, attribute contrasts."""

from __future__ import annotations

from rich.text import Text

from mlflow_analysis.findings.evidence import Durations, RootCause
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.statistics import TimePoint
from mlflow_analysis.untrusted import single_line
from mlflow_tui.board.cards import Card
from mlflow_tui.widgets.chart import over_time, share_over_time
from mlflow_tui.widgets.figures import grouped, milliseconds, share, units
from mlflow_tui.widgets.finding_card import claim, stage_style
from mlflow_tui.widgets.glyphs import Glyphs
from mlflow_tui.widgets.interval_bar import interval_bar
from mlflow_tui.widgets.page import Page
from mlflow_tui.widgets.palette import Palette

_HEIGHT = 8
_MOST_CAUSES = 6
_LABEL_WIDTH = 9
_COUNT_WIDTH = 6


def charts_page(
    card: Card, timeline: tuple[TimePoint, ...], width: int, glyphs: Glyphs, palette: Palette
) -> tuple[Text, ...]:
    """All that can be drawn of a card on ``width`` columns; ``timeline`` is that of the whole window."""
    page = Page(width, glyphs, palette)
    page.paragraph(claim(card), palette.strong)
    found = card.finding
    if found is None:
        page.blank()
        page.paragraph("There is something to draw once there is a verdict.", palette.muted)
        return tuple(page.lines)
    before = len(page.lines)
    draw_course(
        page, card, found, _HEIGHT, "Affected over time", f"share of {units(found.unit, 2)}, UTC"
    )
    _window(page, timeline, found.onset_ms)
    if found.durations is not None:
        _durations(page, found.durations)
    _contrasts(page, card, found)
    if len(page.lines) == before:
        page.blank()
        page.paragraph("Nothing was found that could be drawn.", palette.muted)
    return tuple(page.lines)


def draw_course(page: Page, card: Card, found: Finding, height: int, name: str, aside: str) -> None:
    """The share affected over time, ``height`` lines high under ``name``; nothing where it cannot be drawn."""
    chart = share_over_time(
        found.trend,
        page.width,
        height,
        frame=page.palette.muted,
        curve=stage_style(card, page.palette),
        ascii_only=page.glyphs.ascii_only,
        onset_ms=found.onset_ms,
    )
    if chart:
        page.heading(name, aside)
        page.lines.extend(chart)


def _window(page: Page, timeline: tuple[TimePoint, ...], onset_ms: int | None) -> None:
    """Failures and latency of all traces, with the moment at which the finding began."""
    aside = "all traces, UTC"
    known = [point.start_ms for point in timeline]
    if onset_ms is not None and known and known[0] <= onset_ms <= known[-1]:
        aside += f"; {_onset_sign(page.glyphs)} it began"
    for name, values, label, style in (
        (
            "Failures",
            [
                (point.start_ms, point.failed / point.traces * 100 if point.traces else None)
                for point in timeline
            ],
            lambda value: share(value / 100),
            page.palette.bad,
        ),
        (
            "Latency p95",
            [(point.start_ms, point.p95_ms) for point in timeline],
            milliseconds,
            page.palette.accent,
        ),
    ):
        chart = over_time(
            values,
            page.width,
            _HEIGHT,
            label=label,
            frame=page.palette.muted,
            curve=style,
            ascii_only=page.glyphs.ascii_only,
            onset_ms=onset_ms,
        )
        if chart:
            page.heading(name, aside)
            page.lines.extend(chart)


def _onset_sign(glyphs: Glyphs) -> str:
    return "^" if glyphs.ascii_only else "▲"


def _durations(page: Page, durations: Durations) -> None:
    """Two histograms side by side, each bar the share of its own traces, and the quantiles as figures."""
    affected, rest = sum(durations.affected), sum(durations.rest)
    page.heading("How long they took", f"{grouped(affected)} affected, {grouped(rest)} others")
    room = max(6, (page.width - _LABEL_WIDTH - 2 * _COUNT_WIDTH - 3) // 2)
    top = max(
        *(count / affected for count in durations.affected),
        *(count / rest for count in durations.rest),
    )
    head = Text(f"{'from':>{_LABEL_WIDTH}}  ", page.palette.muted)
    head.append(f"{'affected':<{room + _COUNT_WIDTH}} rest")
    page.lines.append(head)
    for number, (ours, theirs) in enumerate(zip(durations.affected, durations.rest, strict=True)):
        label = milliseconds(durations.edges_ms[number])
        line = Text(f"{label:>{_LABEL_WIDTH}}  ", page.palette.muted)
        _bar(line, page, ours / affected, top, room, is_affected=True)
        line.append(" ")
        _bar(line, page, theirs / rest, top, room, is_affected=False)
        page.lines.append(line)
    for name, quantiles in (
        ("affected", durations.affected_quantiles_ms),
        ("rest", durations.rest_quantiles_ms),
    ):
        low, half, high, p95 = map(milliseconds, quantiles)
        told = f"{name:>{_LABEL_WIDTH}}  half within {low} to {high}, p50 {half}, p95 {p95}"
        page.add(Text(told, page.palette.text), hanging=_LABEL_WIDTH + 2)


def _bar(line: Text, page: Page, value: float, top: float, room: int, *, is_affected: bool) -> None:
    """The share as a bar and a figure, on ``room + _COUNT_WIDTH`` columns; affected and rest differ in sign too."""
    signs = ("#", "=") if page.glyphs.ascii_only else ("█", "▒")
    length = round(value / top * room)
    if value and not length:
        length = 1
    style = page.palette.bad if is_affected else page.palette.muted
    line.append(signs[0 if is_affected else 1] * length + " " * (room - length), style)
    told = share(value) if value else ""
    line.append(f"{told:>{_COUNT_WIDTH}}", page.palette.text)


def _contrasts(page: Page, card: Card, found: Finding) -> None:
    """For each root cause the share affected among units that have it, and among the rest."""
    causes = [cause for cause in found.root_causes if cause.units][:_MOST_CAUSES]
    if not causes:
        return
    page.heading("Affected by attribute", "share and 95% interval")
    for cause in causes:
        _contrast(page, card, found, cause)


def _contrast(page: Page, card: Card, found: Finding, cause: RootCause) -> None:
    palette = page.palette
    name = Text(single_line(cause.attribute), palette.text)
    name.append(f" = {single_line(cause.value)}", palette.strong)
    page.add(name, hanging=2, most_lines=2)
    others = found.eligible - cause.units
    rows = [("with it", cause.affected, cause.units, cause.interval)]
    if others > 0:
        without = min(max(0, found.affected - cause.affected), others)
        rows.append(("rest", without, others, cause.rest_interval))
    room = max(12, page.width - _LABEL_WIDTH - 26)
    for label, affected, eligible, bounds in rows:
        rate = affected / eligible
        low, high = bounds or (rate, rate)
        line = Text(f"{label:>{_LABEL_WIDTH}}  ", palette.muted)
        style = stage_style(card, palette) if label == "with it" else palette.muted
        line.append_text(
            interval_bar(
                low,
                rate,
                high,
                room,
                track=palette.muted,
                mark=style,
                ascii_only=page.glyphs.ascii_only,
            )
        )
        line.append(f" {share(rate):>5} of {grouped(eligible)}", palette.text)
        page.lines.append(line)

"""What ``analyze`` prints for people: figures, purpose, and the findings as an aligned table."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections import Counter
from collections.abc import Sequence

import click

from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.kinds import Severity, Verdict
from mlflow_analysis.report import figures
from mlflow_analysis.review import Decision
from mlflow_analysis.review.acceptance import Ruled
from mlflow_analysis.untrusted import single_line

_COLOURS = {Severity.HIGH: "red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan"}
_WIDEST = 100


def summary(analysis: Analysis, ruled: Sequence[Ruled], on_terminal: bool) -> str:
    """The summary as text; coloured and folded to the width only on a terminal."""
    colour = on_terminal and "NO_COLOR" not in os.environ
    width = min(shutil.get_terminal_size().columns, _WIDEST) if on_terminal else _WIDEST
    confirmed = [each for each in ruled if each.finding.verdict is Verdict.CONFIRMED]
    blocks = [
        _headline(analysis, colour),
        textwrap.fill(single_line(analysis.purpose.description), width),
        _table("Issues", [each for each in confirmed if each.finding.is_issue], colour, width),
        _table(
            "Strengths", [each for each in confirmed if not each.finding.is_issue], colour, width
        ),
        _rest(ruled),
        *(f"Note: {single_line(note)}" for note in analysis.notes),
    ]
    return "\n\n".join(block for block in blocks if block)


def _headline(analysis: Analysis, colour: bool) -> str:
    statistics, window = analysis.statistics, analysis.window
    facts = [
        figures.plural(analysis.traces_read, "trace"),
        figures.plural(statistics.sessions, "session"),
    ]
    if window.start_ms is not None and window.end_ms is not None:
        facts.append(f"{figures.day(window.start_ms)} to {figures.day(window.end_ms)}")
    facts.append(f"{figures.percent(statistics.success_rate)} succeeded")
    latency = statistics.latency_ms
    if latency.get("p50") is not None:
        facts.append(
            f"median {figures.duration(latency['p50'])}, p95 {figures.duration(latency['p95'])}"
        )
    if analysis.skipped:
        facts.append(f"{len(analysis.skipped):,} skipped")
    name = _style(single_line(analysis.experiment_name), colour, bold=True)
    return f"{name}\n{' · '.join(facts)}"


def _table(heading: str, found: Sequence[Ruled], colour: bool, width: int) -> str:
    if not found:
        return f"{_style(heading, colour, bold=True)}: none confirmed"
    rows = [_cells(number, each) for number, each in enumerate(found, start=1)]
    head = ("#", "Severity", "Share (95% interval)")
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    indent = " " * (sum(widths) + 2 * len(widths) + 2)
    room = max(width - len(indent), 30)
    lines = [_style(f"{heading} confirmed", colour, bold=True), _row(head, widths) + "Finding"]
    for each, row in zip(found, rows, strict=True):
        columns = _row(row, widths)
        if each.finding.is_issue:
            severity = each.finding.severity
            styled = _style(severity.value, colour, fg=_COLOURS[severity])
            columns = columns.replace(severity.value, styled, 1)
        title, *further = textwrap.wrap(_title(each), room) or [""]
        lines.append(columns + title)
        further += textwrap.wrap(_figures(each), room)
        lines += [indent + line for line in further]
    return "\n".join(lines)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  " + "".join(f"{text:<{size}}  " for text, size in zip(cells, widths, strict=True))


def _cells(number: int, each: Ruled) -> tuple[str, str, str]:
    finding = each.finding
    return (
        str(number),
        finding.severity.value if finding.is_issue else "",
        f"{figures.percent(finding.rate)} ({figures.interval(finding.interval)})",
    )


def _title(each: Ruled) -> str:
    title = single_line(each.finding.title)
    if each.decision is Decision.REJECTED:
        title += f" (rejected: {single_line(each.ruling.reason)})"
    return title


def _figures(each: Ruled) -> str:
    finding = each.finding
    text = f"{finding.affected:,} of {figures.plural(finding.eligible, finding.unit.value)}"
    if finding.root_causes:
        cause = finding.root_causes[0]
        text += f"; {single_line(cause.attribute)}: {single_line(cause.value)[:60]}"
    return text


def _rest(ruled: Sequence[Ruled]) -> str:
    counts = Counter(each.finding.verdict for each in ruled)
    others = (Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.NOT_TESTABLE)
    if not any(counts[verdict] for verdict in others):
        return ""
    return "Also tested: " + ", ".join(
        f"{counts[verdict]} {verdict.value.replace('-', ' ')}" for verdict in others
    )


def _style(text: str, colour: bool, *, bold: bool | None = None, fg: str | None = None) -> str:
    return click.style(text, bold=bold, fg=fg) if colour else text

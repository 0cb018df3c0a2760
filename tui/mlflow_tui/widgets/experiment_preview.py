"""What an experiment holds, before it is opened: is it the right one, and what can be tested?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from textual.content import Content

from mlflow_analysis.protocol import ExperimentSummary, FieldCheck
from mlflow_analysis.records import Experiment
from mlflow_analysis.untrusted import single_line
from mlflow_tui.widgets.figures import grouped, milliseconds, share
from mlflow_tui.widgets.moments import day, moment, state_sign, state_word

SPARKS = "▁▂▃▄▅▆▇█"
LABEL = 12
BAR = 12
STATE_COLOURS = {"OK": "$success", "ERROR": "$error"}


def preview_head(experiment: Experiment) -> Content:
    """Name and id."""
    return Content.assemble(
        (single_line(experiment.name), "bold"),
        (f"\nid {single_line(experiment.experiment_id)}", "$muted"),
        (
            f" · changed {day(experiment.last_update_ms)}" if experiment.last_update_ms else "",
            "$muted",
        ),
    )


def preview(experiment: Experiment, summary: ExperimentSummary, width: int) -> Content:
    """The whole preview, ``width`` columns wide."""
    parts = [preview_head(experiment), Content("")]
    if not summary.traces:
        parts.append(Content.styled("This experiment has no traces.", "$warning"))
        return Content("\n").join(parts)
    least = "" if summary.exact else "at least "
    count = Content.styled(f"{least}{grouped(summary.traces)}", "bold")
    window = f"{day(summary.first_ms)} → {day(summary.last_ms)}"
    if len(window) > width - LABEL:
        window = f"{moment(summary.first_ms, short=True)} → {moment(summary.last_ms, short=True)}"
    parts += [_row("Traces", count), _row("Window", Content.styled(window, "$muted"))]
    if any(summary.per_hour):
        parts.append(_row("", Content.styled(spark(summary.per_hour, width - LABEL), "$primary")))
    parts += _rows("States", _states(summary.states), width)
    parts += _rows(
        "Duration",
        [
            Content.assemble(("p50 ", "$muted"), milliseconds(summary.p50_ms)),
            Content.assemble(("p95 ", "$muted"), milliseconds(summary.p95_ms)),
        ],
        width,
    )
    kinds = sorted(summary.span_kinds.items(), key=lambda item: (-item[1], item[0]))
    parts += _rows(
        "Spans",
        [
            Content.assemble(_kind(kind), (f" {grouped(number)}", "$muted"))
            for kind, number in kinds
        ],
        width,
    )
    able = len(summary.testable)
    of = able + len(summary.not_testable)
    parts.append(_row("Testable", Content(f"{able} of {of} hypotheses")))
    parts += [Content(""), *_fields(summary.fields), *_missing(summary)]
    return Content("\n").join(parts)


def spark(counts: Sequence[int], width: int) -> str:
    """Counts over time, oldest first, at most ``width`` columns; an empty bucket is a blank."""
    if width <= 0 or not counts:
        return ""
    size = -(-len(counts) // width)
    merged = [sum(counts[start : start + size]) for start in range(0, len(counts), size)]
    top = max(merged)
    return "".join(
        " " if not count else SPARKS[min(len(SPARKS) - 1, count * len(SPARKS) // (top + 1))]
        for count in merged
    )


def _row(label: str, value: Content) -> Content:
    return Content.styled(f"{label:<{LABEL}}", "$muted") + value


def _rows(label: str, items: Sequence[Content], width: int) -> list[Content]:
    """``items`` after ``label``, on as many lines as they need, none of them cut apart."""
    lines: list[Content] = []
    line = Content("")
    for item in items:
        longer = Content("   ").join([line, item]) if line else item
        if line and longer.cell_length > width - LABEL:
            lines.append(line)
            longer = item
        line = longer
    if line:
        lines.append(line)
    return [_row("" if number else label, line) for number, line in enumerate(lines)]


def _kind(kind: str) -> str:
    return single_line(kind.lower().replace("_", " "))


def _states(states: dict[str, int]) -> list[Content]:
    total = sum(states.values())
    return [
        Content.assemble(
            (f"{state_sign(state)} {state_word(state)} ", STATE_COLOURS.get(state, "$warning")),
            f"{grouped(count)}",
            (f" ({share(count / total)})", "$muted"),
        )
        for state, count in sorted(states.items(), key=lambda item: -item[1])
        if count
    ]


def _fields(fields: Sequence[FieldCheck]) -> list[Content]:
    if not fields:
        return []
    examined = max(check.examined for check in fields)
    heading = Content.assemble(
        ("Data check", "bold $primary"), (f"  in {grouped(examined)} traces", "$muted")
    )
    return [heading, *(_field(check) for check in fields)]


def _field(check: FieldCheck) -> Content:
    rate = check.traces / check.examined if check.examined else 0.0
    filled = round(rate * BAR)
    if rate and not filled:
        filled = 1
    sign, style = ("✓", "$success") if rate else ("–", "$muted")
    return Content.assemble(
        (f"{sign} ", style),
        (f"{single_line(check.name):<18}", "" if rate else "$muted"),
        ("━" * filled, "$primary"),
        ("─" * (BAR - filled), "$rule"),
        (f"  {share(rate) if rate else 'none'}", "$muted"),
    )


def _missing(summary: ExperimentSummary) -> list[Content]:
    """Why the others cannot be tested, the commonest reason first."""
    if not summary.not_testable:
        return []
    reasons = Counter(reason for _, reason in summary.not_testable)
    lines = [Content(""), Content.styled("Cannot be tested", "bold $primary")]
    for reason, count in reasons.most_common():
        lines.append(
            Content.assemble((f"– {grouped(count)} ", ""), (single_line(reason), "$muted"))
        )
    return lines

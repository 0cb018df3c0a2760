"""What an experiment holds, before it is opened: is it the right one, and what can be tested?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from textwrap import wrap

from textual.content import Content

from mlflow_analysis.protocol import ExperimentSummary, FieldCheck
from mlflow_analysis.records import Experiment
from mlflow_analysis.untrusted import single_line
from mlflow_tui.experiment_rows import shown_tags
from mlflow_tui.widgets.figures import grouped, milliseconds, share
from mlflow_tui.widgets.moments import day, moment, state_sign, state_word

SPARKS = "▁▂▃▄▅▆▇█"
LABEL = 12
BAR = 12
BLOCK = 37
"""Columns that a block needs; the data check is the widest."""
GAP = 3
DESCRIPTION = "mlflow.note.content"
"""The tag that MLflow's own pages show as an experiment's description."""
STATE_COLOURS = {"OK": "$success", "ERROR": "$error"}


def preview_head(experiment: Experiment, width: int) -> Content:
    """Name, id, tags, and what its owner wrote about it."""
    said = [f"id {single_line(experiment.experiment_id)}"]
    if experiment.last_update_ms:
        said.append(f"changed {day(experiment.last_update_ms)}")
    said += [single_line(each) for each in shown_tags(experiment.tags)]
    lines = [
        Content.styled(single_line(experiment.name), "bold"),
        Content.styled(" · ".join(said), "$muted"),
    ]
    about = single_line(experiment.tags.get(DESCRIPTION, ""))
    if about:
        lines.append(Content(about))
    return Content("\n").join(line.truncate(width, ellipsis=True) for line in lines)


def preview(experiment: Experiment, summary: ExperimentSummary, width: int) -> Content:
    """The whole preview, ``width`` columns wide: as many blocks beside each other as fit."""
    head = preview_head(experiment, width)
    if not summary.traces:
        return Content("\n").join(
            [head, Content(""), Content.styled("This experiment has no traces.", "$warning")]
        )
    columns = max(1, min(3, (width + GAP) // (BLOCK + GAP)))
    room = (width - GAP * (columns - 1)) // columns
    blocks = [_figures(summary, room), _fields(summary.fields), _missing(summary, room)]
    if columns == 2:
        # What cannot be tested is the longest and stands under the shorter of the others.
        shorter = min(blocks[:2], key=len)
        shorter += [Content(""), *blocks.pop()]
    return Content("\n").join([head, Content(""), *_beside(blocks, columns, room)])


def _beside(blocks: Sequence[list[Content]], columns: int, width: int) -> list[Content]:
    """Blocks in ``columns`` columns of that width, or one under the other."""
    if columns == 1:
        return [line for block in blocks for line in (*block, Content(""))]
    return [
        Content(" " * GAP).join(
            line.truncate(width, ellipsis=True, pad=number < columns - 1)
            for number, line in enumerate(row)
        )
        for row in zip_longest(*blocks, fillvalue=Content(""))
    ]


def _figures(summary: ExperimentSummary, width: int) -> list[Content]:
    least = "" if summary.exact else "at least "
    count = Content.styled(f"{least}{grouped(summary.traces)}", "bold")
    window = f"{day(summary.first_ms)} → {day(summary.last_ms)}"
    if len(window) > width - LABEL:
        window = f"{moment(summary.first_ms, short=True)} → {moment(summary.last_ms, short=True)}"
    parts = [_row("Traces", count), _row("Window", Content.styled(window, "$muted"))]
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
    return [*parts, _row("Testable", Content(f"{able} of {of} hypotheses"))]


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
        (f"{single_line(check.name):<16}", "" if rate else "$muted"),
        ("━" * filled, "$primary"),
        ("─" * (BAR - filled), "$rule"),
        (f"  {share(rate) if rate else 'none'}", "$muted"),
    )


def _missing(summary: ExperimentSummary, width: int) -> list[Content]:
    """Which hypotheses cannot be tested, by what is missing; the commonest reason first."""
    if not summary.not_testable:
        return []
    reasons: dict[str, list[str]] = {}
    for hypothesis, reason in summary.not_testable:
        reasons.setdefault(reason, []).append(hypothesis)
    lines = [Content.styled("Cannot be tested", "bold $primary")]
    for reason, hypotheses in sorted(reasons.items(), key=lambda each: -len(each[1])):
        lines += [
            Content(f"{'–' if not number else ' '} {line}")
            for number, line in enumerate(wrap(single_line(reason), max(8, width - 2)))
        ]
        lines += [
            Content.styled(f"  {line}", "$muted")
            for line in wrap(", ".join(hypotheses), max(8, width - 2), break_on_hyphens=False)
        ]
    return lines

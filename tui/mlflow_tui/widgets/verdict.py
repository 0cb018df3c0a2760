"""What the check of an address is doing, and what it found."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from mlflow_analysis.protocol import CheckStage, ConnectionReport, Problem
from mlflow_analysis.untrusted import printable, single_line
from mlflow_tui.widgets.figures import grouped, milliseconds

_SIGNS = {"passed": ("✓", "$success"), "failed": ("✗", "$error"), "running": ("…", "$warning")}
_BEFORE_WORDS = " ✓✗…"


def checking(
    shown: str, seconds: float, stages: Sequence[CheckStage] = (), *, making: bool = False
) -> Content:
    """The check goes on: how far it is."""
    doing = f"Making {shown}" if making else f"Trying {shown}"
    line = Content.assemble(
        (f"{doing} … {seconds:.0f} s", "$warning"), ("   esc cancels", "$muted")
    )
    return Content("\n").join([line, *_stages(stages)])


def connected(report: ConnectionReport) -> Content:
    """It works: what is there."""
    count = report.experiments
    lines = [
        Content.assemble(("✓ ", "$success"), (f"{report.store} ", "bold"), report.tracking_uri),
        Content.assemble(
            "  ",
            f"{grouped(count)} experiment{'' if count == 1 else 's'}",
            ("  ·  ", "$muted"),
            f"MLflow {report.client_version}",
            (f"  ·  server {report.server_version}" if report.server_version else "", ""),
            ("  ·  ", "$muted"),
            f"round trip {milliseconds(report.round_trip_ms)}",
        ),
        Content.assemble(
            ("  enter", "bold $primary"), (" goes on to the experiments   ", "$muted"),
            ("f4", "bold $primary"), (" keeps it as a profile", "$muted"),
        ),
        *_stages(report.stages),
        *(Content.styled(f"  {note}", "$muted") for note in report.notes),
    ]  # fmt: skip
    if report.missing:
        lines.append(Content.styled(f"  Not there: {', '.join(report.missing)}", "$muted"))
    return Content("\n").join(lines)


def refused(problem: Problem, stages: Sequence[CheckStage] = (), *, details: bool) -> Content:
    """It does not: why, what to do, and how far it went."""
    lines = [Content.assemble(("✗ ", "$error"), (problem.sentence, "bold"))]
    if problem.remedy:
        lines.append(Content(f"  {problem.remedy}"))
    if problem.details:
        lines.append(
            Content.assemble(
                ("  f2", "bold $primary"),
                (f" {'hides' if details else 'shows'} the full error", "$muted"),
            )
        )
        if details:
            lines.append(Content.styled(printable(problem.details), "$muted"))
    return Content("\n").join([*lines, *_stages(stages, failed_found=False)])


def hanging(said: Content, width: int) -> Content:
    """Wrapped to ``width`` columns; what does not fit on a line stands beneath its words, not its sign."""
    lines: list[Content] = []
    for line in said.split("\n"):
        start = len(line.plain) - len(line.plain.lstrip(_BEFORE_WORDS))
        if line.cell_length <= width or start >= width:
            lines.append(line)
            continue
        first, *rest = line[start:].wrap(width - start)
        lines += [line[:start] + first, *(Content(" " * start) + each for each in rest)]
    return Content("\n").join(lines)


def _stages(stages: Sequence[CheckStage], *, failed_found: bool = True) -> list[Content]:
    """A line for each stage; what a failed one found is said elsewhere if not ``failed_found``."""
    lines = []
    for stage in stages:
        sign, colour = _SIGNS.get(stage.state, _SIGNS["running"])
        time = "" if stage.state == "running" else milliseconds(stage.elapsed_ms)
        found = stage.found if failed_found or stage.state != "failed" else ""
        lines.append(
            Content.assemble(
                (f"  {sign} ", colour),
                f"{stage.name:<12}",
                (f"{time:>7}  ", "$muted"),
                (single_line(found), "$muted"),
            )
        )
    return lines

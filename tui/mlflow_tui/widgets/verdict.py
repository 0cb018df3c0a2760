"""What the check of an address found."""

from __future__ import annotations

from textual.content import Content

from mlflow_analysis.protocol import ConnectionReport, Problem
from mlflow_analysis.untrusted import printable
from mlflow_tui.widgets.figures import grouped, milliseconds


def checking(shown: str, seconds: float, *, demo: bool = False) -> Content:
    """The check goes on."""
    doing = "Making the sample store" if demo else f"Trying {shown}"
    return Content.assemble(
        (f"{doing} … {seconds:.0f} s", "$warning"), ("   esc cancels", "$muted")
    )


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
        *(Content.styled(f"  {note}", "$muted") for note in report.notes),
        Content(""),
        Content.assemble(("  enter", "bold $primary"), (" goes on to the experiments", "$muted")),
    ]
    return Content("\n").join(lines)


def refused(problem: Problem, *, details: bool) -> Content:
    """It does not: why, and what to do."""
    lines = [Content.assemble(("✗ ", "$error"), (problem.sentence, "bold"))]
    if problem.remedy:
        lines.append(Content(f"  {problem.remedy}"))
    if problem.details:
        lines.append(
            Content.assemble(
                ("\n  f2", "bold $primary"),
                (f" {'hides' if details else 'shows'} the full error", "$muted"),
            )
        )
        if details:
            lines.append(Content.styled("\n" + printable(problem.details), "$muted"))
    return Content("\n").join(lines)

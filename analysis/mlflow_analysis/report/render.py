"""Lay a report out as Markdown, section by section."""

from __future__ import annotations

from collections.abc import Collection

from mlflow_analysis.acceptance import AcceptPolicy
from mlflow_analysis.findings import Analysis
from mlflow_analysis.report.context import report_context
from mlflow_analysis.report.markdown import environment
from mlflow_analysis.review import Review
from mlflow_analysis.secrets import masked

SECTIONS = {
    "window": "What was analysed",
    "purpose": "Purpose",
    "statistics": "Summary statistics",
    "issues": "Accepted issues",
    "performance": "Performance",
    "quality": "Quality",
    "asked": "Asked by the user",
    "strengths": "Strengths",
    "recommendations": "Recommendations",
    "undecided": "Not decided",
    "rejected": "Rejected",
    "unconfirmed": "Refuted, inconclusive and not testable",
    "method": "Method and limits",
}
"""The sections in their order: the id, which is also the template's name, and the heading."""


def render_markdown(
    analysis: Analysis,
    review: Review,
    *,
    accept: AcceptPolicy = AcceptPolicy.REVIEWED,
    sections: Collection[str] = tuple(SECTIONS),
    show_secrets: bool = False,
) -> str:
    """The report as Markdown. The same analysis and review give the same text.

    ``sections`` picks from ``SECTIONS``; the summary at the top is always there. Credentials in traces
    are masked unless ``show_secrets``. Raises ``ValueError`` for a section that does not exist.
    """
    unknown = sorted(set(sections) - set(SECTIONS))
    if unknown:
        raise ValueError(
            f"No section is called {', '.join(unknown)}; there are {', '.join(SECTIONS)}."
        )
    shown = analysis if show_secrets else masked(analysis)
    report = report_context(shown, review, accept)
    return (
        environment()
        .get_template("report.md.j2")
        .render(
            report=report,
            sections=[
                (name, heading)
                for name, heading in SECTIONS.items()
                if name in sections and (name != "asked" or report.asked)
            ],
        )
    )

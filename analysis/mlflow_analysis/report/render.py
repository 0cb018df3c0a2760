"""Lay a report out as Markdown or HTML, section by section."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.report.context import ReportContext, report_context
from mlflow_analysis.report.sections import SECTIONS, chosen
from mlflow_analysis.report.templates import TemplateFolder
from mlflow_analysis.review import Review
from mlflow_analysis.review.acceptance import AcceptPolicy
from mlflow_analysis.secrets import masked

OURS = TemplateFolder()
"""The templates of this package."""


def render_markdown(
    analysis: Analysis,
    review: Review,
    *,
    accept: AcceptPolicy = AcceptPolicy.REVIEWED,
    sections: Collection[str] = tuple(SECTIONS),
    show_secrets: bool = False,
    templates: TemplateFolder = OURS,
) -> str:
    """The report as Markdown. The same analysis and review give the same text.

    ``sections`` picks from ``SECTIONS``; the summary at the top is always there. Credentials in traces
    are masked unless ``show_secrets``. Raises ``ValueError`` for a section that does not exist, and
    ``TemplateProblem`` for a user's template that cannot be filled in.
    """
    report = _context(analysis, review, accept, show_secrets)
    return templates.fill("report.md.j2", report=report, sections=chosen(sections, report))


def render_html(
    analysis: Analysis,
    review: Review,
    *,
    accept: AcceptPolicy = AcceptPolicy.REVIEWED,
    sections: Collection[str] = tuple(SECTIONS),
    show_secrets: bool = False,
    templates: TemplateFolder = OURS,
) -> str:
    """The report as one HTML file that needs nothing else: no script, no address. As ``render_markdown``."""
    report = _context(analysis, review, accept, show_secrets)
    return templates.fill("report.html.j2", report=report, sections=chosen(sections, report))


def markdown_sections(
    analysis: Analysis,
    review: Review,
    *,
    sections: Collection[str] = tuple(SECTIONS),
) -> Iterator[str]:
    """``render_markdown`` in pieces, the summary first, then each section as soon as it is laid out."""
    report = _context(analysis, review, AcceptPolicy.REVIEWED, show_secrets=False)
    yield OURS.fill("report.md.j2", report=report, sections=[])
    for section in chosen(sections, report):
        yield OURS.fill("section.md.j2", report=report, sections=[section])


def _context(
    analysis: Analysis, review: Review, accept: AcceptPolicy, show_secrets: bool
) -> ReportContext:
    return report_context(analysis if show_secrets else masked(analysis), review, accept)

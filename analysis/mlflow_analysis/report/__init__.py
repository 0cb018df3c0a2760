"""The report that a team acts on: Markdown or HTML from an analysis and what was decided about it."""

from mlflow_analysis.report.render import markdown_sections, render_html, render_markdown
from mlflow_analysis.report.sections import SECTIONS
from mlflow_analysis.report.templates import TemplateFolder, TemplateProblem
from mlflow_analysis.report.writing import ReportExists, write_report

__all__ = [
    "SECTIONS",
    "ReportExists",
    "TemplateFolder",
    "TemplateProblem",
    "markdown_sections",
    "render_html",
    "render_markdown",
    "write_report",
]

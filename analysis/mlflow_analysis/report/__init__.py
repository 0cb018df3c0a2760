"""The report that a team acts on: Markdown from an analysis and what was decided about it."""

from mlflow_analysis.report.render import SECTIONS, render_markdown
from mlflow_analysis.report.writing import ReportExists, write_report

__all__ = ["SECTIONS", "ReportExists", "render_markdown", "write_report"]

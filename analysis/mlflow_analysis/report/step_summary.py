"""A short account of an analysis as Markdown, for the page that a build server shows after a run."""

from __future__ import annotations

from collections.abc import Sequence

from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.kinds import Verdict
from mlflow_analysis.report.templates import TemplateFolder
from mlflow_analysis.review.gate import Gated

_ISSUES_SHOWN = 30


def step_summary(analysis: Analysis, findings: Sequence[Gated], *, with_baseline: bool) -> str:
    """What fails, and all confirmed issues as a table. A few kilobytes whatever was found."""
    issues = [
        each
        for each in findings
        if each.ruled.finding.is_issue and each.ruled.finding.verdict is Verdict.CONFIRMED
    ]
    issues.sort(key=lambda each: not each.fails)
    return TemplateFolder().summary(
        analysis=analysis,
        statistics=analysis.statistics,
        issues=issues,
        failing=[each for each in issues if each.fails],
        with_baseline=with_baseline,
        limit=_ISSUES_SHOWN,
    )

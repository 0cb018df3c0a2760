"""What goes with success: every finding of an analysis against outcomes that the analysis was given.

Computed here anew, from nothing but the trace ids of a finding, so that it also checks what the
analysis says of outcomes itself. Findings that nothing goes with are listed too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.statistics.contrasts import Difference, difference_of_rates
from mlflow_analysis.statistics.multiple_testing import benjamini_hochberg

OUTCOME = "task_success"
_HEADING = f"  {'finding':<50} {'verdict':<13} {'with':>5} {'success':>8} {'95 % interval':>15} {'p':>7} {'q':>7}"


def table(analysis: Analysis, records: Sequence[TraceRecord]) -> str:
    """For each finding: sessions that have it and an outcome, difference of success rates, p, q."""
    units = {
        record.info.trace_id: record.info.session_id or record.info.trace_id for record in records
    }
    success = {
        units[record.info.trace_id]: bool(each.value)
        for record in records
        for each in record.info.assessments
        if each.name == OUTCOME
    }
    names = sorted(success)
    passed = np.array([success[name] for name in names])
    groups = [_group(finding, units, names) for finding in analysis.findings]
    contrasts = [
        difference_of_rates(passed, group, np.arange(len(names))) if 0 < group.sum() < len(names) else None
        for finding, group in zip(analysis.findings, groups, strict=True)
    ]  # fmt: skip
    told = iter(benjamini_hochberg([each.p_value for each in contrasts if each is not None]))
    rows = [
        _row(finding, int(group.sum()), contrast, next(told) if contrast else 1.0)
        for finding, group, contrast in zip(analysis.findings, groups, contrasts, strict=True)
    ]
    rate = f"  {passed.mean():.0%} of {len(names)} succeeded" if names else "  no outcomes"
    return "\n".join([rate, _HEADING, *rows])


def _group(finding: Finding, units: dict[str, str], names: Sequence[str]) -> npt.NDArray[np.bool_]:
    having = {units[trace_id] for trace_id in finding.trace_ids if trace_id in units}
    return np.array([name in having for name in names], dtype=bool)


def _row(finding: Finding, count: int, contrast: Difference | None, q_value: float) -> str:
    name = f"{finding.hypothesis} {finding.subject}".strip()[:50]
    start = f"  {name:<50} {finding.verdict.value:<13} {count:>5}"
    if finding.subject == OUTCOME:
        return f"{start} is about the outcome itself"
    if contrast is None:
        return f"{start} in none of them" if count == 0 else f"{start} in all of them"
    low, high = contrast.interval
    own = "; ".join(
        f"analysis: {-each.difference:+.2f}, {each.association}"
        for each in finding.outcomes
        if OUTCOME in each.outcome
    )
    interval = f"{low:+.2f} … {high:+.2f}"
    return (
        f"{start} {contrast.value:>+8.2f} {interval:>15} {contrast.p_value:>7.3f} {q_value:>7.3f}  {own}"
    ).rstrip()  # fmt: skip

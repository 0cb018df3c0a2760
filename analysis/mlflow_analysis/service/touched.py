"""Which findings touch which traces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Severity, Verdict


def touched(
    findings: Sequence[Finding],
) -> tuple[Mapping[str, frozenset[str]], Mapping[str, int], Mapping[str, str]]:
    """Trace ids by fingerprint; and of confirmed issues, by trace id, how many and the worst severity."""
    issues = [finding for finding in findings if is_confirmed_issue(finding)]
    worst = {
        trace_id: severity.value
        for severity in reversed(Severity)  # the worst is written last
        for finding in issues
        if finding.severity is severity
        for trace_id in finding.trace_ids
    }
    counts = Counter(trace_id for finding in issues for trace_id in set(finding.trace_ids))
    return {each.fingerprint: frozenset(each.trace_ids) for each in findings}, counts, worst


def is_confirmed_issue(finding: Finding) -> bool:
    """Whether a finding is something to mend, and is there."""
    return finding.verdict is Verdict.CONFIRMED and finding.is_issue

"""Did an analysis find what was planted, and nothing else? For the tests and the benchmark."""

from __future__ import annotations

from collections.abc import Iterable

from mlflow_analysis.demo.faults import Cause
from mlflow_analysis.demo.manifest import Manifest, PlantedFault
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.evidence import RootCause
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Verdict


def confirmed(analysis: Analysis) -> list[Finding]:
    """The confirmed findings, in rank order."""
    return [each for each in analysis.findings if each.verdict is Verdict.CONFIRMED]


def finding_of(analysis: Analysis, planted: PlantedFault) -> Finding | None:
    """The confirmed finding of the planted fault's hypothesis that shares most traces with it."""
    traces = set(planted.trace_ids)
    candidates = [each for each in confirmed(analysis) if planted.fault.hypothesis in _claims(each)]
    best = max(candidates, key=lambda each: len(traces & set(each.trace_ids)), default=None)
    return best if best is not None and traces & set(best.trace_ids) else None


def cause_ranked_first(finding: Finding, planted: PlantedFault) -> bool:
    """Whether the first root cause (or the finding's subject) names every planted cause."""
    literals = list(_literals(finding.root_causes[0])) if finding.root_causes else []
    if finding.subject:
        literals.append(("tool", finding.subject))
    return all(
        any(_names(cause, attribute, value) for attribute, value in literals)
        for cause in planted.fault.causes
    )


def unexplained(analysis: Analysis, manifest: Manifest) -> list[Finding]:
    """Confirmed issues that are neither planted nor a consequence of what was planted."""
    known = manifest.expected
    return [each for each in confirmed(analysis) if each.is_issue and not known & _claims(each)]


def _claims(finding: Finding) -> set[str]:
    """The hypotheses that the finding is of, what was merged into it included."""
    return {finding.hypothesis, *(each.hypothesis for each in finding.aliases)}


def _literals(cause: RootCause) -> Iterable[tuple[str, str]]:
    return zip(cause.attribute.split(" and "), cause.value.split(" and "), strict=False)


def _names(cause: Cause, attribute: str, value: str) -> bool:
    if cause.attribute == attribute == "topic":
        return cause.value.casefold() in value.casefold()
    return (cause.attribute, cause.value) == (attribute, value)

"""The findings as JUnit XML, which build servers show as tests: a claim is a test, an issue a failure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Verdict
from mlflow_analysis.report import figures
from mlflow_analysis.report.markdown import clip
from mlflow_analysis.review import Decision
from mlflow_analysis.review.gate import Change, Gated
from mlflow_analysis.untrusted import printable, single_line

BEGINNING = "<?xml version='1.0' encoding='utf-8'?>\n<testsuites name=\"mlflow-tui"
_NOT_IN_XML = re.compile("[\ufffe\uffff]")
_TRACES_NAMED = 5


def junit(analysis: Analysis, findings: Sequence[Gated]) -> str:
    """A suite for each family, a case for each finding. Equal analyses give equal text.

    What fails the build is a failure; what nobody can tell or somebody rejected is skipped; an issue
    that does not fail the build passes and says why in its output.
    """
    root = Element("testsuites", name=f"mlflow-tui: {_text(analysis.experiment_name)}")
    for category in Category:
        family = [each for each in findings if each.ruled.finding.category is category]
        if family:
            suite = SubElement(root, "testsuite", name=category.value)
            for each in family:
                _case(suite, each)
            _count(suite)
    _count(root)
    indent(root)
    return "<?xml version='1.0' encoding='utf-8'?>\n" + tostring(root, encoding="unicode") + "\n"


def _case(suite: Element, gated: Gated) -> None:
    finding = gated.ruled.finding
    case = SubElement(
        suite,
        "testcase",
        classname=f"{finding.category.value}.{finding.hypothesis}",
        name=_text(finding.title),
        time="0",
    )
    if gated.fails:
        failure = SubElement(case, "failure", type=finding.severity.value)
        failure.set("message", _text(finding.statement))
        failure.text = _multiline(_told(finding, gated))
    elif finding.verdict in (Verdict.INCONCLUSIVE, Verdict.NOT_TESTABLE):
        SubElement(case, "skipped", message=_text(f"{finding.verdict.value}: {finding.reason}"))
    elif gated.ruled.decision is Decision.REJECTED:
        SubElement(case, "skipped", message=_text(f"rejected: {gated.ruled.ruling.reason}"))
    elif finding.verdict is Verdict.CONFIRMED and finding.is_issue:
        why = "known from the baseline" if gated.change is Change.KNOWN else "below the bar"
        SubElement(case, "system-out").text = _multiline(f"{why}: {_told(finding, gated)}")


def _told(finding: Finding, gated: Gated) -> str:
    share = f"{figures.percent(finding.rate)} (95% interval {figures.interval(finding.interval)})"
    lines = [
        finding.statement,
        f"{finding.severity.value} severity, {gated.change.value}; {figures.count(finding.affected)} of "
        f"{figures.plural(finding.eligible, finding.unit.value)}, {share}"
        + ("" if gated.before is None else f"; {figures.percent(gated.before)} in the baseline"),
        f"Id: {finding.fingerprint}",
    ]
    lines += [
        f"Cause: {cause.attribute} {single_line(cause.value)}" for cause in finding.root_causes[:2]
    ]
    if finding.trace_ids:
        more = len(finding.trace_ids) - _TRACES_NAMED
        traces = ", ".join(finding.trace_ids[:_TRACES_NAMED])
        lines.append(f"Traces: {traces}" + (f" and {more:,} more" if more > 0 else ""))
    lines.append(f"Recommendation: {finding.recommendation}")
    return "\n".join(single_line(line) for line in lines)


def _count(element: Element) -> None:
    for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped")):
        element.set(attribute, str(sum(1 for _ in element.iter(tag))))
    element.set("errors", "0")


def _text(text: str, limit: int = 500) -> str:
    return _NOT_IN_XML.sub("\ufffd", clip(single_line(text), limit))


def _multiline(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", printable(text))

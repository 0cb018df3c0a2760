"""What people said of findings holds in report, JSON, gate and what is written back."""

from __future__ import annotations

from dataclasses import replace

import jsonschema
import pytest

from mlflow_analysis.contract import schema
from mlflow_analysis.contract.reading import analysis_from_json
from mlflow_analysis.contract.writing import analysis_to_json
from mlflow_analysis.filing.issues import issues_of, rejected_of
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.kinds import Severity
from mlflow_analysis.report import render_html, render_markdown
from mlflow_analysis.review import Change, Decision, Review
from mlflow_analysis.review.acceptance import AcceptPolicy, rule
from mlflow_analysis.review.gate import gated
from mlflow_analysis.review.merged import homes, together
from sample_analysis import analysis as sample_analysis
from sample_analysis import finding


@pytest.fixture
def analysis() -> Analysis:
    """Two confirmed issues, of which the second shows in two traces more."""
    first = finding(
        fingerprint="aaaa", severity=Severity.MEDIUM, trace_ids=("t1", "t2"), assessments=()
    )
    second = replace(
        first,
        fingerprint="bbbb",
        title="The same from another side",
        severity=Severity.HIGH,
        trace_ids=("t2", "t3", "t4"),
    )
    return sample_analysis(first, second)


def merged(analysis: Analysis, review: Review) -> None:
    review.record([Change(analysis.findings[1], merged_into="aaaa")])


def test_chains_end_at_their_last_and_circles_at_their_first(analysis: Analysis) -> None:
    a, b = analysis.findings
    c = replace(a, fingerprint="cccc")
    assert homes([a, b, c], {"aaaa": "bbbb", "bbbb": "cccc"}) == {"aaaa": "cccc", "bbbb": "cccc"}
    assert homes([a, b, c], {"cccc": "bbbb", "bbbb": "cccc"}) == {"cccc": "bbbb"}
    assert homes([a, b], {"aaaa": "not found this time"}) == {}
    assert homes([a], {"aaaa": "aaaa"}) == {}


def test_traces_are_counted_once_and_the_worst_severity_holds(analysis: Analysis) -> None:
    a, b = analysis.findings
    whole = together(a, [b])
    assert whole.trace_ids == ("t1", "t2", "t3", "t4")
    assert (whole.affected, whole.interval) == (a.affected, a.interval)
    assert whole.severity is Severity.HIGH
    assert "bbbb" in [alias.fingerprint for alias in whole.aliases]
    assert together(a, []) is a


def test_the_report_lists_what_was_merged_once_and_says_how_it_is_counted(
    analysis: Analysis,
) -> None:
    review = Review(None, "ann")
    merged(analysis, review)
    review.record([Change(analysis.findings[0], Decision.ACCEPTED, assignee="bob")])
    for page in (render_markdown(analysis, review), render_html(analysis, review)):
        assert "Together they affect 4 traces, each counted once." in page
        assert "The same from another side" in page
        assert "bob" in page
    markdown = render_markdown(analysis, review)
    assert markdown.count("### The same from another side") == 0
    review.undo()
    review.undo()
    assert "counted once" not in render_markdown(analysis, review, accept=AcceptPolicy.CONFIRMED)


def test_json_keeps_what_was_computed_beside_what_people_said(analysis: Analysis) -> None:
    review = Review(None, "ann")
    merged(analysis, review)
    review.record([Change(analysis.findings[0], Decision.ACCEPTED, severity=Severity.LOW)])
    told = analysis_to_json(analysis, review)
    jsonschema.Draft202012Validator(schema()).validate(told)
    home, member = told["findings"]
    assert (home["severity"], home["computed_severity"]) == ("low", "medium")
    assert home["merged"] == {"fingerprints": ["bbbb"], "traces": 4}
    assert home["trace_ids"] == ["t1", "t2"]
    assert (member["merged_into"], member["decision"]) == ("aaaa", "accepted")
    assert "computed_severity" not in member
    # read again, it is the analysis that was made
    again = analysis_from_json(told)
    assert [each.severity for each in again.findings] == [Severity.MEDIUM, Severity.HIGH]


def test_nothing_said_adds_no_key(analysis: Analysis) -> None:
    told = analysis_to_json(analysis, Review(None))["findings"]
    people = {"computed_severity", "assignee", "note", "merged_into", "merged"}
    assert not any(people & each.keys() for each in told)


def test_written_back_are_one_issue_with_all_traces_and_the_severity_that_was_said(
    analysis: Analysis,
) -> None:
    review = Review(None, "ann")
    merged(analysis, review)
    review.record([Change(analysis.findings[0], Decision.ACCEPTED, assignee="bob")])
    ruled = rule(analysis, review, AcceptPolicy.REVIEWED)
    (issue,) = issues_of(ruled)
    assert issue.severity is Severity.HIGH
    assert [link.trace_id for link in issue.links] == ["t1", "t2", "t3", "t4"]
    assert "**Assigned to.** bob" in issue.description
    assert rejected_of(ruled) == {"bbbb"}  # one written before says the same
    review.record([Change(analysis.findings[1], merged_into="")])
    ruled = rule(analysis, review, AcceptPolicy.REVIEWED)
    assert rejected_of(ruled) == frozenset()
    assert len(ruled) == 2


def test_a_severity_that_was_said_decides_what_fails_a_build(analysis: Analysis) -> None:
    review = Review(None, "ann")

    def failing() -> list[str]:
        found = gated(analysis, review, Severity.HIGH)
        return [each.ruled.finding.fingerprint for each in found if each.fails]

    assert failing() == ["bbbb"]
    review.record([Change(analysis.findings[1], severity=Severity.LOW)])
    assert failing() == []
    review.undo()
    merged(analysis, review)  # the high one among them makes them high
    assert failing() == ["aaaa"]

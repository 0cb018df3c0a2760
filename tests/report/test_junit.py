"""JUnit XML: what a build server shows of the findings."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import Element, fromstring

import sample_analysis as sample
from mlflow_analysis.findings.kinds import Severity
from mlflow_analysis.report.junit import BEGINNING, junit
from mlflow_analysis.report.step_summary import step_summary
from mlflow_analysis.review import Decision, Review
from mlflow_analysis.review.gate import gated


def cases(text: str) -> dict[str, Element]:
    """Each case by its name. The text must be well-formed."""
    return {case.attrib["name"]: case for case in fromstring(text).iter("testcase")}


def kinds(text: str) -> dict[str, list[str]]:
    return {name: [child.tag for child in case] for name, case in cases(text).items()}


def test_every_finding_is_a_case() -> None:
    rejected = sample.finding(fingerprint="no", title="Rejected")
    low = sample.finding(fingerprint="low", title="Low", severity=Severity.LOW)
    known = sample.finding(fingerprint="known", title="Known", aliases=())
    review = Review(None, "me")
    review.decide(rejected, Decision.REJECTED, "by design")
    analysis = sample.analysis(
        sample.finding(title="Fails", aliases=()),
        rejected,
        low,
        known,
        sample.strength(),
        sample.refuted(),
        sample.inconclusive(),
        sample.not_testable(),
    )
    text = junit(analysis, gated(analysis, review, Severity.MEDIUM, sample.analysis(known)))
    assert text.startswith(BEGINNING)
    assert kinds(text) == {
        "Fails": ["failure"],
        "Rejected": ["skipped"],
        "Low": ["system-out"],
        "Known": ["system-out"],
        sample.strength().title: [],
        sample.refuted().title: [],
        sample.inconclusive().title: ["skipped"],
        sample.not_testable().title: ["skipped"],
    }
    root = fromstring(text)
    assert (root.attrib["tests"], root.attrib["failures"], root.attrib["skipped"]) == (
        "8",
        "1",
        "3",
    )
    assert "below the bar" in (cases(text)["Low"][0].text or "")
    assert "known from the baseline" in (cases(text)["Known"][0].text or "")


def test_a_failure_says_what_to_do_about_it() -> None:
    analysis = sample.analysis(sample.finding())
    (case,) = cases(junit(analysis, gated(analysis, Review(None, "me")))).values()
    failure = case[0]
    assert failure.attrib["type"] == "high"
    assert "was refused with status 429 in 12 of 96 sessions" in failure.attrib["message"]
    for expected in (
        "12 of 96 sessions, 12.5% (95% interval 7.3% to 20.6%)",
        "Id: rate-limited-1f2e",
        "Cause: tool lookup_order",
        "tr-00000000000000000000000000000001",
        "and 7 more",
        "Recommendation: Back off with jitter",
    ):
        assert expected in (failure.text or "")


def test_text_that_no_xml_can_hold_is_made_visible() -> None:
    hostile = "]]></failure><failure/> & \x00\x1b[2J\ufffe\uffff\ud800 <script>"
    finding = replace(sample.finding(), title=hostile, statement=hostile, recommendation=hostile)
    analysis = sample.analysis(finding, experiment_name=hostile)
    text = junit(analysis, gated(analysis, Review(None, "me")))
    text.encode("utf-8")
    (tags,) = kinds(text).values()
    assert tags == ["failure"]
    assert "<script>" in (fromstring(text).find(".//failure").text or "")  # type: ignore[union-attr]


def test_the_step_summary_names_what_fails_first_and_is_short() -> None:
    known = [
        sample.finding(fingerprint=f"{number}", title=f"Known {number}", aliases=())
        for number in range(60)
    ]
    new = sample.finding(fingerprint="new", title="New | `issue` <b>", aliases=())
    analysis = sample.analysis(*known, new, sample.strength(), sample.refuted())
    found = gated(analysis, Review(None, "me"), baseline=sample.analysis(*known))
    text = step_summary(analysis, found, with_baseline=True)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows[1].startswith("| fails | New \\| \\`issue\\` \\<b> | high | 12 of 96 sessions |")
    assert rows[1].endswith("| new |")
    assert rows[2].startswith("|  | Known 0 |")
    assert rows[2].endswith("| known, 12.5% |")
    assert "31 more in the report" in text
    assert "**1 issue fails this build.**" in text
    assert len(text) < 8000


def test_without_an_issue_the_step_summary_says_so() -> None:
    analysis = sample.analysis(sample.refuted())
    text = step_summary(analysis, gated(analysis, Review(None, "me")), with_baseline=False)
    assert "**No issue fails this build.**" in text
    assert "Baseline" not in text

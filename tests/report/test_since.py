"""What a report says of the time since the last review."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

import sample_analysis as sample
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.finding import Alias, Finding
from mlflow_analysis.findings.kinds import Verdict
from mlflow_analysis.report import render_html, render_markdown
from mlflow_analysis.report.context import report_context
from mlflow_analysis.report.since import SinceReview
from mlflow_analysis.review import Decision, Review
from mlflow_analysis.review.acceptance import AcceptPolicy


def named(name: str, **changes: object) -> Finding:
    return sample.finding(fingerprint=name, title=f"Issue {name}", **changes)


def analysed(*findings: Finding) -> Analysis:
    """An analysis that begins after everything that was decided until now."""
    return sample.analysis(*findings, timings={"began_ms": int(time.time() * 1000) + 1})


def since(analysis: Analysis, review: Review) -> SinceReview:
    told = report_context(analysis, review, AcceptPolicy.REVIEWED).since
    assert told is not None
    return told


def titles(told: SinceReview) -> dict[str, list[str]]:
    return {
        name: [then.title.removeprefix("Issue ") for then in group]
        for name, group in told.groups
        if group
    }


def grown(finding: Finding) -> Finding:
    return replace(finding, interval=(finding.rate + 0.05, 0.9), rate=0.6)


def refuted(finding: Finding) -> Finding:
    return replace(finding, verdict=Verdict.REFUTED, interval=(0.0, 0.008), rate=0.0, affected=0)


def test_every_course_stands_in_its_group() -> None:
    review = Review(None, "me")
    old = {name: named(name) for name in ("ongoing", "escalating", "regressed", "gone", "absent")}
    for finding in old.values():
        review.decide(finding, Decision.ACCEPTED)
    review.decide(named("rejected"), Decision.REJECTED, "by design")
    review.decide(named("rejected and grown"), Decision.REJECTED, "by design")
    review.follow([refuted(old["regressed"]), *(old[name] for name in old if name != "regressed")])
    review.follow([named("waiting"), *old.values()])
    told = since(
        analysed(
            named("new"),
            named("waiting"),
            old["ongoing"],
            grown(old["escalating"]),
            old["regressed"],
            refuted(old["gone"]),
            named("rejected"),
            grown(named("rejected and grown")),
            refuted(named("never confirmed")),
        ),
        review,
    )
    assert titles(told) == {
        "New": ["new"],
        "Regressed": ["regressed"],
        "Escalating": ["escalating", "rejected and grown"],
        "Ongoing": ["ongoing"],
        "Gone": ["gone", "absent"],
        "Still not decided": ["waiting"],
    }
    assert told.decided == 7


def test_what_is_decided_about_this_analysis_is_not_the_last_review(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    review = Review(None, "me")
    review.decide(named("old"), Decision.ACCEPTED)
    analysis = analysed(named("new"), named("old"))
    before = titles(since(analysis, review))
    an_hour_later = time.time() + 3600
    monkeypatch.setattr("mlflow_analysis.review.reviewing.time.time", lambda: an_hour_later)
    review.follow(analysis.findings)
    review.decide(named("new"), Decision.ACCEPTED)
    assert titles(since(analysis, review)) == before == {"New": ["new"], "Ongoing": ["old"]}


def test_before_the_first_review_there_is_no_section() -> None:
    review = Review(None, "me")
    analysis = analysed(named("new"))
    assert report_context(analysis, review, AcceptPolicy.REVIEWED).since is None
    assert "Since the last review" not in render_markdown(analysis, review)
    assert "Since the last review" not in render_html(analysis, review)


def test_a_claim_that_was_not_tested_is_not_gone() -> None:
    review = Review(None, "me")
    review.decide(named("old", hypothesis="slow-tool"), Decision.ACCEPTED)
    assert "Gone" not in titles(since(analysed(named("other")), review))


def test_what_was_merged_into_another_is_not_gone() -> None:
    review = Review(None, "me")
    review.decide(named("old"), Decision.ACCEPTED)
    plain = named("home")
    alias = Alias("old", "rate-limited", "Issue old", "", plain.unit, 12, 96, plain.interval)
    assert titles(since(analysed(replace(plain, aliases=(alias,))), review)) == {
        "Ongoing": ["home"]
    }


def test_it_is_written_with_the_share_then_and_now() -> None:
    review = Review(None, "me")
    review.decide(named("old"), Decision.ACCEPTED)
    analysis = analysed(grown(named("old")))
    for text in (render_markdown(analysis, review), render_html(analysis, review)):
        day = text[text.index("Since the last review") :]
        assert "12.5% when accepted on 20" in day
        assert "12 of 96 sessions now (60.0%, 95% interval 17.5% to 90.0%)" in day
    assert "\n\n\n" not in render_markdown(analysis, review)


def test_a_strength_has_no_severity() -> None:
    review = Review(None, "me")
    review.decide(sample.strength(), Decision.ACCEPTED)
    text = render_markdown(analysed(sample.strength()), review)
    assert "- One tool goes with better outcomes (strength): 12.5% when accepted" in text

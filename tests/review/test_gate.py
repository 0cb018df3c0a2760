"""What fails a build: confirmed issues of a severity, and with a baseline only new and worse ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

import sample_analysis as sample
from mlflow_analysis.findings.finding import Alias, Finding
from mlflow_analysis.findings.kinds import Severity, Verdict
from mlflow_analysis.review import Decision, Review
from mlflow_analysis.review.gate import Change, gated


def fails(finding: Finding, *baseline: Finding, bar: Severity = Severity.LOW) -> bool:
    (told,) = gated(sample.analysis(finding), Review(None, "me"), bar, sample.analysis(*baseline))
    return told.fails


def change(finding: Finding, *baseline: Finding) -> Change:
    (told,) = gated(
        sample.analysis(finding), Review(None, "me"), baseline=sample.analysis(*baseline)
    )
    return told.change


@pytest.mark.parametrize(
    ("severity", "bar", "expected"),
    [
        (Severity.HIGH, Severity.HIGH, True),
        (Severity.MEDIUM, Severity.HIGH, False),
        (Severity.MEDIUM, Severity.MEDIUM, True),
        (Severity.LOW, Severity.LOW, True),
        (Severity.LOW, Severity.MEDIUM, False),
    ],
)
def test_the_bar(severity: Severity, bar: Severity, expected: bool) -> None:
    assert fails(sample.finding(severity=severity), bar=bar) is expected


@pytest.mark.parametrize(
    "finding",
    [sample.strength(), sample.refuted(), sample.inconclusive(), sample.not_testable()],
    ids=lambda finding: str(finding.hypothesis),
)
def test_only_confirmed_issues_fail(finding: Finding) -> None:
    assert not fails(finding)


def test_what_somebody_rejected_does_not_fail() -> None:
    review = Review(None, "me")
    review.decide(sample.finding(), Decision.REJECTED, "by design")
    (told,) = gated(sample.analysis(sample.finding()), review)
    assert not told.fails


def test_what_the_baseline_confirms_does_not_fail_again() -> None:
    assert change(sample.finding(), sample.finding()) is Change.KNOWN
    assert not fails(sample.finding(), sample.finding())


@pytest.mark.parametrize("verdict", [Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.NOT_TESTABLE])
def test_what_the_baseline_did_not_confirm_is_new(verdict: Verdict) -> None:
    assert change(sample.finding(), replace(sample.finding(), verdict=verdict)) is Change.NEW
    assert fails(sample.finding(), replace(sample.finding(), verdict=verdict))


def test_worse_is_a_lower_bound_above_the_share_of_before() -> None:
    before = sample.finding()
    worse = replace(before, rate=0.3, interval=(before.rate + 0.01, 0.5))
    larger_by_chance = replace(before, rate=0.2, interval=(before.rate - 0.01, 0.5))
    assert change(worse, before) is Change.WORSE
    assert change(larger_by_chance, before) is Change.KNOWN


def test_worse_is_a_higher_severity() -> None:
    before = sample.finding(severity=Severity.MEDIUM)
    assert change(sample.finding(severity=Severity.HIGH), before) is Change.WORSE
    assert change(sample.finding(severity=Severity.LOW), before) is Change.KNOWN


def test_what_was_merged_into_another_then_or_now_is_known() -> None:
    plain = sample.finding()
    alias = Alias(
        plain.fingerprint, plain.hypothesis, plain.title, "", plain.unit, 12, 96, plain.interval
    )
    home = replace(plain, fingerprint="home", aliases=(alias,))
    assert change(plain, home) is Change.KNOWN
    assert change(home, plain) is Change.KNOWN

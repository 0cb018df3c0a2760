"""Decisions are on disk when the call returns, can be undone, and outlive the process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mlflow_analysis.evidence.weighing import conclude
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Verdict
from mlflow_analysis.hypotheses.catalogue import by_id
from mlflow_analysis.review import Course, Decision, Review, Ruling, review_path
from mlflow_analysis.review.merged import alias_of
from trace_factory import features_of, tool, trace


@pytest.fixture
def finding() -> Finding:
    records = [trace(tool("search", outputs="429 Too Many Requests")) for _ in range(5)]
    findings, _ = conclude(
        [by_id("rate-limited")], features_of(*records, *(trace() for _ in range(5)))
    )
    return findings[0]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "reviews" / "one.jsonl"


def test_a_decision_is_found_again(journal: Path, finding: Finding) -> None:
    Review(journal, "ann").decide(finding, Decision.REJECTED, "by design", "we throttle on purpose")
    ruling = Review(journal).ruling(finding.fingerprint)
    assert (ruling.decision, ruling.reason, ruling.author) == (
        Decision.REJECTED,
        "by design",
        "ann",
    )
    assert journal.stat().st_mode & 0o777 == 0o600


def test_undo_and_redo(journal: Path, finding: Finding) -> None:
    review = Review(journal)
    review.decide(finding, Decision.ACCEPTED)
    review.decide(finding, Decision.REJECTED, "duplicate")
    decisions = []
    for step in (review.undo, review.undo, review.undo, review.redo, review.redo, review.redo):
        step()
        decisions.append(Review(journal).ruling(finding.fingerprint).decision)
    accepted, rejected, undecided = Decision.ACCEPTED, Decision.REJECTED, Decision.UNDECIDED
    assert decisions == [accepted, undecided, undecided, accepted, rejected, rejected]


def test_a_new_decision_ends_redo(journal: Path, finding: Finding) -> None:
    review = Review(journal)
    review.decide(finding, Decision.ACCEPTED)
    review.undo()
    review.decide(finding, Decision.REJECTED, "duplicate")
    assert review.redo() == []
    assert review.ruling(finding.fingerprint).decision is Decision.REJECTED


def test_undo_leaves_the_decisions_of_others(journal: Path, finding: Finding) -> None:
    Review(journal, "ann").decide(finding, Decision.ACCEPTED)
    assert Review(journal, "bob").undo() == []
    assert Review(journal).ruling(finding.fingerprint).decision is Decision.ACCEPTED


def test_two_reviewers_see_each_other(journal: Path, finding: Finding) -> None:
    ann, bob = Review(journal, "ann"), Review(journal, "bob")
    ann.decide(finding, Decision.ACCEPTED)
    other = replace(finding, fingerprint="other")
    bob.decide(other, Decision.REJECTED, "duplicate")
    ann.reload()
    assert ann.ruling("other").author == "bob"
    assert bob.ruling(finding.fingerprint).author == "ann"


def test_a_line_cut_off_by_a_crash_costs_only_itself(journal: Path, finding: Finding) -> None:
    Review(journal).decide(finding, Decision.ACCEPTED)
    with journal.open("ab") as file:
        file.write(b'{"entry_id": "half')
    review = Review(journal)
    assert review.ruling(finding.fingerprint).decision is Decision.ACCEPTED
    review.decide(replace(finding, fingerprint="next"), Decision.ACCEPTED)
    assert Review(journal).ruling("next").decision is Decision.ACCEPTED


def test_a_killed_process_loses_nothing(journal: Path) -> None:
    program = f"""
import os, signal
from pathlib import Path
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity, Unit, Verdict
from mlflow_analysis.review import Decision, Review
finding = Finding("f1", "x", "t", "s", Category.QUALITY, Verdict.CONFIRMED, "r", Severity.LOW, Unit.TRACE)
Review(Path({str(journal)!r})).decide(finding, Decision.ACCEPTED)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", program], check=False, env={**os.environ})
    assert ended.returncode == -9
    assert Review(journal).ruling("f1").decision is Decision.ACCEPTED


def test_a_rejection_stands_until_the_finding_grows(journal: Path, finding: Finding) -> None:
    review = Review(journal)
    review.decide(finding, Decision.REJECTED, "out of scope")
    assert review.standing(finding).decision is Decision.REJECTED
    grown = replace(finding, interval=(finding.interval[0] + 0.1, 1.0))
    assert review.standing(grown).decision is Decision.UNDECIDED
    assert "out of scope" in review.standing(grown).note


@pytest.mark.parametrize("decision", [Decision.ACCEPTED, Decision.REJECTED])
def test_a_decision_is_found_under_the_finding_it_was_merged_into(
    journal: Path, finding: Finding, decision: Decision
) -> None:
    Review(journal).decide(finding, decision, "by design")
    home = replace(finding, fingerprint="home", interval=(0.9, 1.0), aliases=(alias_of(finding),))
    standing = Review(journal).standing(home)
    assert standing.decision is decision
    # what was rejected has not grown, though what it was merged into is larger
    grown = replace(home, aliases=(replace(alias_of(finding), interval=(0.9, 1.0)),))
    expected = decision if decision is Decision.ACCEPTED else Decision.UNDECIDED
    assert Review(journal).standing(grown).decision is expected


def test_the_findings_own_decision_goes_before_that_of_an_alias(
    journal: Path, finding: Finding
) -> None:
    home = replace(finding, fingerprint="home", aliases=(alias_of(finding),))
    review = Review(journal)
    review.decide(home, Decision.ACCEPTED)
    review.decide(finding, Decision.REJECTED, "duplicate")
    assert review.standing(home).decision is Decision.ACCEPTED
    other = replace(finding, fingerprint="other")
    review.decide(other, Decision.ACCEPTED)
    both = replace(finding, fingerprint="third", aliases=(alias_of(finding), alias_of(other)))
    assert review.standing(both).decision is Decision.ACCEPTED


def test_the_course_of_an_accepted_finding(journal: Path, finding: Finding) -> None:
    review = Review(journal)
    assert review.standing(finding).course is Course.NEW
    review.decide(finding, Decision.ACCEPTED)
    review = Review(journal)
    low, high = finding.interval
    narrower = replace(finding, interval=((low + finding.rate) / 2, high))
    grown = replace(finding, interval=(finding.rate + 0.01, 1.0))
    gone = replace(finding, verdict=Verdict.REFUTED)
    unclear = replace(grown, verdict=Verdict.INCONCLUSIVE)
    courses = [review.standing(each).course for each in (finding, narrower, grown, gone, unclear)]
    assert courses == [
        Course.ONGOING,
        Course.ONGOING,
        Course.ESCALATING,
        Course.GONE,
        Course.ONGOING,
    ]
    assert all(review.standing(each).decision is Decision.ACCEPTED for each in (grown, gone))


def test_what_was_gone_and_is_back_has_regressed(journal: Path, finding: Finding) -> None:
    review = Review(journal)
    review.decide(finding, Decision.ACCEPTED)
    gone = replace(finding, verdict=Verdict.REFUTED)
    review.follow([gone, replace(gone, fingerprint="never decided")])
    written = journal.read_bytes()
    review.follow([gone, finding])
    assert journal.read_bytes() == written
    assert Review(journal).standing(finding).course is Course.REGRESSED
    assert review.ruling("never decided") == Ruling()
    assert review.undo() == [finding.fingerprint]
    assert review.redo() == [finding.fingerprint]
    review.decide(finding, Decision.ACCEPTED)
    assert Review(journal).standing(finding).course is Course.ONGOING


def test_a_rejection_that_comes_back_larger_is_asked_again(journal: Path, finding: Finding) -> None:
    review = Review(journal)
    review.decide(finding, Decision.REJECTED, "by design")
    assert review.standing(finding).course is Course.ONGOING
    grown = replace(finding, interval=(finding.interval[0] + 0.01, 1.0))
    assert review.standing(grown).course is Course.ESCALATING
    assert review.standing(grown).decision is Decision.UNDECIDED


def test_a_journal_of_before_and_of_later_is_read(journal: Path, finding: Finding) -> None:
    Review(journal).decide(finding, Decision.ACCEPTED)
    line = json.loads(journal.read_text().splitlines()[-1])
    del line["gone"], line["ruling"]["rate"]
    line["weather"] = "fine"
    line["ruling"]["mood"] = "good"
    journal.write_text(json.dumps(line) + "\n")
    standing = Review(journal).standing(finding)
    assert (standing.decision, standing.rate, standing.course) == (
        Decision.ACCEPTED,
        None,
        Course.ONGOING,
    )


def test_the_file_name_is_safe(tmp_path: Path) -> None:
    path = review_path(tmp_path, "sqlite:///a", "../../etc/passwd\n\x1b")
    assert path.parent == tmp_path
    assert path.name.isascii()

"""Several people and versions on one journal: nothing is lost, and who did not see whom is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity, Unit, Verdict
from mlflow_analysis.review import Change, Decision, JournalTooNew, Review

FORMAT_1 = {
    "entry_id", "fingerprint", "ruling", "undoes", "redoes", "session", "gone", "seen", "at_ms",
}  # fmt: skip
FORMAT_1_RULING = {
    "decision", "reason", "note", "lower_bound", "author", "decided_ms", "rate", "title",
    "hypothesis",
}  # fmt: skip


def finding(fingerprint: str = "f1") -> Finding:
    return Finding(
        fingerprint,
        "rate-limited",
        f"title of {fingerprint}",
        "s",
        Category.OPERATIONAL,
        Verdict.CONFIRMED,
        "r",
        Severity.HIGH,
        Unit.TRACE,
        affected=3,
        eligible=10,
        rate=0.3,
        interval=(0.1, 0.6),
    )


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "one.jsonl"


def test_people_who_change_different_parts_lose_nothing_to_each_other(journal: Path) -> None:
    ann, bob = Review(journal, "ann"), Review(journal, "bob")
    ann.record([Change(finding(), severity=Severity.LOW, assignee="cleo")])
    bob.record([Change(finding(), Decision.ACCEPTED, note="seen it too")])
    ann.reload()
    ann.record([Change(finding(), merged_into="f2")])
    ruling = Review(journal).standing(finding())
    assert (ruling.severity, ruling.assignee, ruling.merged_into) == (Severity.LOW, "cleo", "f2")
    assert (ruling.decision, ruling.note, ruling.author) == (
        Decision.ACCEPTED,
        "seen it too",
        "bob",
    )
    ann.record([Change(finding(), severity=None, assignee="", merged_into="")])
    ruling = Review(journal).standing(finding())
    assert (ruling.severity, ruling.assignee, ruling.merged_into) == (None, "", "")


def test_a_step_is_undone_as_one_and_only_where_it_was_not_overruled(journal: Path) -> None:
    ann, bob = Review(journal, "ann"), Review(journal, "bob")
    ann.record([Change(finding(each), Decision.ACCEPTED) for each in ("f1", "f2")])
    bob.reload()
    bob.record([Change(finding("f2"), Decision.REJECTED, "duplicate")])
    assert ann.undo() == ["f1", "f2"]
    after = Review(journal)
    assert after.ruling("f1").decision is Decision.UNDECIDED
    assert after.ruling("f2").decision is Decision.REJECTED
    ann.redo()
    assert Review(journal).ruling("f1").decision is Decision.ACCEPTED


def test_two_who_did_not_see_each_other_and_differ_are_a_conflict(journal: Path) -> None:
    ann, bob = Review(journal, "ann"), Review(journal, "bob")
    ann.decide(finding(), Decision.ACCEPTED, note="users complain")
    bob.decide(finding(), Decision.REJECTED, "by design", "we throttle")
    ruling = Review(journal).ruling("f1")
    assert (ruling.decision, ruling.author) == (Decision.REJECTED, "bob")
    (opposed,) = ruling.opposed
    assert (opposed.decision, opposed.author, opposed.note) == (
        Decision.ACCEPTED,
        "ann",
        "users complain",
    )
    # a severity settles nothing, a decision of somebody who has seen both does
    bob.record([Change(finding(), severity=Severity.LOW)])
    assert Review(journal).ruling("f1").opposed
    Review(journal, "cleo").decide(finding(), Decision.ACCEPTED)
    assert not Review(journal).ruling("f1").opposed


@pytest.mark.parametrize("seen", [True, False])
def test_no_conflict_where_the_other_was_seen_or_said_the_same(journal: Path, seen: bool) -> None:
    ann, bob = Review(journal, "ann"), Review(journal, "bob")
    ann.decide(finding(), Decision.REJECTED, "by design")
    if seen:
        bob.reload()
        bob.decide(finding(), Decision.ACCEPTED)
    else:
        bob.decide(finding(), Decision.REJECTED, "by design")
    assert not Review(journal).ruling("f1").opposed


def test_taking_ones_own_decision_back_ends_the_conflict(journal: Path) -> None:
    ann, bob = Review(journal, "ann"), Review(journal, "bob")
    ann.decide(finding(), Decision.ACCEPTED)
    bob.decide(finding(), Decision.REJECTED, "duplicate")
    bob.undo()
    ruling = Review(journal).ruling("f1")
    assert (ruling.decision, ruling.opposed) == (Decision.ACCEPTED, ())


def test_two_processes_at_the_same_time_lose_no_line(journal: Path) -> None:
    """Each decides 60 findings in bulk and one by one, while the other does."""
    program = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_review_together import finding
from mlflow_analysis.review import Change, Decision, Review
me = sys.argv[1]
review = Review(Path({str(journal)!r}), me)
sys.stdin.readline()
for number in range(20):
    review.record([Change(finding(f"{{me}}-{{number}}-{{part}}"), Decision.ACCEPTED, note="n" * 2000)
                   for part in range(3)])
review.decide(finding("shared"), Decision.REJECTED, me)
"""
    people = [
        subprocess.Popen([sys.executable, "-c", program, name], stdin=subprocess.PIPE)
        for name in ("ann", "bob")
    ]
    for each in people:
        assert each.stdin is not None
        each.stdin.write(b"\n")
        each.stdin.flush()
    for each in people:
        each.communicate()
        assert each.returncode == 0
    review = Review(journal)
    expected = {f"{me}-{n}-{part}" for me in ("ann", "bob") for n in range(20) for part in range(3)}
    assert set(review.decided()) == expected | {"shared"}
    for line in journal.read_bytes().splitlines():
        json.loads(line)


def test_a_program_of_before_reads_every_line(journal: Path) -> None:
    """It knows the keys of format 1 only, fails on others of a line, and passes over those of a ruling."""
    review = Review(journal, "ann")
    review.decide(finding(), Decision.ACCEPTED, note="yes")
    review.record([Change(finding(), severity=Severity.LOW, assignee="bob", merged_into="f2")])
    review.undo()
    first, *lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert first == {"journal": 2}  # no entry: passed over
    assert all(line.keys() == FORMAT_1 for line in lines)
    rulings = [line["ruling"] for line in lines if line["ruling"]]
    assert all(ruling.keys() >= FORMAT_1_RULING for ruling in rulings)
    # what changes the severity alone says what is decided besides
    assert (rulings[1]["decision"], rulings[1]["note"]) == ("accepted", "yes")


def test_a_line_of_before_decides_and_leaves_the_rest_alone(journal: Path) -> None:
    review = Review(journal, "ann")
    review.record([Change(finding(), severity=Severity.LOW)])
    line = json.loads(journal.read_text().splitlines()[-1])
    line["entry_id"] = "of a program of before"
    line["ruling"] = {key: line["ruling"][key] for key in FORMAT_1_RULING}
    line["ruling"] |= {"decision": "accepted", "author": "bob"}
    with journal.open("a") as file:
        file.write(json.dumps(line) + "\n")
    ruling = Review(journal).standing(finding())
    assert (ruling.decision, ruling.author, ruling.severity) == (
        Decision.ACCEPTED,
        "bob",
        Severity.LOW,
    )


@pytest.mark.parametrize("opened_before", [True, False])
def test_a_journal_of_a_newer_version_is_refused_and_left_as_it_is(
    journal: Path, opened_before: bool
) -> None:
    review = Review(journal, "ann")
    review.decide(finding(), Decision.ACCEPTED)
    with journal.open("a") as file:
        file.write('{"journal": 3}\n{"merged": ["f1"]}\n')
    before = journal.read_bytes()
    with pytest.raises(JournalTooNew, match="newer mlflow-tui"):
        if opened_before:
            review.decide(finding("f2"), Decision.ACCEPTED)
        else:
            Review(journal)
    assert journal.read_bytes() == before


@pytest.mark.parametrize(
    "line",
    [
        "null",
        '{"entry_id": 1, "fingerprint": "f1", "ruling": null}',
        '{"entry_id": "x", "fingerprint": "f1", "ruling": [1]}',
        '{"entry_id": "x", "fingerprint": "f1", "ruling": {"note": "n"}}',
    ],
)
def test_a_line_that_is_no_entry_costs_only_itself(journal: Path, line: str) -> None:
    Review(journal).decide(finding(), Decision.ACCEPTED)
    with journal.open("a") as file:
        file.write(line + "\n")
    assert Review(journal).ruling("f1").decision is Decision.ACCEPTED


def test_names_are_remembered_the_latest_first(journal: Path) -> None:
    review = Review(journal)
    for name in ("ann", "bob", "ann", ""):
        review.record([Change(finding(), assignee=name)])
    assert Review(journal).assignees() == ("ann", "bob")


def test_a_note_or_severity_is_no_decision(journal: Path) -> None:
    review = Review(journal)
    review.record([Change(finding(), note="ask ops", severity=Severity.LOW)])
    assert Review(journal).decided() == {}
    assert Review(journal).standing(finding()).decision is Decision.UNDECIDED

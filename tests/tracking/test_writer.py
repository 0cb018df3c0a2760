"""Writing a reviewed analysis back: once whatever happens, and back again."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import stores
from mlflow_analysis.filing.issues import Document, Filing, Issue, Link
from mlflow_analysis.findings.kinds import Severity
from mlflow_analysis.tracking.connection import ConnectionProblem, connect
from mlflow_analysis.tracking.environment import load_mlflow
from mlflow_analysis.tracking.filed import WritingStopped
from mlflow_analysis.tracking.withdrawal import Withdrawal
from mlflow_analysis.tracking.writer import Writer
from tracking import databases

TRACES = tuple(record.info.trace_id for record in stores.small_traces())
SPANS = {record.info.trace_id: record.spans[0].span_id for record in stores.small_traces()}
KILLS = 50


def issue(fingerprint: str, name: str, *traces: str, **fields: Any) -> Issue:
    """An accepted finding that these traces show."""
    made = Issue(
        fingerprint=fingerprint,
        name=name,
        description=f"{name}.\n\n(mlflow-tui finding {fingerprint})",
        severity=Severity.HIGH,
        categories=("operational", "rate-limited"),
        root_causes=("tool = search: 80% of what is affected",),
        assessment="rate_limited",
        links=tuple(Link(each, SPANS[each], f"{name}: 429 in {each}") for each in traces),
        reopens=False,
    )
    return replace(made, **fields)


def filing(*issues: Issue, key: str = "week 1", **fields: Any) -> Filing:
    made = Filing(
        issues, frozenset(), (Document("report.md", "# Report"), Document("a.json", "{}")), key
    )
    return replace(made, **fields)


LIMITED = issue("aa11", "Calls are refused by a rate limit", *TRACES[:5])
SLOW = issue("bb22", "A tool is slow", *TRACES[3:8], severity=Severity.LOW)


def writer_of(uri: str) -> Writer:
    connection = connect(uri, to_write=True)
    return connection.writer(connection.experiment(stores.EXPERIMENT).experiment_id)


def withdrawal_of(uri: str) -> Withdrawal:
    connection = connect(uri, to_write=True)
    return connection.withdrawal(connection.experiment(stores.EXPERIMENT).experiment_id)


@pytest.fixture
def uri(small_store: Path) -> str:
    return f"sqlite:///{small_store}"


class Store:
    """What MLflow itself says is in the store."""

    def __init__(self, uri: str) -> None:
        self.client: Any = load_mlflow().MlflowClient(tracking_uri=uri)
        self.experiment = self.client.get_experiment_by_name(stores.EXPERIMENT).experiment_id

    def issues(self) -> dict[str, Any]:
        found = self.client._tracing_client.store.search_issues(experiment_id=self.experiment)
        by_name = {each.name: each for each in found}
        assert len(by_name) == len(found), "an issue stands there twice"
        return by_name

    def assessments(self, name: str) -> dict[str, Any]:
        """By trace, what ``mlflow-tui`` wrote under that name."""
        found: dict[str, Any] = {}
        for trace in self.client.search_traces(locations=[self.experiment], include_spans=False):
            for each in trace.info.assessments:
                if each.name == name and each.source.source_id == "mlflow-tui":
                    assert trace.info.trace_id not in found, "a trace has it twice"
                    found[trace.info.trace_id] = each
        return found

    def runs(self) -> list[Any]:
        return list(self.client.search_runs([self.experiment]))


def test_an_accepted_finding_becomes_an_issue_linked_to_its_traces(uri: str) -> None:
    writer_of(uri).write(filing(LIMITED))
    store = Store(uri)
    kept = store.issues()[LIMITED.name]
    assert (kept.severity.value, kept.status.value) == ("high", "pending")
    assert kept.categories == ["operational", "rate-limited"]
    assert kept.root_causes == list(LIMITED.root_causes)
    links = store.assessments(kept.issue_id)
    assert set(links) == set(TRACES[:5])
    first = links[TRACES[0]]
    assert first.rationale == f"{LIMITED.name}: 429 in {TRACES[0]}"
    assert first.span_id == SPANS[TRACES[0]]
    assert first.source.source_type == "CODE"
    (run,) = store.runs()
    assert kept.source_run_id == run.info.run_id
    assert run.data.tags["mlflow.runType"] == "issue_detection", "MLflow's screens need it"
    assert run.info.status == "FINISHED"
    assert {each.path for each in store.client.list_artifacts(run.info.run_id)} == {
        "report.md",
        "a.json",
    }


def test_a_dry_run_writes_nothing_and_says_all(uri: str, small_store: Path) -> None:
    before = small_store.read_bytes()
    plan = writer_of(uri).plan(filing(LIMITED, SLOW))
    assert plan.lines() == (
        "a new run: write report.md and a.json",
        "Calls are refused by a rate limit: create the issue, link 5 traces",
        "A tool is slow: create the issue, link 5 traces",
    )
    assert small_store.read_bytes() == before


def test_writing_again_changes_nothing(uri: str) -> None:
    writer_of(uri).write(filing(LIMITED, SLOW))
    plan = writer_of(uri).plan(filing(LIMITED, SLOW))
    assert all(change.is_nothing for change in plan.changes)
    written = writer_of(uri).write(filing(LIMITED, SLOW))
    assert (written.created, written.updated, written.linked) == (0, 0, 0)
    store = Store(uri)
    assert len(store.issues()) == 2
    assert len(store.runs()) == 1


def test_a_week_later_only_what_differs_is_written(uri: str) -> None:
    writer_of(uri).write(filing(LIMITED))
    grown = replace(
        issue("aa11", LIMITED.name, *TRACES[:7]),
        severity=Severity.MEDIUM,
        description="More of it.\n\n(mlflow-tui finding aa11)",
    )
    plan = writer_of(uri).plan(filing(grown, key="week 2"))
    assert str(plan.changes[0]) == (
        f"{LIMITED.name}: update its description, severity, link 2 traces"
    )
    writer_of(uri).write(filing(grown, key="week 2"))
    store = Store(uri)
    kept = store.issues()[LIMITED.name]
    assert kept.severity.value == "medium"
    assert kept.description.startswith("More of it.")
    assert set(store.assessments(kept.issue_id)) == set(TRACES[:7])
    assert len(store.runs()) == 2


def test_a_rejected_finding_rejects_its_issue_and_makes_none(uri: str) -> None:
    writer_of(uri).write(filing(LIMITED))
    rejecting = filing(key="week 2", rejected=frozenset({"aa11", "cc33"}))
    assert [str(each) for each in writer_of(uri).plan(rejecting).changes] == [
        f"{LIMITED.name}: reject the issue"
    ]
    writer_of(uri).write(rejecting)
    assert {name: each.status.value for name, each in Store(uri).issues().items()} == {
        LIMITED.name: "rejected"
    }


@pytest.mark.parametrize(("reopens", "status"), [(False, "resolved"), (True, "pending")])
def test_what_somebody_resolved_stays_so_unless_it_is_back(
    uri: str, reopens: bool, status: str
) -> None:
    from mlflow.entities.issue import IssueStatus

    writer_of(uri).write(filing(LIMITED))
    store = Store(uri)
    kept = store.issues()[LIMITED.name]
    store.client._tracing_client.store.update_issue(kept.issue_id, status=IssueStatus("resolved"))
    writer_of(uri).write(filing(replace(LIMITED, reopens=reopens), key="week 2"))
    assert store.issues()[LIMITED.name].status.value == status


def test_issues_of_others_are_left_alone(uri: str) -> None:
    store = Store(uri)
    tracing = store.client._tracing_client
    tracing._create_issue(store.experiment, LIMITED.name + "?", "Somebody saw this.")
    writer_of(uri).write(filing(LIMITED, rejected=frozenset({""})))
    withdrawal_of(uri).carry_out()
    theirs = store.issues()[LIMITED.name + "?"]
    assert (theirs.status.value, theirs.description) == ("pending", "Somebody saw this.")


def test_each_trace_gets_an_assessment_where_wanted(uri: str) -> None:
    writer_of(uri).write(filing(LIMITED, assess_traces=True))
    writer_of(uri).write(filing(LIMITED, assess_traces=True))
    found = Store(uri).assessments("rate_limited")
    assert set(found) == set(TRACES[:5])
    assert {each.value for each in found.values()} == {"found"}


def test_all_of_it_can_be_taken_back_and_written_again(uri: str) -> None:
    writer_of(uri).write(filing(LIMITED, SLOW, assess_traces=True))
    store = Store(uri)
    (run,) = store.runs()
    assert withdrawal_of(uri).plan().lines() == (
        f"{LIMITED.name}: reject the issue (MLflow deletes none)",
        f"{SLOW.name}: reject the issue (MLflow deletes none)",
        "delete 20 links and assessments of 8 traces",
        f"run {run.info.run_id}: delete it, with the report in it",
    )
    told: list[tuple[int, int]] = []
    withdrawn = withdrawal_of(uri).carry_out(lambda done, steps: told.append((done, steps)))
    assert told[-1] == (23, 23)
    assert (withdrawn.issues, withdrawn.assessments, withdrawn.runs) == (2, 20, 1)
    assert withdrawal_of(uri).plan().steps == 0
    assert {each.status.value for each in store.issues().values()} == {"rejected"}
    assert not store.assessments("rate_limited")
    assert not store.runs()
    again = filing(LIMITED, SLOW, key="week 2")
    assert f"run {run.info.run_id}: restore it" in writer_of(uri).plan(again).lines()
    writer_of(uri).write(again)
    assert {each.status.value for each in store.issues().values()} == {"pending"}
    runs = {each.info.run_id for each in store.runs()}
    assert {each.source_run_id for each in store.issues().values()} < runs, "nobody can see them"
    assert len(runs) == 2


def test_what_was_taken_back_and_is_written_again_has_the_run_it_had(uri: str) -> None:
    first = writer_of(uri).write(filing(LIMITED))
    withdrawal_of(uri).carry_out()
    assert writer_of(uri).write(filing(LIMITED)).run_id == first.run_id
    assert [each.info.run_id for each in Store(uri).runs()] == [first.run_id]


def test_the_user_can_stop_it_and_go_on_later(uri: str) -> None:
    done: list[int] = []
    with pytest.raises(WritingStopped):
        writer_of(uri).write(
            filing(LIMITED), lambda number, _: done.append(number), lambda: len(done) >= 5
        )
    assert len(Store(uri).assessments(Store(uri).issues()[LIMITED.name].issue_id)) == 1
    writer_of(uri).write(filing(LIMITED))
    assert len(Store(uri).assessments(Store(uri).issues()[LIMITED.name].issue_id)) == 5


def test_a_store_without_issues_gets_assessments_and_tags(file_store: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(file_store, tmp_path / "mlruns"))
    for meta in copy.rglob("meta.yaml"):
        meta.write_text(meta.read_text().replace(str(file_store), str(copy)))
    uri = copy.as_uri()
    plan = writer_of(uri).plan(filing(LIMITED))
    assert plan.lines() == (
        "a new run: write report.md and a.json",
        "This store has no issues: affected traces get an assessment and a tag instead.",
        f"{LIMITED.name}: assess 5 traces",
    )
    writer_of(uri).write(filing(LIMITED))
    assert writer_of(uri).write(filing(LIMITED)).assessed == 0
    store = Store(uri)
    assert set(store.assessments("rate_limited")) == set(TRACES[:5])
    tags = store.client.get_trace(TRACES[0]).info.tags
    assert tags["mlflow_tui.finding.rate_limited"] == "aa11"
    withdrawn = withdrawal_of(uri).carry_out()
    assert (withdrawn.issues, withdrawn.assessments, withdrawn.tags) == (0, 5, 5)
    assert not store.assessments("rate_limited")


def test_killed_at_any_moment_it_ends_with_one_issue_and_one_link_each(
    sqlite_template: Path, tmp_path: Path
) -> None:
    program = [sys.executable, Path(__file__).with_name("killed_writers.py")]
    ended = subprocess.run(
        [*program, sqlite_template, tmp_path, str(KILLS)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > KILLS / 4, "most writes were over before they were cut off"
    for number in range(KILLS):
        uri = f"sqlite:///{tmp_path / f'{number}.db'}"
        writer_of(uri).write(filing(LIMITED, SLOW, assess_traces=True))
        store = Store(uri)
        issues = store.issues()
        assert set(issues) == {LIMITED.name, SLOW.name}
        for each in (LIMITED, SLOW):
            links = store.assessments(issues[each.name].issue_id)
            assert set(links) == {link.trace_id for link in each.links}
        assert len(store.runs()) == 1
        store.client._tracing_client.store.engine.dispose()


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("served") / "mlflow.db"))
    with databases.tracking_server(path) as uri:
        yield uri


@pytest.mark.server
def test_through_a_tracking_server(server: str) -> None:
    writer_of(server).write(filing(LIMITED, SLOW))
    assert writer_of(server).write(filing(LIMITED, SLOW)).linked == 0
    store = Store(server)
    kept = store.issues()
    assert set(kept) == {LIMITED.name, SLOW.name}
    assert set(store.assessments(kept[SLOW.name].issue_id)) == set(TRACES[3:8])
    assert withdrawal_of(server).carry_out().assessments == 10


def test_a_file_left_in_the_middle_of_a_write_is_told_and_mended_by_writing(
    small_store: Path, tmp_path: Path
) -> None:
    left = tmp_path / "left" / "mlflow.db"
    left.parent.mkdir()
    with closing(sqlite3.connect(small_store, isolation_level=None)) as file:
        file.execute("PRAGMA cache_size = 1")  # pages go to the file before the end of the write
        file.execute("BEGIN")
        file.execute("UPDATE spans SET content = content || ' '")
        for ending in ("", "-journal"):
            shutil.copy(f"{small_store}{ending}", f"{left}{ending}")
        file.execute("ROLLBACK")
    uri = f"sqlite:///{left}"
    with pytest.raises(ConnectionProblem) as told:
        connect(uri)
    assert told.value.sentence == (
        "The SQLite file was left in the middle of a write by a program that was killed."
    )
    writer_of(uri).write(filing(LIMITED))
    assert len(Store(uri).issues()) == 1

"""What the user writes on traces: real stores, a real server, and those who may only read."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

import stores
from mlflow_analysis.annotation import Annotation, AnnotationChange, AnnotationKind
from mlflow_analysis.records import TraceInfo
from mlflow_analysis.tracking.connection import ConnectionProblem, connect
from mlflow_analysis.tracking.database import Look
from tracking import databases

FIRST, SECOND, THIRD = (record.info.trace_id for record in stores.small_traces()[:3])
PASS = Annotation(AnnotationKind.FEEDBACK, "user_feedback", True, "as it should be")
COMMENT = Annotation(AnnotationKind.COMMENT, "comment", "look at \x1b[2J this")
EXPECTED = Annotation(AnnotationKind.EXPECTATION, "answer", {"days": 30, "unit": ["d", None]})
TAG = Annotation(AnnotationKind.TAG, "region", "mars")


class Written:
    """An ``Annotator`` of a store, what it told, and what the store holds, read anew."""

    def __init__(self, uri: str) -> None:
        self.connection = connect(uri)
        self.annotator = self.connection.annotator()
        self.changes: list[AnnotationChange] = []

    def write(self, annotation: Annotation, *trace_ids: str) -> list[AnnotationChange]:
        before = len(self.changes)
        self.annotator.write(trace_ids, annotation, "ana", self.changes.append)
        return self.changes[before:]

    def take_back(self, *changes: AnnotationChange) -> list[AnnotationChange]:
        told: list[AnnotationChange] = []
        self.annotator.take_back(changes, told.append)
        return told

    def info(self, trace_id: str) -> TraceInfo:
        return self.connection.experiment(stores.EXPERIMENT).trace(trace_id).info

    def told(self, trace_id: str) -> dict[str, tuple[str, Any, str, str, str]]:
        return {
            each.name: (each.kind, each.value, each.rationale, each.source_type, each.source_id)
            for each in self.info(trace_id).assessments
        }


@pytest.fixture(params=["sqlite", "server", "postgresql", "file_store"])
def written(request: pytest.FixtureRequest, small_store: Path) -> Written:
    if request.param == "sqlite":
        return Written(f"sqlite:///{small_store}")
    place = request.getfixturevalue(request.param)
    return Written(place.as_uri() if isinstance(place, Path) else place)


def test_all_kinds_are_written_as_the_user_and_taken_back(written: Written) -> None:
    before = {each: written.info(each) for each in (FIRST, SECOND)}
    assert before[FIRST].tags["region"] == "eu"

    for annotation in (PASS, COMMENT, EXPECTED, TAG):
        written.write(annotation, FIRST, SECOND)

    for each in (FIRST, SECOND):
        told = written.told(each)
        assert told["user_feedback"] == ("feedback", True, "as it should be", "HUMAN", "ana")
        assert told["comment"][:2] == ("feedback", "look at ␛[2J this")
        assert told["answer"] == ("expectation", EXPECTED.value, "", "HUMAN", "ana")
        assert written.info(each).tags["region"] == "mars"
    assert [change.before for change in written.changes[-2:]] == ["eu", "us"]

    assert len(written.take_back(*written.changes)) == 8
    assert {each: written.info(each) for each in (FIRST, SECOND)} == before


def test_a_tag_that_was_not_there_is_gone_again(written: Written) -> None:
    changes = written.write(Annotation(AnnotationKind.TAG, "new key", "x"), THIRD)
    assert changes == [AnnotationChange(THIRD, key="new key", before=None, after="x")]
    assert written.info(THIRD).tags["new key"] == "x"
    written.take_back(*changes)
    assert "new key" not in written.info(THIRD).tags


@pytest.fixture
def here(small_store: Path) -> Written:
    return Written(f"sqlite:///{small_store}")


def test_the_last_of_two_writes_on_one_tag_is_taken_back_first(here: Written) -> None:
    first = here.write(TAG, FIRST)
    second = here.write(Annotation(AnnotationKind.TAG, "region", "venus"), FIRST)
    here.take_back(*first, *second)
    assert here.info(FIRST).tags["region"] == "eu"


def test_a_tag_that_somebody_changed_since_is_left(here: Written) -> None:
    changes = here.write(TAG, FIRST)
    here.write(Annotation(AnnotationKind.TAG, "region", "theirs"), FIRST)
    with pytest.raises(ConnectionProblem, match="changed by somebody else"):
        here.take_back(*changes)
    assert here.info(FIRST).tags["region"] == "theirs"


def test_an_assessment_that_is_gone_already_counts_as_taken_back(here: Written) -> None:
    changes = here.write(PASS, FIRST)
    here.take_back(*changes)
    assert here.take_back(*changes) == changes


def test_what_was_written_before_a_failure_is_told(here: Written) -> None:
    with pytest.raises(ConnectionProblem, match="tr-gone is no longer there"):
        here.write(PASS, FIRST, "tr-gone", SECOND)
    assert [change.trace_id for change in here.changes] == [FIRST]
    assert "user_feedback" in here.told(FIRST)
    assert "user_feedback" not in here.told(SECOND)


def test_what_mlflow_does_not_take_is_told_in_its_words(here: Written) -> None:
    with pytest.raises(ConnectionProblem, match="MLflow does not take this"):
        here.write(Annotation(AnnotationKind.TAG, "k" * 10_000, "v"), FIRST)
    assert here.changes == []


@pytest.mark.parametrize("annotation", [PASS, TAG])
def test_who_may_only_read_is_told_so(annotation: Annotation, mariadb: str) -> None:
    user = mariadb.split("://")[1].split("@")[0]
    reader = Written(mariadb.replace(user, f"reader:{quote('r@ad', safe='')}"))
    with pytest.raises(ConnectionProblem, match=r"You may read .* but not write to it"):
        reader.write(annotation, FIRST)
    assert reader.changes == []


def test_a_file_that_cannot_be_written_to_is_told_so(small_store: Path) -> None:
    """By a trigger, for a superuser may write whatever the mode of the file says."""
    written = Written(f"sqlite:///{small_store}")
    with closing(sqlite3.connect(small_store)) as file:
        file.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON assessments "
            "BEGIN SELECT RAISE(ABORT, 'attempt to write a readonly database'); END"
        )
    with pytest.raises(ConnectionProblem, match="but not write to it"):
        written.write(PASS, FIRST)


@pytest.mark.skipif(os.geteuid() == 0, reason="a superuser may write to any file")
def test_a_write_protected_file_is_told_so(small_store: Path) -> None:
    small_store.chmod(0o400)
    with pytest.raises(ConnectionProblem, match="but not write to it"):
        Written(f"sqlite:///{small_store}").write(PASS, FIRST)


def test_tables_that_are_not_those_of_the_mlflow_at_hand_are_not_opened_to_write(
    small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may be known here and so be read; MLflow would migrate them before it writes."""

    def refuse(look: Look) -> str:
        raise ConnectionProblem("The store was made by an older MLflow.")

    connection = connect(f"sqlite:///{small_store}")
    monkeypatch.setattr("mlflow_analysis.tracking.sql_client.check_schema", refuse)
    monkeypatch.setattr("mlflow_analysis.tracking.opened.open_client", pytest.fail)
    with pytest.raises(ConnectionProblem, match="made by an older MLflow"):
        connection.annotator()
    with pytest.raises(ConnectionProblem, match="made by an older MLflow"):
        connection.writer("0")


def test_looking_writes_nothing(small_store: Path) -> None:
    before = hashlib.sha256(small_store.read_bytes()).hexdigest()
    written = Written(f"sqlite:///{small_store}")
    written.told(FIRST)
    assert hashlib.sha256(small_store.read_bytes()).hexdigest() == before


def test_a_server_that_lets_a_user_only_read(server_with_sign_in: str) -> None:
    """Its default permission is to read; its administrator may do all."""
    answer = requests.post(
        f"{server_with_sign_in}/api/2.0/mlflow/users/create",
        json={"username": "onlooker", "password": "only looking 1"},
        auth=("admin", databases.ADMIN_PASSWORD),
        timeout=30,
    )
    assert answer.ok, answer.text
    onlooker = server_with_sign_in.replace("://", "://onlooker:only%20looking%201@")
    with pytest.raises(ConnectionProblem, match="but not write to it"):
        Written(onlooker).write(PASS, FIRST)
    admin = server_with_sign_in.replace("://", f"://admin:{quote(databases.ADMIN_PASSWORD)}@")
    assert Written(admin).write(PASS, FIRST)

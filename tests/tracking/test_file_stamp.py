"""Whether a SQLite file was written to: told for certain, or not at all."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mlflow_analysis.tracking import file_stamp as module
from mlflow_analysis.tracking.file_stamp import file_stamp


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of which all was written long ago, as far as its stamp can tell."""
    monkeypatch.setattr(module, "SETTLED_S", 0.0)
    path = tmp_path / "traces.db"
    ask(path, "CREATE TABLE traces (name TEXT)")
    ask(path, "INSERT INTO traces VALUES ('one')")
    os.utime(path, (0, 0))
    return path


def ask(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement).fetchall()


def test_it_stays_while_the_file_is_only_read(store: Path) -> None:
    before = file_stamp(store)
    assert before is not None
    ask(store, "SELECT * FROM traces")
    assert file_stamp(store) == before


def test_it_changes_with_what_is_written_in_place(store: Path) -> None:
    before = file_stamp(store)
    ask(store, "UPDATE traces SET name = 'two'")
    assert file_stamp(store) not in (before, None)


def test_it_changes_with_another_file_in_that_place_whatever_its_times(store: Path) -> None:
    before, times = file_stamp(store), store.stat()
    other = shutil.copy(store, store.with_name("other.db"))
    ask(other, "UPDATE traces SET name = 'two'")
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(store)
    assert store.stat().st_mtime_ns == times.st_mtime_ns
    assert file_stamp(store) not in (before, None)


def test_there_is_none_where_it_could_not_be_trusted(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked = store.with_name("linked.db")
    linked.symlink_to(store)
    assert file_stamp(linked) == file_stamp(store)
    with closing(sqlite3.connect(store)) as writer:
        writer.execute("PRAGMA journal_mode = wal").fetchall()
        writer.execute("INSERT INTO traces VALUES ('two')")
        assert file_stamp(store) is None
        assert file_stamp(linked) is None
    ask(store, "PRAGMA journal_mode = delete")
    assert file_stamp(store) is not None
    monkeypatch.setattr(module, "SETTLED_S", 3_600.0)
    assert file_stamp(store) is None  # written to just now
    assert file_stamp(store.with_name("none.db")) is None

"""What a SQLite file begins with is told without harm to whoever reads it in the same process."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from mlflow_analysis.tracking import address, checks
from mlflow_analysis.tracking.file_head import file_head

WRITE = """
import sqlite3, sys
sqlite3.connect(sys.argv[1], timeout=0.0).execute("DELETE FROM t").connection.commit()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "t.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE t AS SELECT 1 AS a UNION SELECT 2")
    database.close()
    return path


def writing_fails(path: Path) -> bool:
    done = subprocess.run(
        [sys.executable, "-c", WRITE, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 or "database is locked" in done.stderr
    return done.returncode != 0


def test_a_look_at_a_file_leaves_the_locks_of_whoever_reads_it(file: Path) -> None:
    reader = sqlite3.connect(file)
    rows = reader.execute("SELECT a FROM t")
    assert rows.fetchone() == (1,)
    assert writing_fails(file)

    store = address.parse(str(file))
    assert checks.reach(store, 5.0).startswith("a SQLite file")
    assert not checks.keeps_write_ahead_log(store)

    assert writing_fails(file)
    assert rows.fetchone() == (2,)
    assert rows.fetchone() is None
    assert not writing_fails(file)


def test_another_file_in_its_place_is_looked_at(file: Path) -> None:
    assert file_head(file, 6) == b"SQLite"
    other = file.with_name("other")
    other.write_bytes(b"text")
    other.replace(file)
    assert file_head(file, 6) == b"text"

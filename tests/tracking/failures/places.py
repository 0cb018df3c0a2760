"""Causes that lie in an address, a file, a directory or a database."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tracking import databases, network
from tracking.failures.causes import SECRET, Attempt, Surroundings, cause

NOBODY = 65534


# ---- addresses ----------------------------------------------------------------------------------


@cause("no address")
def _(_around: Surroundings) -> Iterator[Attempt]:
    yield Attempt("")


@cause("wrong scheme")
def _(_around: Surroundings) -> Iterator[Attempt]:
    yield Attempt(f"ftp://me:{SECRET}@host/x")


@cause("no driver installed")
def _(around: Surroundings) -> Iterator[Attempt]:
    around.patch.setitem(sys.modules, "psycopg2", None)  # as if it were not there
    yield Attempt(f"postgresql://me:{SECRET}@127.0.0.1/flow")


@cause("driver of the address not installed")
def _(_around: Surroundings) -> Iterator[Attempt]:
    yield Attempt(f"mysql+mysqldb://me:{SECRET}@127.0.0.1/flow")


@cause("port not a number")
def _(_around: Surroundings) -> Iterator[Attempt]:
    yield Attempt(f"http://me:{SECRET}@host:5o00")


@cause("user without password")
def _(_around: Surroundings) -> Iterator[Attempt]:
    yield Attempt("http://anna@127.0.0.1:5000")


# ---- files --------------------------------------------------------------------------------------


@cause("no such file")
def _(around: Surroundings) -> Iterator[Attempt]:
    yield Attempt(f"sqlite:///{around.directory}/deep/mlflow.db")


@cause("file is empty")
def _(around: Surroundings) -> Iterator[Attempt]:
    (around.directory / "x.db").touch()
    yield Attempt(str(around.directory / "x.db"))


@cause("file of another kind")
def _(around: Surroundings) -> Iterator[Attempt]:
    (around.directory / "x.db").write_text("hello")
    yield Attempt(str(around.directory / "x.db"))


@cause("directory instead of a SQLite file")
def _(around: Surroundings) -> Iterator[Attempt]:
    yield Attempt(f"sqlite:///{around.directory}")


@cause("no such directory")
def _(around: Surroundings) -> Iterator[Attempt]:
    yield Attempt(str(around.directory / "mlruns"))


@cause("directory that is no store")
def _(around: Surroundings) -> Iterator[Attempt]:
    yield Attempt(str(around.directory))


@cause("directory that MLflow would add to")
def _(around: Surroundings) -> Iterator[Attempt]:
    shutil.copytree(around.files, around.directory / "mlruns")
    (around.directory / "mlruns" / ".trash").rmdir()
    yield Attempt(str(around.directory / "mlruns"))


@contextlib.contextmanager
def _as_somebody_else() -> Iterator[None]:
    """Root may read everything, so it becomes somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@cause("file that may not be read")
def _(around: Surroundings) -> Iterator[Attempt]:
    around.store.chmod(0)
    with _as_somebody_else():
        yield Attempt(str(around.store))


@cause("directory that may not be read")
def _(around: Surroundings) -> Iterator[Attempt]:
    inner = around.directory / "mlruns"
    inner.mkdir(mode=0)
    with _as_somebody_else():
        yield Attempt(f"file://{inner}")
    inner.chmod(0o700)


@cause("SQLite file locked")
def _(around: Surroundings) -> Iterator[Attempt]:
    writer = sqlite3.connect(around.store, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    yield Attempt(str(around.store), waits=True)
    writer.close()


@cause("SQLite file damaged")
def _(around: Surroundings) -> Iterator[Attempt]:
    content = bytearray(around.store.read_bytes())
    content[100:8_000] = os.urandom(7_900)
    around.store.write_bytes(content)
    yield Attempt(str(around.store))


def _with_sql(store: Path, statement: str) -> None:
    with sqlite3.connect(store) as database:
        database.execute(statement)
    database.close()


@cause("database of another program")
def _(around: Surroundings) -> Iterator[Attempt]:
    _with_sql(around.directory / "x.db", "CREATE TABLE notes (text)")
    yield Attempt(str(around.directory / "x.db"))


@cause("schema older")
def _(around: Surroundings) -> Iterator[Attempt]:
    _with_sql(around.store, "UPDATE alembic_version SET version_num = '1bd49d398cd23'")
    yield Attempt(str(around.store))


@cause("schema newer")
def _(around: Surroundings) -> Iterator[Attempt]:
    _with_sql(around.store, "UPDATE alembic_version SET version_num = 'fffffffffff1'")
    yield Attempt(str(around.store))


@cause("store without default experiment")
def _(around: Surroundings) -> Iterator[Attempt]:
    _with_sql(around.store, "DELETE FROM experiments WHERE experiment_id = 0")
    yield Attempt(str(around.store))


# ---- databases ----------------------------------------------------------------------------------


def _changed(uri: str, *, password: str = "", path: str = "", user: str = "") -> str:
    parts = urlsplit(uri)
    authority = (
        f"{user or parts.username}:{password or parts.password}@{parts.hostname}:{parts.port}"
    )
    return parts._replace(netloc=authority, path=path or parts.path).geturl()


@cause("PostgreSQL: wrong password")
def _(around: Surroundings) -> Iterator[Attempt]:
    yield Attempt(_changed(around.postgresql, password=SECRET))


@cause("MariaDB: wrong password")
def _(around: Surroundings) -> Iterator[Attempt]:
    yield Attempt(_changed(around.mariadb, password=SECRET))


@cause("PostgreSQL: no such database")
def _(around: Surroundings) -> Iterator[Attempt]:
    yield Attempt(_changed(around.postgresql, path="/nothing_here"))


@cause("MariaDB: no such database")
def _(around: Surroundings) -> Iterator[Attempt]:
    yield Attempt(_changed(around.mariadb, path="/nothing_here"))


@cause("PostgreSQL: database without MLflow's tables")
def _(around: Surroundings) -> Iterator[Attempt]:
    yield Attempt(_changed(around.postgresql, path="/postgres"))


@cause("PostgreSQL: user without rights")
def _(around: Surroundings) -> Iterator[Attempt]:
    databases.execute(around.postgresql, f"CREATE USER stranger PASSWORD '{SECRET}'")
    yield Attempt(_changed(around.postgresql, user="stranger", password=SECRET))
    databases.execute(around.postgresql, "DROP USER stranger")


@cause("PostgreSQL: port that never answers")
def _(_around: Surroundings) -> Iterator[Attempt]:
    with network.silent() as where:
        yield Attempt(f"postgresql://me:{SECRET}@{where}/flow", waits=True)


@cause("MySQL: port that never answers")
def _(_around: Surroundings) -> Iterator[Attempt]:
    with network.silent() as where:
        yield Attempt(f"mysql://me:{SECRET}@{where}/flow", waits=True)

"""Look before MLflow does: what it would create, migrate or wait for is found out here first.

Each check is quick, changes nothing, and raises ``ConnectionProblem``.
"""

from __future__ import annotations

import socket
import sqlite3
from contextlib import closing
from typing import Any
from urllib.parse import quote
from urllib.request import getproxies, proxy_bypass

from mlflow_analysis.tracking.address import Address, StoreKind, without_secrets
from mlflow_analysis.tracking.problems import ConnectionProblem
from mlflow_analysis.untrusted import printable

_UPGRADE = (
    "Back it up, then run: mlflow db upgrade <address>. Programs with an older MLflow can then no "
    "longer open it. Or use mlflow-tui in an environment with the MLflow that made it."
)


def details_of(error: BaseException, address: Address) -> str:
    """What ``error`` and its causes say, safe to show."""
    texts: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(texts) < 5:
        texts.append(f"{type(cause).__name__}: {cause}")
        cause = cause.__cause__ or cause.__context__
    return printable(without_secrets("\n".join(texts), address.mlflow_uri))[:4000]


def glance(address: Address, timeout_seconds: float) -> None:
    """What can be told without MLflow, and so at once: is anything there at all?"""
    if address.kind is StoreKind.FILES:
        check_files(address)
    elif address.kind is StoreKind.SQLITE:
        check_sqlite_file(address)
    else:
        check_reachable(address, timeout_seconds)


def check(address: Address, timeout_seconds: float) -> None:
    """Whether MLflow may be let at ``address``."""
    glance(address, timeout_seconds)
    if address.kind not in {StoreKind.FILES, StoreKind.SERVER}:
        check_schema(address)


def check_reachable(address: Address, timeout_seconds: float) -> None:
    """Whether anything listens there. A database that does not costs MLflow 101 s."""
    if not address.host or (address.kind is StoreKind.SERVER and _behind_proxy(address)):
        return
    where = f"{address.host}:{address.port}"
    try:
        socket.create_connection((address.host, address.port), timeout=timeout_seconds).close()
    except socket.gaierror as error:
        raise ConnectionProblem(
            f"No host is known by the name {printable(address.host)}.",
            "Check the spelling, and whether this machine needs a VPN to know it.",
            str(error),
        ) from error
    except TimeoutError as error:
        raise ConnectionProblem(
            f"{where} did not answer within {timeout_seconds:g} s.",
            "Check the port, and whether a firewall is between.",
            str(error),
        ) from error
    except (OSError, UnicodeError) as error:
        raise ConnectionProblem(
            f"Nothing answers at {printable(where)}.",
            f"Check host and port, and whether the {_program(address)} is running.",
            str(error),
        ) from error


def check_sqlite_file(address: Address) -> bool:
    """Whether the file is there and is a database. Returns whether it keeps a write-ahead log."""
    assert address.path is not None
    shown = printable(str(address.path))
    if address.path.is_dir():
        raise ConnectionProblem(
            f"{shown} is a directory, not a SQLite file.", "Give the file in it."
        )
    if not address.path.exists():
        raise ConnectionProblem(
            f"There is no file {shown}.",
            "Check the path; mlflow-tui never makes a store.",
        )
    try:
        with address.path.open("rb") as file:
            head = file.read(20)
    except OSError as error:
        raise ConnectionProblem(
            f"{shown} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error
    if not head.startswith(b"SQLite format 3\0"):
        what = "is empty" if not head else "is not a SQLite database"
        raise ConnectionProblem(
            f"{shown} {what}.", "Give the file that MLflow's backend store is in."
        )
    return head[19:20] == b"\x02"


def check_files(address: Address) -> None:
    """Whether the directory is a file store as MLflow leaves it."""
    assert address.path is not None
    shown = printable(str(address.path))
    if not address.path.is_dir():
        raise ConnectionProblem(
            f"There is no directory {shown}.", "Check the path; mlflow-tui never makes a store."
        )
    try:
        experiments = any(address.path.glob("*/meta.yaml"))
    except OSError as error:
        raise ConnectionProblem(
            f"{shown} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error
    if not experiments:
        raise ConnectionProblem(
            f"{shown} holds no MLflow experiments.",
            "Give the directory with a folder for each experiment, often called mlruns.",
        )
    if not (address.path / ".trash").is_dir():
        raise ConnectionProblem(
            f"{shown} has no directory .trash, which MLflow would make on reading.",
            f"Make it yourself: mkdir '{shown}/.trash'",
        )


def check_schema(address: Address) -> None:
    """Whether the tables are those of this MLflow: it would migrate older ones without asking."""
    revision, has_default = _read_revision(address)
    from mlflow_analysis.tracking.environment import load_mlflow

    version = load_mlflow().__version__
    head, known = _revisions()
    if revision == head:
        if has_default:
            return
        raise ConnectionProblem(
            "The store lacks MLflow's default experiment, which MLflow would make on opening it.",
            "Open the store once with MLflow itself: mlflow experiments search",
        )
    if revision in known:
        raise ConnectionProblem(
            f"The store was made by an older MLflow (schema {revision}) than this one ({version}).",
            _UPGRADE,
            f"alembic_version {revision}, MLflow {version} expects {head}",
        )
    raise ConnectionProblem(
        f"The store was made by a newer MLflow (schema {printable(revision)}) "
        f"than this one ({version}).",
        "Install that MLflow here: pip install --upgrade mlflow",
        f"alembic_version {printable(revision)}, MLflow {version} expects {head}",
    )


def _read_revision(address: Address) -> tuple[str, bool]:
    """The schema revision, and whether there is a default experiment."""
    import sqlalchemy as sql
    from sqlalchemy.pool import NullPool

    engine = sql.create_engine(address.mlflow_uri, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            tables = set(sql.inspect(connection).get_table_names())
            if not {"alembic_version", "experiments"} <= tables:
                raise ConnectionProblem(
                    "The database holds no MLflow tables.",
                    "Check the name of the database: mlflow server has it as --backend-store-uri.",
                )
            revision = connection.execute(
                sql.text("SELECT version_num FROM alembic_version")
            ).scalar()
            default = connection.execute(
                sql.text("SELECT count(*) FROM experiments WHERE experiment_id = 0")
            ).scalar()
            return str(revision), bool(default)
    except (sql.exc.DBAPIError, sql.exc.InternalError) as error:
        raise database_problem(error, address) from error
    finally:
        engine.dispose()


def database_problem(error: Any, address: Address) -> ConnectionProblem:
    """What the driver's complaint means."""
    said = str(getattr(error, "orig", error)).lower()
    details = details_of(error, address)
    if isinstance(getattr(error, "orig", None), sqlite3.Error) and "locked" in said:
        return ConnectionProblem(
            "The SQLite file is locked by another program.",
            "Wait until it has finished writing, then try again.",
            details,
        )
    if "readonly database" in said:  # a hot journal, which can only be played back by writing
        return ConnectionProblem(
            "The SQLite file was left in the middle of a write by a program that was killed.",
            "Let MLflow open it once (mlflow ui), which rolls that write back, then try again.",
            details,
        )
    if "authentication" in said or "access denied" in said or "no password supplied" in said:
        return ConnectionProblem(
            f"{address.kind.value} refused the user or password.",
            "Check both in the address; special characters in them must be percent-encoded.",
            details,
        )
    if "does not exist" in said or "unknown database" in said:
        return ConnectionProblem(
            f"{address.kind.value} has no such database, user or table.",
            "Check the name after the host in the address.",
            details,
        )
    if "permission denied" in said or "denied to user" in said:
        return ConnectionProblem(
            "The database user may not read MLflow's tables.",
            "Grant it SELECT on all tables of the schema.",
            details,
        )
    return ConnectionProblem(
        f"{address.kind.value} could not be read.", "See the details for what it said.", details
    )


def _revisions() -> tuple[str, frozenset[str]]:
    """The schema revision of the MLflow at hand, and all it knows of."""
    from alembic.script import ScriptDirectory
    from mlflow.store.db.utils import _get_alembic_config

    script = ScriptDirectory.from_config(_get_alembic_config(db_url=""))
    known = frozenset(revision.revision for revision in script.walk_revisions())
    return str(script.get_current_head()), known


def _behind_proxy(address: Address) -> bool:
    scheme = address.mlflow_uri.partition(":")[0]
    proxies = getproxies()
    return bool(proxies.get(scheme) or proxies.get("all")) and not proxy_bypass(address.host)


def _program(address: Address) -> str:
    return "server" if address.kind is StoreKind.SERVER else f"{address.kind.value} server"


def finish_interrupted_write(address: Address) -> None:
    """Let SQLite roll back what a killed writer left half done, which it cannot do while only reading."""
    journal = address.path and address.path.with_name(f"{address.path.name}-journal")
    if address.kind is not StoreKind.SQLITE or journal is None or not journal.exists():
        return
    try:
        with closing(sqlite3.connect(f"file:{quote(str(address.path))}?mode=rw", uri=True)) as file:
            file.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise database_problem(error, address) from error

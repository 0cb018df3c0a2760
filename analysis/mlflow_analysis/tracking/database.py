"""Sign in to a database and look at its tables, read-only, before MLflow does; and what it may complain of."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from mlflow_analysis.tracking.address import Address, StoreKind
from mlflow_analysis.tracking.checks import details_of
from mlflow_analysis.tracking.problems import ConnectionProblem

_EXTRA = {StoreKind.POSTGRESQL: "postgresql", StoreKind.MYSQL: "mysql"}


@dataclass(frozen=True)
class Look:
    """What the tables say."""

    revision: str
    """Of the schema (``alembic_version``)."""
    has_default_experiment: bool
    program: str
    """Name and version of the database program."""


def look(address: Address, timeout_seconds: float) -> Look:
    """Sign in and look. Raises ``ConnectionProblem``."""
    import sqlalchemy as sql
    from sqlalchemy.pool import NullPool

    arguments: dict[str, Any] = {}
    if address.kind is StoreKind.SQLITE:
        arguments["timeout"] = timeout_seconds
    elif "+pymysql:" in address.mlflow_uri:
        arguments["read_timeout"] = timeout_seconds  # connect_timeout ends with the connection
    try:
        engine = sql.create_engine(address.mlflow_uri, poolclass=NullPool, connect_args=arguments)
    except (sql.exc.ArgumentError, ImportError) as error:
        raise _no_driver(error, address) from error
    try:
        with engine.connect() as connection:
            version = ".".join(str(part) for part in connection.dialect.server_version_info or ())
            tables = set(sql.inspect(connection).get_table_names())
            if not {"alembic_version", "experiments"} <= tables:
                raise _no_tables(tables, address)
            revision = connection.execute(
                sql.text("SELECT version_num FROM alembic_version")
            ).scalar()
            default = connection.execute(
                sql.text("SELECT count(*) FROM experiments WHERE experiment_id = 0")
            ).scalar()
            return Look(str(revision), bool(default), f"{address.kind.value} {version}".strip())
    except sql.exc.DBAPIError as error:
        raise database_problem(error, address, timeout_seconds) from error
    finally:
        engine.dispose()


def _no_driver(error: Exception, address: Address) -> ConnectionProblem:
    driver = address.mlflow_uri.partition(":")[0].partition("+")[2]
    return ConnectionProblem(
        f"Python has no driver {driver!r} for {address.kind.value} here.",
        f"Install it, or leave +{driver} out of the address and: "
        f"pip install 'mlflow-tui[{_EXTRA.get(address.kind, '')}]'",
        details_of(error, address),
    )


def _no_tables(tables: set[str], address: Address) -> ConnectionProblem:
    what = "file" if address.kind is StoreKind.SQLITE else "database"
    others = f" Others: {len(tables)}." if tables else " It is empty, or its user sees none."
    return ConnectionProblem(
        f"This {what} holds no MLflow tables.{others}",
        "Give the one that mlflow server has as its --backend-store-uri.",
    )


def database_problem(
    error: Any, address: Address, timeout_seconds: float = 5.0
) -> ConnectionProblem:
    """What the driver's complaint means."""
    complaint = getattr(error, "orig", error)
    said = str(complaint).lower()
    details = details_of(error, address)
    if isinstance(complaint, sqlite3.Error):
        return _sqlite_problem(said, address, details)
    for signs, sentence, remedy in _COMPLAINTS:
        if any(sign in said for sign in signs):
            return ConnectionProblem(
                sentence.format(kind=address.kind.value, seconds=f"{timeout_seconds:g}"),
                remedy,
                details,
            )
    return ConnectionProblem(
        f"{address.kind.value} could not be read.", "See the details for what it said.", details
    )


_COMPLAINTS = (
    (
        ("no pg_hba.conf entry", "is not allowed to connect"),
        "{kind} lets nobody of that name in from this machine.",
        "Have its administrator allow user and host (pg_hba.conf; CREATE USER …@host).",
    ),
    (
        ("to database", "unknown database"),
        "{kind} has no such database, or this user may not use it.",
        "Check the name after the host in the address.",
    ),
    (
        ("authentication failed", "access denied for user", "no password supplied"),
        "{kind} refused the user or password.",
        "Check both in the address; special characters in them must be percent-encoded.",
    ),
    (
        ("permission denied", "command denied"),
        "The database user may not read MLflow's tables.",
        "Grant it SELECT on all tables of the schema: see docs/connections.md.",
    ),
    (
        ("ssl", "secure_transport"),
        "{kind} and this machine agree on no secure connection (TLS).",
        "Say how in the address, for example ?sslmode=require or ?ssl_ca=FILE.",
    ),
    (("too many",), "{kind} takes no more connections.", "Try again when others have left."),
    (
        ("timeout", "timed out"),
        "{kind} took the connection but did not answer within {seconds} s.",
        "Check the port, and whether it is overloaded.",
    ),
    (
        ('database "',),
        "{kind} has no such database.",
        "Check the name after the host in the address.",
    ),
    (('role "',), "{kind} knows no such user.", "Check the name before the @ in the address."),
)
"""Signs of a complaint of a server, in small letters, and what to say; the first that fits holds."""


def _sqlite_problem(said: str, address: Address, details: str) -> ConnectionProblem:
    if "locked" in said:
        return ConnectionProblem(
            "The SQLite file is locked by another program.",
            "Wait until it has finished writing, then try again.",
            details,
        )
    if "malformed" in said or "not a database" in said:
        return ConnectionProblem(
            "The SQLite file is damaged.",
            "Take a backup, or save what can be saved: sqlite3 FILE .recover",
            details,
        )
    if "unable to open" in said or "readonly" in said:
        return ConnectionProblem(
            "SQLite cannot read the file alone: a write was cut short, or its log needs a file beside it.",
            "Open it once with a program that may write there: mlflow experiments search",
            details,
        )
    return ConnectionProblem(
        f"{address.shown} could not be read by SQLite.",
        "See the details for what it said.",
        details,
    )

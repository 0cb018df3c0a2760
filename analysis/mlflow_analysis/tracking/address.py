"""Where a store is: what the user typed, what MLflow is given, and what may be shown.

Nothing here opens anything, and nothing imports MLflow.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from mlflow_analysis.tracking.problems import ConnectionProblem
from mlflow_analysis.untrusted import single_line


class StoreKind(str, Enum):
    """The kinds of store that can be read; the value is the name people know."""

    SQLITE = "SQLite"
    POSTGRESQL = "PostgreSQL"
    MYSQL = "MySQL"
    FILES = "files"
    SERVER = "MLflow server"
    DATABRICKS = "Databricks"


SQL_KINDS = frozenset({StoreKind.SQLITE, StoreKind.POSTGRESQL, StoreKind.MYSQL})
HTTP_KINDS = frozenset({StoreKind.SERVER, StoreKind.DATABRICKS})


@dataclass(frozen=True)
class Address:
    """A store's address, understood."""

    kind: StoreKind
    mlflow_uri: str = field(repr=False)
    """What MLflow is given: read-only where the store can be told so. A database's may hold credentials."""
    shown: str
    """Without credentials, and the same for every way of writing the same place."""
    host: str = ""
    port: int = 0
    path: Path | None = None
    """The file or directory, of stores that are one."""
    url: str = ""
    """What requests go to, of stores that speak HTTP; without credentials."""
    variables: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    """What the environment has to hold (or not, where ``None``) for signing in. See ``credentials``."""
    origin: str = ""
    """Where the address comes from, if it was not typed."""

    def cleaned(self, text: str) -> str:
        """``text`` without any secret that this address or the environment knows of."""
        known = [value or "" for name, value in self.variables.items() if is_secret(name)]
        return without_secrets(text, self.mlflow_uri, known)


_SQLITE_SUFFIXES = {".db", ".sqlite", ".sqlite3"}
_DRIVERS = {
    StoreKind.POSTGRESQL: (("psycopg2", "psycopg2"), ("psycopg", "psycopg")),
    StoreKind.MYSQL: (("pymysql", "pymysql"), ("MySQLdb", "mysqldb")),
}
_PORTS = {StoreKind.POSTGRESQL: 5432, StoreKind.MYSQL: 3306}
_EXAMPLES = (
    "Give a SQLite file (sqlite:///mlflow.db), a database (postgresql://user@host/mlflow, "
    "mysql://…), a server (http://host:5000), databricks://profile, or a directory."
)
_DATABRICKS = {"databricks", "databricks-uc", "uc"}
_SECRET_NAMES = re.compile("passw|pwd|token|secret|key|credential", re.IGNORECASE)
_SIGN_IN_NAMES = ("MLFLOW_TRACKING_", "DATABRICKS_")


def parse(typed: str, *, timeout_seconds: float = 5.0) -> Address:
    """Understand an address as it was typed.

    ``timeout_seconds`` goes into database addresses as their connection timeout. Raises
    ``ConnectionProblem`` for what no store could be at.
    """
    if not typed.strip():
        raise ConnectionProblem(
            "No tracking store is given, and MLFLOW_TRACKING_URI is not set.",
            _EXAMPLES,
        )
    return _parse(typed.strip(), timeout_seconds)


def is_secret(name: str) -> bool:
    """Whether a variable or part of a query of this name holds a secret."""
    return _SECRET_NAMES.search(name) is not None


def without_credentials(uri: str) -> str:
    """An address without the user, password and query in it."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return single_line(re.sub(r"//[^/]*@", "//", uri))
    authority = parts.netloc.rpartition("@")[2]
    return single_line(urlunsplit((parts.scheme, authority, parts.path, "", "")))


def without_secrets(text: str, uri: str = "", known: Iterable[str] = ()) -> str:
    """``text`` with every secret that we know of replaced by stars.

    Those in ``uri`` (user, password, query), in the variables of MLflow and Databricks, and ``known``.
    """
    secrets = set(known) | {
        value
        for name, value in os.environ.items()
        if name.startswith(_SIGN_IN_NAMES) and is_secret(name)
    }
    for address in (uri, os.environ.get("MLFLOW_TRACKING_URI", "")):
        userinfo = re.search(r"//([^/]*)@", address)
        if userinfo:
            user, _, password = userinfo.group(1).partition(":")
            secrets |= {userinfo.group(1), password, unquote(password)}
            secrets |= {user, unquote(user)} if not password else set()
        query = address.partition("?")[2]
        secrets |= {value for name, value in parse_qsl(query) if is_secret(name)}
    for secret in sorted(secrets - {""}, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _parse(typed: str, timeout_seconds: float) -> Address:
    scheme = typed.partition(":")[0].lower() if "://" in typed or typed.startswith("file:") else ""
    dialect = scheme.partition("+")[0]
    if dialect == "sqlite":
        return _sqlite(_sqlite_path(typed))
    if dialect in {"postgresql", "postgres"}:
        return _database(StoreKind.POSTGRESQL, typed, timeout_seconds)
    if dialect in {"mysql", "mariadb"}:
        return _database(StoreKind.MYSQL, typed, timeout_seconds)
    if scheme in {"http", "https"}:
        return _server(typed)
    if scheme == "file":
        return _directory(Path(unquote(re.sub(r"^file:(//(localhost)?)?", "", typed))))
    if (scheme or typed.partition(":")[0]) in _DATABRICKS:
        return _databricks(typed)
    if scheme:
        raise ConnectionProblem(
            f"mlflow-tui cannot read from {single_line(scheme)}:// addresses.", _EXAMPLES
        )
    path = Path(typed).expanduser()
    try:
        is_file, is_directory = path.is_file(), path.is_dir()
    except OSError:  # in a directory that may not be read, which is told when it is opened
        is_file = is_directory = False
    if is_file or (not is_directory and path.suffix.lower() in _SQLITE_SUFFIXES):
        return _sqlite(path)
    return _directory(path)


def _sqlite_path(typed: str) -> Path:
    path = re.sub(r"^sqlite(\+\w+)?:/{0,3}", "", typed, flags=re.IGNORECASE).partition("?")[0]
    path = unquote(path.removeprefix("file:")) if path.startswith("file:") else path
    if path in {"", ":memory:"}:
        raise ConnectionProblem(
            "The address names no SQLite file.", "Write sqlite:///path/to/mlflow.db."
        )
    return Path(path)


def _sqlite(path: Path) -> Address:
    path = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    # mode=ro: the file stays as it is, byte for byte. MLflow would create a missing one, parents
    # included, and migrate an old one.
    return Address(
        StoreKind.SQLITE,
        f"sqlite+pysqlite:///file:{quote(str(path))}?mode=ro&uri=true",
        single_line(f"sqlite:///{path}"),
        path=path,
    )


def _directory(path: Path) -> Address:
    path = Path(os.path.abspath(path.expanduser()))  # noqa: PTH100
    return Address(StoreKind.FILES, path.as_uri(), single_line(f"file://{path}"), path=path)


def _databricks(typed: str) -> Address:
    """Which workspace that is, is for ``databricks`` to find out."""
    scheme, _, profile = typed.partition("://")
    if scheme.partition(":")[0] != "databricks":
        raise ConnectionProblem(
            f"{single_line(typed)} is an address of models; traces are not there.",
            "Write databricks, or databricks://profile with a profile of ~/.databrickscfg.",
        )
    if ":" in profile:
        raise ConnectionProblem(
            "Secrets of a Databricks notebook (databricks://scope:prefix) are not to be had here.",
            "Write databricks, or databricks://profile with a profile of ~/.databrickscfg.",
        )
    profile = profile.strip("/")
    uri = f"databricks://{profile}" if profile else "databricks"
    return Address(StoreKind.DATABRICKS, uri, single_line(uri))


def _server(typed: str) -> Address:
    parts = _split(typed)
    if not parts.hostname:
        raise ConnectionProblem("The address names no host.", "Write http://host:port.")
    port = _port(parts) or (443 if parts.scheme == "https" else 80)
    bare = without_credentials(typed).rstrip("/")
    # MLflow would repeat a password within the address in its errors: it is taken out.
    return Address(StoreKind.SERVER, bare, bare, parts.hostname, port, url=bare)


def _database(kind: StoreKind, typed: str, timeout_seconds: float) -> Address:
    parts = _split(typed)
    driver = parts.scheme.partition("+")[2]
    if not driver:
        drivers = _DRIVERS[kind]
        driver = next((name for module, name in drivers if find_spec(module)), "")
    module = {name: module for module, name in _DRIVERS[kind]}.get(driver)
    if not driver or (module and not find_spec(module)):
        raise ConnectionProblem(
            f"Python has no driver {driver}".rstrip() + f" for {kind.value} here.",
            f"Install one: pip install 'mlflow-tui[{kind.name.lower()}]'.",
        )
    dialect = "postgresql" if kind is StoreKind.POSTGRESQL else "mysql"
    query = dict(parse_qsl(parts.query))
    query.setdefault("connect_timeout", str(max(1, round(timeout_seconds))))
    if kind is StoreKind.POSTGRESQL:
        options = query.get("options", "")
        query["options"] = f"{options} -c default_transaction_read_only=on".strip()
    elif driver in {"pymysql", "mysqldb"}:
        query["init_command"] = "SET SESSION TRANSACTION READ ONLY"
    return Address(
        kind,
        urlunsplit(
            (f"{dialect}+{driver}", parts.netloc, parts.path, urlencode(query, quote_via=quote), "")
        ),
        f"{dialect}://{without_credentials(typed).partition('://')[2]}",
        parts.hostname or "",
        _port(parts) or _PORTS[kind],
    )


def _split(typed: str) -> SplitResult:
    try:
        return urlsplit(typed)
    except ValueError as error:
        raise ConnectionProblem("The address is not well formed.", _EXAMPLES) from error


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError as error:
        raise ConnectionProblem(
            "The port in the address is not a number from 1 to 65535.", "Write host:port."
        ) from error

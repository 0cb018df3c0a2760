"""The fields that say where a store of each kind is and how to sign in to it. Plain data, no drawing."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from urllib.parse import quote, unquote, urlsplit

from mlflow_analysis.connecting.sign_in import ConnectionRequest, SignIn, SignInMethod
from mlflow_analysis.connecting.surroundings import DatabricksProfile


class Kind(Enum):
    """Kinds of source that can be filled in; the value is how a person calls it."""

    SQLITE = "SQLite file"
    POSTGRESQL = "PostgreSQL"
    MYSQL = "MySQL or MariaDB"
    SERVER = "MLflow server"
    DATABRICKS = "Databricks"
    FILES = "directory of files"
    ENVIRONMENT = "environment"


@dataclass(frozen=True)
class Field:
    """One line of the form."""

    name: str
    label: str
    hint: str
    masked: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    """Value and what it is called, where it is one of several."""
    methods: tuple[SignInMethod, ...] = ()
    """The ways to sign in that it belongs to; empty for all."""


_SQLITE_PREFIX = re.compile(r"sqlite(\+\w+)?:/{0,3}", re.IGNORECASE)
METHOD, SECRET, VARIABLE = "method", "secret", "variable"
_PASSWORD, _TOKEN = SignInMethod.PASSWORD, SignInMethod.TOKEN
_ENV_FILE = Field(
    "env_file", "env file", "Lines NAME=value; they hold where the environment says nothing."
)
_VARIABLE = Field(
    VARIABLE,
    "or variable",
    "Name of the variable, of the environment or the env file, that holds it.",
    methods=(_PASSWORD, _TOKEN),
)
_DATABASE = (
    Field("host", "host", "Name or address of the machine."),
    Field("port", "port", "The usual one if left empty."),
    Field("database", "database", "Its name."),
    Field("user", "user", "A user that may only read is enough."),
    Field(SECRET, "password", "For this run only: it is never written anywhere.", masked=True),
    Field(VARIABLE, "or variable", _VARIABLE.hint),
    Field("options", "options", "As they stand after ? in an address, e.g. sslmode=require."),
    _ENV_FILE,
)
_PATHS = {
    Kind.SQLITE: Field("path", "file", "The file of MLflow's backend store, e.g. mlflow.db."),
    Kind.FILES: Field(
        "path", "directory", "Often called mlruns. MLflow gives it up; reads slowly."
    ),
}


def fields_of(kind: Kind, databricks: tuple[DatabricksProfile, ...] = ()) -> tuple[Field, ...]:
    """The fields of a kind of source; Databricks offers the profiles found."""
    if kind in _PATHS:
        return (_PATHS[kind],)
    if kind in (Kind.POSTGRESQL, Kind.MYSQL):
        return _DATABASE
    if kind is Kind.ENVIRONMENT:
        return (_ENV_FILE,)
    if kind is Kind.SERVER:
        return (
            Field("address", "address", "http://host:5000 or https://host/path"),
            Field(
                METHOD,
                "sign-in",
                "← → chooses. As MLflow does: by its variables and its credentials file.",
                choices=(
                    (SignInMethod.ENVIRONMENT.value, "as MLflow does"),
                    (_PASSWORD.value, "user and password"),
                    (_TOKEN.value, "token"),
                    (SignInMethod.NONE.value, "none"),
                ),
            ),
            Field("user", "user", "User name.", methods=(_PASSWORD,)),
            Field(
                SECRET,
                "secret",
                "Password or token, for this run only: it is never written anywhere.",
                masked=True,
                methods=(_PASSWORD, _TOKEN),
            ),
            _VARIABLE,
            Field("server_certificate", "CA file", "Certificate authority to trust (PEM)."),
            Field("client_certificate", "client cert", "Certificate and key to show (PEM)."),
            Field(
                "insecure_tls",
                "TLS",
                "← → chooses. Unchecked, anybody between could read and answer in its place.",
                choices=(("", "certificate checked"), ("yes", "NOT checked")),
            ),
            _ENV_FILE,
        )
    names = tuple((each.name, f"{each.name}  {each.host}".rstrip()) for each in databricks) or (
        ("", "none found"),
    )
    return (
        Field(
            METHOD,
            "sign-in",
            "← → chooses.",
            choices=(
                (SignInMethod.DATABRICKS_PROFILE.value, "profile of the Databricks CLI"),
                (_TOKEN.value, "workspace and token"),
                (SignInMethod.ENVIRONMENT.value, "as the Databricks SDK does"),
            ),
        ),
        Field(
            "databricks_profile",
            "profile",
            "← → chooses from those in the Databricks config file.",
            choices=names,
            methods=(SignInMethod.DATABRICKS_PROFILE,),
        ),
        Field(
            "databricks_host",
            "workspace",
            "https://….cloud.databricks.com",
            methods=(_TOKEN,),
        ),
        Field(
            SECRET,
            "token",
            "Personal access token, for this run only: it is never written anywhere.",
            masked=True,
            methods=(_TOKEN,),
        ),
        _VARIABLE,
        _ENV_FILE,
    )


def kind_of(connection: ConnectionRequest) -> Kind:
    """The kind of source that an address is of."""
    uri = connection.tracking_uri.strip()
    scheme = uri.partition("://")[0].lower() if "://" in uri else ""
    dialect = scheme.partition("+")[0]
    if uri in ("databricks", "databricks-uc") or dialect in ("databricks", "databricks-uc"):
        return Kind.DATABRICKS
    if not uri:
        return Kind.ENVIRONMENT
    if dialect in ("http", "https"):
        return Kind.SERVER
    if dialect in ("postgresql", "postgres"):
        return Kind.POSTGRESQL
    if dialect in ("mysql", "mariadb"):
        return Kind.MYSQL
    if dialect == "sqlite" or uri.endswith((".db", ".sqlite", ".sqlite3")) or _is_file(uri):
        return Kind.SQLITE
    return Kind.FILES


def lasting(connection: ConnectionRequest) -> ConnectionRequest:
    """As it can be kept: a relative path would be another file wherever else the program is started."""
    uri = connection.tracking_uri.strip()
    if kind_of(connection) not in (Kind.SQLITE, Kind.FILES) or uri.startswith("file:"):
        return connection
    prefix = _SQLITE_PREFIX.match(uri)
    path = uri[prefix.end() :] if prefix else os.path.expanduser(uri)  # noqa: PTH111 - any text
    if path.startswith(("/", "file:", ":memory:")):
        return connection
    whole = os.path.abspath(path)  # noqa: PTH100 - resolve() would follow links
    return replace(connection, tracking_uri=f"sqlite:///{whole}" if prefix else whole)


def _is_file(path: str) -> bool:
    return os.path.isfile(os.path.expanduser(path))  # noqa: PTH111, PTH113 - any text at all


def values_of(connection: ConnectionRequest) -> dict[str, str]:
    """What stands in the fields for ``connection``."""
    uri, sign_in = connection.tracking_uri, connection.sign_in
    values = {
        "env_file": connection.env_file,
        METHOD: sign_in.method.value,
        "user": sign_in.user,
        SECRET: sign_in.secret,
        VARIABLE: sign_in.secret_variable,
        "databricks_host": sign_in.databricks_host,
        "databricks_profile": sign_in.databricks_profile,
        "server_certificate": sign_in.server_certificate,
        "client_certificate": sign_in.client_certificate,
        "insecure_tls": "yes" if sign_in.insecure_tls else "",
        "address": uri,
        "path": _path_in(uri),
    }
    kind = kind_of(connection)
    if kind in (Kind.POSTGRESQL, Kind.MYSQL):
        values |= _database_values(uri, sign_in)
    if kind is Kind.DATABRICKS and "://" in uri and not sign_in.databricks_profile:
        values[METHOD] = SignInMethod.DATABRICKS_PROFILE.value
        values["databricks_profile"] = uri.partition("://")[2]
    return values


def _path_in(uri: str) -> str:
    if uri.lower().startswith("sqlite"):
        path = uri.partition("://")[2].removeprefix("/")
        return unquote(path.partition("?")[0])
    return unquote(uri.removeprefix("file://"))


def _database_values(uri: str, sign_in: SignIn) -> dict[str, str]:
    try:
        parts = urlsplit(uri)
        port = str(parts.port or "")
    except ValueError:
        return {}
    return {
        "scheme": parts.scheme,
        "host": parts.hostname or "",
        "port": port,
        "database": unquote(parts.path.lstrip("/")),
        "user": sign_in.user or unquote(parts.username or ""),
        SECRET: sign_in.secret or unquote(parts.password or ""),
        "options": parts.query,
    }


def connection_of(kind: Kind, values: Mapping[str, str]) -> ConnectionRequest:
    """What was filled in, as a request. ``values`` are by the names of the fields, trimmed or not."""
    given = {name: value if name == SECRET else value.strip() for name, value in values.items()}

    def value(name: str) -> str:
        return given.get(name, "")

    if kind is Kind.ENVIRONMENT:
        return ConnectionRequest(env_file=value("env_file"))
    if kind is Kind.SQLITE:
        path = value("path")
        return ConnectionRequest(path if "://" in path else f"sqlite:///{quote(path)}")
    if kind is Kind.FILES:
        return ConnectionRequest(value("path"))
    if kind in (Kind.POSTGRESQL, Kind.MYSQL):
        signed = bool(value(SECRET) or value(VARIABLE))
        return ConnectionRequest(
            _database_address(kind, given),
            value("env_file"),
            SignIn(
                _PASSWORD if signed else SignInMethod.ENVIRONMENT,
                value("user") if signed else "",
                value(VARIABLE),
                value(SECRET),
            ),
        )
    method = SignInMethod(value(METHOD) or SignInMethod.ENVIRONMENT.value)
    secret = method in (_PASSWORD, _TOKEN)
    sign_in = SignIn(
        method,
        value("user") if method is _PASSWORD else "",
        value(VARIABLE) if secret else "",
        value(SECRET) if secret else "",
        server_certificate=value("server_certificate"),
        client_certificate=value("client_certificate"),
        insecure_tls=bool(value("insecure_tls")),
        databricks_host=value("databricks_host") if method is _TOKEN else "",
        databricks_profile=(
            value("databricks_profile") if method is SignInMethod.DATABRICKS_PROFILE else ""
        ),
    )
    uri = "databricks" if kind is Kind.DATABRICKS else value("address")
    return ConnectionRequest(uri, value("env_file"), sign_in)


def _database_address(kind: Kind, given: Mapping[str, str]) -> str:
    usual = "postgresql" if kind is Kind.POSTGRESQL else "mysql"
    user = quote(given.get("user", ""), safe="")
    host = given.get("host", "") or "localhost"
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    port = given.get("port", "")
    options = given.get("options", "").lstrip("?")
    return (
        f"{given.get('scheme') or usual}://{user + '@' if user else ''}{host}"
        f"{':' + port if port else ''}/{quote(given.get('database', ''), safe='')}"
        f"{'?' + options if options else ''}"
    )


def how_to_sign_in(connection: ConnectionRequest) -> str:
    """In a few words, without any secret: ``ana, password in $PROD_PASSWORD``."""
    sign_in = connection.sign_in
    where = (
        f"in ${sign_in.secret_variable}"
        if sign_in.secret_variable
        else "typed, for this run only"
        if sign_in.secret
        else "asked for each time"
    )
    said = {
        SignInMethod.ENVIRONMENT: "",
        SignInMethod.NONE: "no sign-in",
        SignInMethod.PASSWORD: f"{sign_in.user + ', ' if sign_in.user else ''}password {where}",
        SignInMethod.TOKEN: f"token {where}",
        SignInMethod.DATABRICKS_PROFILE: f"Databricks profile {sign_in.databricks_profile}",
    }[sign_in.method]
    parts = [
        said,
        f"env file {connection.env_file}" if connection.env_file else "",
        "TLS not checked" if sign_in.insecure_tls else "",
    ]
    return ", ".join(part for part in parts if part)

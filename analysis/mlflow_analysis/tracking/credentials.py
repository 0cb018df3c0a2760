"""From a request to an address with all that signing in needs: from the request, env file, environment.

The outcome is ``Address.variables``: what the environment has to hold, in the names that MLflow and the
Databricks SDK use. Nothing here opens anything but the files named, and nothing imports MLflow.
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from mlflow_analysis.connecting.sign_in import ConnectionRequest, SignIn, SignInMethod
from mlflow_analysis.connecting.surroundings import EnvFileNotUnderstood, read_env_file
from mlflow_analysis.tracking.address import SQL_KINDS, Address, StoreKind, parse
from mlflow_analysis.tracking.databricks import settle_workspace
from mlflow_analysis.tracking.environment import own_environment
from mlflow_analysis.tracking.problems import ConnectionProblem
from mlflow_analysis.untrusted import printable, single_line

ADDRESS = "MLFLOW_TRACKING_URI"
USER, PASSWORD, TOKEN = (
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
)
TRUSTED = "MLFLOW_TRACKING_SERVER_CERT_PATH"
CERTIFICATE = "MLFLOW_TRACKING_CLIENT_CERT_PATH"
INSECURE = "MLFLOW_TRACKING_INSECURE_TLS"
PLUGINS = ("MLFLOW_TRACKING_AUTH", "MLFLOW_TRACKING_AWS_SIGV4")
_METHODS = {USER, PASSWORD, TOKEN, *PLUGINS}


def resolve(
    request: ConnectionRequest,
    timeout_seconds: float = 5.0,
    variables: Mapping[str, str | None] | None = None,
) -> Address:
    """The address of ``request``, with the variables to sign in there.

    ``variables``, of an address that was resolved before (in another process, say), take the place of all
    that would be found out here. Raises ``ConnectionProblem``.
    """
    if variables is not None:
        address = parse(request.tracking_uri, timeout_seconds=timeout_seconds)
        return _settled(replace(address, variables=variables), {**own_environment(), **variables})
    own = own_environment()
    try:
        of_file = read_env_file(request.env_file)
    except EnvFileNotUnderstood as problem:
        raise ConnectionProblem(problem.sentence, problem.remedy) from problem
    added: dict[str, str | None] = {
        name: value for name, value in of_file.items() if name not in own
    }
    found = {**of_file, **own}
    typed, origin = request.tracking_uri.strip(), ""
    if not typed:
        typed = found.get(ADDRESS, "").strip()
        where = ADDRESS if ADDRESS in own else f"{ADDRESS} in {single_line(request.env_file)}"
        origin = f"The address comes from {where}."
    typed = _of_databricks(typed, request.sign_in)
    address = parse(typed, timeout_seconds=timeout_seconds)
    if address.kind in SQL_KINDS:
        address = parse(
            _with_password(typed, request.sign_in, found), timeout_seconds=timeout_seconds
        )
    changed = _changed(address, typed, request.sign_in, found)
    address = replace(address, variables={**added, **changed}, origin=origin)
    return _settled(address, {**found, **changed})


def _settled(address: Address, found: Mapping[str, str | None]) -> Address:
    """``address`` once all that the check can tell beforehand is told."""
    variables = {name: value for name, value in found.items() if value is not None}
    if address.kind is StoreKind.DATABRICKS:
        return settle_workspace(address, variables)
    if address.kind is StoreKind.SERVER:
        for name in (TRUSTED, CERTIFICATE):
            if variables.get(name) and not Path(variables[name]).exists():
                raise ConnectionProblem(
                    f"The certificate file {single_line(variables[name])} is not there.",
                    f"Correct {name}, or unset it.",
                )
    return address


def host_credentials(address: Address) -> dict[str, str | bool | None]:
    """What MLflow calls host credentials, of a server, as arguments of ``MlflowHostCreds``.

    They are MLflow's own variables, read for this address alone, and ``~/.mlflow/credentials``.
    """
    found: dict[str, str | None] = {**own_environment(), **address.variables}
    user, password = found.get(USER), found.get(PASSWORD)
    if USER not in address.variables:  # else it was said how to sign in
        of_file = _credentials_file()
        user, password = (
            user or of_file.get(USER.lower()),
            password or of_file.get(PASSWORD.lower()),
        )
    insecure = _is_true(found.get(INSECURE))
    return {
        "host": address.url,
        "username": user or None,
        "password": password or None,
        "token": found.get(TOKEN) or None,
        "auth": found.get(PLUGINS[0]) or None,
        "aws_sigv4": _is_true(found.get(PLUGINS[1])),
        "ignore_tls_verification": insecure,
        "client_cert_path": found.get(CERTIFICATE) or None,
        "server_cert_path": None if insecure else found.get(TRUSTED) or None,
    }


def _credentials_file() -> Mapping[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(Path("~/.mlflow/credentials").expanduser(), encoding="utf-8")
    except (OSError, UnicodeDecodeError, configparser.Error):
        return {}  # MLflow would not take it either
    return parser["mlflow"] if parser.has_section("mlflow") else {}


def _of_databricks(typed: str, sign_in: SignIn) -> str:
    if sign_in.method is SignInMethod.DATABRICKS_PROFILE:
        return f"databricks://{sign_in.databricks_profile}"
    if sign_in.databricks_host and not typed:
        return "databricks"
    return typed


def _changed(
    address: Address, typed: str, sign_in: SignIn, found: Mapping[str, str]
) -> dict[str, str | None]:
    """What has to be otherwise in the environment than ``found``."""
    if address.kind is StoreKind.DATABRICKS:
        return _for_databricks(address, sign_in, found)
    if address.kind is not StoreKind.SERVER:
        return {}
    changed = _for_server(typed, sign_in, found)
    if sign_in.server_certificate:
        changed[TRUSTED] = str(Path(sign_in.server_certificate).expanduser())
    if sign_in.client_certificate:
        changed[CERTIFICATE] = str(Path(sign_in.client_certificate).expanduser())
    if sign_in.insecure_tls:
        changed[INSECURE] = "true"
    return changed


def _for_server(typed: str, sign_in: SignIn, found: Mapping[str, str]) -> dict[str, str | None]:
    nothing: dict[str, str | None] = dict.fromkeys(_METHODS)
    match sign_in.method:
        case SignInMethod.NONE:
            return nothing
        case SignInMethod.PASSWORD:
            secret = _secret(sign_in, found, PASSWORD)
            return nothing | {USER: sign_in.user or found.get(USER), PASSWORD: secret}
        case SignInMethod.TOKEN:
            return nothing | {TOKEN: _secret(sign_in, found, TOKEN)}
    parts = urlsplit(typed)
    if not parts.username:
        return {}
    password = unquote(parts.password or "") or found.get(PASSWORD)
    if not password:
        raise ConnectionProblem(
            "The address names a user, but there is no password.",
            f"Set {PASSWORD}, or for a token leave the user out and set {TOKEN}.",
        )
    return nothing | {USER: unquote(parts.username), PASSWORD: password}


def _for_databricks(
    address: Address, sign_in: SignIn, found: Mapping[str, str]
) -> dict[str, str | None]:
    profile = address.mlflow_uri.partition("://")[2]
    if sign_in.method is not SignInMethod.TOKEN and not profile:
        return {}
    # The SDK would mix a workspace of the environment with the token of a profile.
    changed: dict[str, str | None] = {
        name: None
        for name in found
        if name.startswith("DATABRICKS_") and name != "DATABRICKS_CONFIG_FILE"
    }
    if sign_in.method is SignInMethod.TOKEN:
        changed["DATABRICKS_HOST"] = sign_in.databricks_host or found.get("DATABRICKS_HOST")
        changed["DATABRICKS_TOKEN"] = _secret(sign_in, found, "DATABRICKS_TOKEN")
    return changed


def _secret(sign_in: SignIn, found: Mapping[str, str], otherwise: str) -> str:
    """The password or token itself."""
    if sign_in.secret:
        return sign_in.secret
    name = sign_in.secret_variable or otherwise
    secret = found.get(name, "")
    if not secret:
        what = "password" if sign_in.method is SignInMethod.PASSWORD else "token"
        raise ConnectionProblem(
            f"The variable {printable(name)}, which is to hold the {what}, is not set.",
            f"Set it before starting mlflow-tui, or in an env file; or type the {what}.",
        )
    return secret


def _with_password(typed: str, sign_in: SignIn, found: Mapping[str, str]) -> str:
    """A database's address with user and password in it, if that is how to sign in."""
    if sign_in.method is not SignInMethod.PASSWORD or "://" not in typed:
        return typed
    parts = urlsplit(typed)
    user = quote(sign_in.user, safe="") or parts.netloc.rpartition("@")[0].partition(":")[0]
    secret = quote(_secret(sign_in, found, PASSWORD), safe="")
    authority = f"{user}:{secret}@{parts.netloc.rpartition('@')[2]}"
    return urlunsplit(parts._replace(netloc=authority))


def _is_true(value: str | None) -> bool:
    return (value or "").lower() in {"true", "1"}

"""Databricks: which workspace and which way to sign in, told before the SDK tries.

The SDK itself finds credentials (token, OAuth, Azure, …); here it is only asked what they are for the
check's own requests, and what it would choke on is said in plain words first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from mlflow_analysis.connecting.surroundings import (
    DEFAULT_PROFILE,
    databricks_config_file,
    databricks_profiles,
)
from mlflow_analysis.tracking.address import Address
from mlflow_analysis.tracking.checks import details_of
from mlflow_analysis.tracking.problems import ConnectionProblem
from mlflow_analysis.untrusted import printable, single_line

HOST, PROFILE = "DATABRICKS_HOST", "DATABRICKS_CONFIG_PROFILE"
_SHOWN_PROFILES = 5


def settle_workspace(address: Address, variables: Mapping[str, str]) -> Address:
    """``address`` with its workspace. Raises ``ConnectionProblem`` if there is none to be found."""
    profile = address.mlflow_uri.partition("://")[2] or variables.get(PROFILE, "")
    host = "" if profile else variables.get(HOST, "")
    if not host:
        host = _host_of(profile, variables)
    url = _url(host)
    parts = urlsplit(url)
    if not parts.hostname:
        raise ConnectionProblem(
            f"The Databricks workspace {single_line(host)!r} is no address.",
            "Give it as in the browser: https://NAME.cloud.databricks.com.",
        )
    return replace(
        address,
        # MLflow's store of artifacts takes the workspace from there
        variables={**address.variables, "MLFLOW_TRACKING_URI": address.mlflow_uri},
        url=url,
        host=parts.hostname,
        port=parts.port or (80 if parts.scheme == "http" else 443),
        shown=f"databricks ({single_line(parts.netloc)})",
    )


def _host_of(profile: str, variables: Mapping[str, str]) -> str:
    file = databricks_config_file(variables)
    shown = printable(str(file))
    sign_in = f"databricks auth login --profile {single_line(profile or DEFAULT_PROFILE)}"
    try:
        profiles = databricks_profiles(variables)
    except OSError as error:
        raise ConnectionProblem(
            f"The Databricks config file {shown} cannot be read: {error.strerror}.",
            "Check its permissions.",
        ) from error
    hosts = {each.name: each.host for each in profiles}
    wanted = profile or DEFAULT_PROFILE
    if wanted in hosts:
        if not hosts[wanted]:
            raise ConnectionProblem(
                f"The profile {single_line(wanted)!r} in {shown} names no workspace (host).",
                f"Make it anew: {sign_in}",
            )
        return hosts[wanted]
    if not profile:
        raise ConnectionProblem(
            "No Databricks workspace is given.",
            "Set DATABRICKS_HOST and DATABRICKS_TOKEN, or choose a profile: databricks://NAME."
            + (f" There are: {_names(hosts)}." if hosts else ""),
        )
    if not hosts:
        raise ConnectionProblem(
            f"There is no Databricks profile {single_line(profile)!r}: {shown} is missing or empty.",
            f"Make it: {sign_in}",
        )
    raise ConnectionProblem(
        f"There is no Databricks profile {single_line(profile)!r} in {shown}.",
        f"It has: {_names(hosts)}.",
    )


def _names(hosts: Mapping[str, str]) -> str:
    names = [single_line(name) for name in hosts]
    more = len(names) - _SHOWN_PROFILES
    return ", ".join(names[:_SHOWN_PROFILES]) + (f" and {more} more" if more > 0 else "")


def _url(host: str) -> str:
    url = (host if "://" in host else f"https://{host}").rstrip("/")
    return url.partition("?")[0]


def load_sdk() -> None:
    """Import the SDK, which takes seconds. Raises ``ConnectionProblem`` if it is not there."""
    try:
        import databricks.sdk.core  # noqa: F401
    except ImportError as error:
        raise ConnectionProblem(
            "Databricks needs its SDK, which is not installed here.",
            "Install it: pip install databricks-sdk",
        ) from error


def signed_headers(address: Address, timeout_seconds: float) -> dict[str, str]:
    """The headers that sign a request, as the SDK makes them. Call it with the variables in force.

    Raises ``ConnectionProblem`` if the SDK finds no way to sign in.
    """
    from databricks.sdk.core import Config

    profile = address.mlflow_uri.partition("://")[2]
    named: dict[str, Any] = {"profile": profile} if profile else {}
    try:
        config = Config(
            http_timeout_seconds=timeout_seconds, retry_timeout_seconds=timeout_seconds, **named
        )
        return dict(config.authenticate())
    except Exception as error:
        raise ConnectionProblem(
            "Databricks knows the workspace, but finds no way to sign in there.",
            f"Set DATABRICKS_TOKEN, or run: databricks auth login --host {address.url}",
            details_of(error, address),
        ) from error

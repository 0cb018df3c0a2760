"""Where traces may be: profiles, what the environment says, what was used before, what lies here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.untrusted import single_line
from mlflow_tui.config.profiles import Profile
from mlflow_tui.connection_form import Kind, how_to_sign_in

DEMO = "demo"
"""Stands for the built-in sample store."""

EXAMPLES = (
    ("sqlite:///mlflow.db", "SQLite file; ////: full path"),
    ("http://host:5000", "MLflow tracking server"),
    ("postgresql://user@host/mlflow", "PostgreSQL; mysql://… for MySQL"),
    ("databricks", "or databricks://profile"),
    ("./mlruns", "directory of files"),
)
_EXAMPLE_OF = {
    Kind.SQLITE: "sqlite:///mlflow.db",
    Kind.POSTGRESQL: "postgresql://user@host/mlflow",
    Kind.MYSQL: "mysql://user@host/mlflow",
    Kind.SERVER: "https://host:5000",
    Kind.DATABRICKS: "profile, or workspace and token",
    Kind.FILES: "./mlruns",
    Kind.ENVIRONMENT: "variables in an env file",
}


@dataclass(frozen=True)
class Choice:
    """One line of the list of sources."""

    kind: str
    """profile, environment, recent, here, new, demo."""
    shown: str
    """Without credentials."""
    remark: str
    connection: ConnectionRequest | None = None
    """What is tried; of a new one and the sample store ``None``."""
    profile: Profile | None = None
    new: Kind | None = None
    """What kind of source is to be filled in."""


def choices(
    environment: Mapping[str, str],
    recent: Sequence[str],
    directory: Path,
    profiles: Sequence[Profile] = (),
    default: str = "",
    env_file: str = "",
) -> list[Choice]:
    """What can be chosen, the likeliest first."""
    found = [_of_profile(profile, profile.name == default) for profile in profiles]
    uri = environment.get("MLFLOW_TRACKING_URI", "").strip()
    if uri or env_file:
        shown = without_credentials(uri) or f"env file {single_line(env_file)}"
        remark = "MLFLOW_TRACKING_URI" if uri else ""
        found.append(Choice("environment", shown, remark, ConnectionRequest(env_file=env_file)))
    found += [
        Choice(
            "recent",
            without_credentials(each),
            "used before",
            ConnectionRequest(each, env_file),
        )
        for each in recent
    ]
    local = [(directory / "mlflow.db", "sqlite:///mlflow.db"), (directory / "mlruns", "./mlruns")]
    found += [
        Choice("here", address, "in this directory", ConnectionRequest(address))
        for path, address in local
        if path.exists()
    ]
    found.append(Choice(DEMO, "sample store", "a support agent, with faults"))
    found += [Choice("new", kind.value, _EXAMPLE_OF[kind], new=kind) for kind in Kind]
    return found


def _of_profile(profile: Profile, is_default: bool) -> Choice:
    if profile.problem is not None:
        return Choice("profile", profile.name, "cannot be used", profile=profile)
    remark = without_credentials(profile.connection.tracking_uri) or "the environment"
    signed = how_to_sign_in(profile.connection)
    return Choice(
        "profile",
        single_line(profile.name) + (" (default)" if is_default else ""),
        single_line(f"{remark}, {signed}" if signed else remark),
        profile.connection,
        profile,
    )


def without_credentials(address: str) -> str:
    """An address without user, password and query, on one line."""
    bare = re.sub(r"(?<=//)[^/]*@", "", address)
    return single_line(bare if bare.startswith("sqlite") else bare.partition("?")[0])

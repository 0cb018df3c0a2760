"""Where traces may be: what the environment says, what was used before, what lies in this directory."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlflow_analysis.untrusted import single_line

DEMO = "demo"
"""Stands for the built-in sample store."""

EXAMPLES = (
    ("sqlite:///mlflow.db", "SQLite file, absolute with four slashes"),
    ("http://host:5000", "MLflow tracking server"),
    ("postgresql://user@host/mlflow", "PostgreSQL; mysql://… for MySQL"),
    ("./mlruns", "directory of files"),
)

SIGN_IN = (
    ("MLFLOW_TRACKING_USERNAME", "user name"),
    ("MLFLOW_TRACKING_PASSWORD", "password"),
    ("MLFLOW_TRACKING_TOKEN", "token"),
    ("MLFLOW_TRACKING_CLIENT_CERT_PATH", "client certificate"),
    ("MLFLOW_TRACKING_INSECURE_TLS", "TLS not verified"),
)


@dataclass(frozen=True)
class Choice:
    """One line of the list of addresses."""

    kind: str
    """environment, recent, here, demo."""
    address: str
    """What is tried: "" for the environment, ``DEMO`` for the sample store."""
    shown: str
    """Without credentials."""
    remark: str


def choices(environment: Mapping[str, str], recent: Sequence[str], directory: Path) -> list[Choice]:
    """What can be chosen without typing, the likeliest first."""
    found: list[Choice] = []
    uri = environment.get("MLFLOW_TRACKING_URI", "").strip()
    if uri:
        found.append(Choice("environment", "", without_credentials(uri), "MLFLOW_TRACKING_URI"))
    found += [Choice("recent", each, without_credentials(each), "used before") for each in recent]
    local = [(directory / "mlflow.db", "sqlite:///mlflow.db"), (directory / "mlruns", "./mlruns")]
    found += [
        Choice("here", address, address, "in this directory")
        for path, address in local
        if path.exists()
    ]
    found.append(Choice("demo", DEMO, "sample store", "a support agent, with faults"))
    return found


def sign_in(environment: Mapping[str, str]) -> list[str]:
    """What the environment says about signing in; values are never shown."""
    return [f"{meaning} from {name}" for name, meaning in SIGN_IN if environment.get(name)]


def without_credentials(address: str) -> str:
    """An address without user, password and query, on one line."""
    bare = re.sub(r"(?<=//)[^/]*@", "", address)
    return single_line(bare if bare.startswith("sqlite") else bare.partition("?")[0])

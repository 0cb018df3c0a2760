"""Where a store is and how to sign in to it, as plain data: what a profile keeps and the engine is asked.

A request names the places where secrets are (an environment variable, an env file, a Databricks
profile). Only ``SignIn.secret``, typed for one run, is a secret itself; it is never written anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class SignInMethod(str, Enum):
    """How to sign in; the value is what a profile keeps."""

    ENVIRONMENT = "environment"
    """As MLflow itself would: its variables in the env file and the environment, ``~/.mlflow/credentials``,
    the address, and for Databricks whatever its SDK finds."""
    NONE = "none"
    """Without, whatever the environment holds."""
    PASSWORD = "password"  # noqa: S105 - the name of a method
    """User and password: basic authentication of a server, or those of a database."""
    TOKEN = "token"  # noqa: S105
    """A bearer token of a server, or a personal access token of Databricks."""
    DATABRICKS_PROFILE = "databricks-profile"
    """A profile of the Databricks config file."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """How to sign in. What a method does not speak of is ignored."""

    method: SignInMethod = SignInMethod.ENVIRONMENT
    user: str = ""
    secret_variable: str = ""
    """The variable, in the env file or the environment, that holds the password or token."""
    secret: str = field(default="", repr=False)
    """The password or token, as typed for this run. Never kept."""
    databricks_host: str = ""
    """Workspace URL, for a token."""
    databricks_profile: str = ""
    server_certificate: str = ""
    """File of the certificate authority to trust (PEM)."""
    client_certificate: str = ""
    """File with certificate and key to show (PEM)."""
    insecure_tls: bool = False
    """Trust any certificate."""


@dataclass(frozen=True, slots=True)
class ConnectionRequest:
    """Which store to open, and how to sign in."""

    tracking_uri: str = ""
    """"" is ``MLFLOW_TRACKING_URI``, of the env file or the environment."""
    env_file: str = ""
    """Its variables hold for this connection, where the environment has none of that name."""
    sign_in: SignIn = SignIn()

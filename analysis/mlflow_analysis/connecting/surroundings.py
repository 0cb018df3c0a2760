"""What this machine says of tracking stores: variables, env files, the Databricks config file.

Reads only, and loads neither MLflow nor the Databricks SDK. A value is shown unless it may be a secret.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from mlflow_analysis.untrusted import single_line

OF_STORES = ("MLFLOW_", "DATABRICKS_")
"""Variables whose names begin like this say where stores are and how to sign in."""
_SECRET = re.compile(r"PASSW|PWD|TOKEN|SECRET|KEY|CREDENTIAL|AUTHORIZATION", re.IGNORECASE)
_SECTION = re.compile(r"\s*\[(?P<name>[^\]]+)\]")
_ENTRY = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)\s*[=:]")
_HOST = re.compile(r"\s*host\s*[=:]\s*(?P<host>\S+)", re.IGNORECASE)
DEFAULT_PROFILE = "DEFAULT"


class EnvFileNotUnderstood(ValueError):  # noqa: N818 - shown to people
    """An env file cannot be read, or one of its lines says nothing: a sentence and a remedy."""

    def __init__(self, sentence: str, remedy: str) -> None:
        super().__init__(sentence)
        self.sentence, self.remedy = sentence, remedy


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable that says something of stores, and where it comes from."""

    name: str
    value: str = field(repr=False)
    """May be a secret: draw ``shown``."""
    origin: str
    """"the environment", or the env file's path."""

    @property
    def shown(self) -> str:
        """The value, one line, without credentials; of a secret only that it is set."""
        if not self.value:
            return "empty"
        if _SECRET.search(self.name):
            return "set, not shown"
        return single_line(_without_user(self.value))


@dataclass(frozen=True, slots=True)
class DatabricksProfile:
    """A section of the Databricks config file: its name and workspace, no secret."""

    name: str
    host: str


def settings(
    environment: Mapping[str, str] | None = None, env_file: str = ""
) -> tuple[Setting, ...]:
    """The variables that say something of stores, by name.

    Those of ``environment`` (this process's own if ``None``) come before those of ``env_file``, as with
    MLflow's own ``--env-file``. Raises ``EnvFileNotUnderstood``.
    """
    environment = os.environ if environment is None else environment
    found = {
        name: Setting(name, value, "the environment")
        for name, value in environment.items()
        if name.startswith(OF_STORES)
    }
    for name, value in read_env_file(env_file).items():
        if name not in environment:
            found[name] = Setting(name, value, env_file)
    return tuple(found[name] for name in sorted(found))


def read_env_file(path: str) -> dict[str, str]:
    """The variables of an env file (``NAME=value`` a line), as written; none if ``path`` is "".

    Raises ``EnvFileNotUnderstood``.
    """
    if not path:
        return {}
    from dotenv.parser import parse_stream

    shown = single_line(path)
    try:
        with Path(path).expanduser().open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except FileNotFoundError as error:
        raise EnvFileNotUnderstood(f"There is no env file {shown}.", "Check its path.") from error
    except OSError as error:
        raise EnvFileNotUnderstood(
            f"The env file {shown} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error
    except UnicodeDecodeError as error:
        raise EnvFileNotUnderstood(
            f"The env file {shown} is not text in UTF-8.", "Give a file of lines NAME=value."
        ) from error
    for binding in bindings:
        if binding.error:  # the line itself may hold a secret, so only its number is told
            raise EnvFileNotUnderstood(
                f"Line {binding.original.line} of the env file {shown} is not understood.",
                "Write NAME=value, with a value that holds spaces or # in quotes.",
            )
    return {each.key: each.value for each in bindings if each.key and each.value is not None}


def databricks_config_file(environment: Mapping[str, str] | None = None) -> Path:
    """Where the Databricks config file is, or would be."""
    environment = os.environ if environment is None else environment
    return Path(environment.get("DATABRICKS_CONFIG_FILE") or "~/.databrickscfg").expanduser()


def databricks_profiles(
    environment: Mapping[str, str] | None = None,
) -> tuple[DatabricksProfile, ...]:
    """The profiles of the Databricks config file, in its order; none if there is no such file.

    Of the file only the names of sections and their hosts are kept. Raises ``OSError`` if it is there and
    cannot be read.
    """
    hosts: dict[str, str] = {}
    name = ""
    try:
        with databricks_config_file(environment).open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if section := _SECTION.match(line):
                    name = single_line(section["name"])
                elif name and _ENTRY.match(line):  # a section without entries is no profile
                    hosts.setdefault(name, "")
                    if host := _HOST.match(line):
                        hosts[name] = single_line(_without_user(host["host"]))
    except FileNotFoundError:
        return ()
    hosts.pop("__settings__", None)
    return tuple(DatabricksProfile(each, host) for each, host in hosts.items())


def _without_user(value: str) -> str:
    """An address without user, password and query; any other text as it is."""
    if "://" not in value:
        return value
    try:
        parts = urlsplit(value)
    except ValueError:
        return re.sub(r"//[^/]*@", "//", value)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))

"""Which store a command is to open: an address, a profile or the environment, as its options say."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import click

from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_tui.config.profiles import Profiles, ProfilesNotUnderstood


def profiles_path() -> Path:
    """The file with the user's profiles."""
    import platformdirs

    return Path(platformdirs.user_config_dir("mlflow-tui")) / "profiles.toml"


@contextlib.contextmanager
def log_kept(redact: Callable[[str], str]) -> Iterator[None]:
    """Within, what libraries have to say goes to the log of commands instead of the terminal."""
    import platformdirs

    from mlflow_analysis.process.logfile import keep_log

    path = Path(platformdirs.user_log_dir("mlflow-tui")) / "command.log"
    root = logging.getLogger()
    level = root.level
    try:
        handler = keep_log(path, redact)
    except OSError:  # no log then: doctor says that the place cannot be written to
        handler = logging.NullHandler()
        root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()


def chosen_connection(
    tracking_uri: str | None, profile: str | None, env_file: str | None
) -> ConnectionRequest:
    """What the options ask for. Raises ``click.UsageError`` for a profile that cannot be used.

    A secret that the profile does not name is asked for if somebody is there to answer.
    """
    if not profile:
        return ConnectionRequest(tracking_uri or "", env_file or "")
    if tracking_uri:
        raise click.UsageError("Give --tracking-uri or --profile, not both.")
    try:
        found = Profiles(profiles_path()).get(profile)
    except ProfilesNotUnderstood as problem:
        raise click.UsageError(f"{problem.sentence} {problem.remedy}") from problem
    except OSError as error:
        raise click.UsageError(
            f"{profiles_path()} cannot be read: {error.strerror or error}."
        ) from error
    connection = found.connection
    if env_file:
        connection = replace(connection, env_file=env_file)
    if found.secret_is_typed and sys.stdin.isatty():
        what = connection.sign_in.method.value
        secret = click.prompt(
            f"{what.capitalize()} for {profile} (this run only)", hide_input=True, err=True
        )
        connection = replace(connection, sign_in=replace(connection.sign_in, secret=secret))
    return connection

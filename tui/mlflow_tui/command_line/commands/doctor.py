"""``mlflow-tui doctor``."""

from __future__ import annotations

import click

from mlflow_tui.command_line.commands.options import EXIT_CODES, env_file, profile, tracking_uri


@click.command(epilog=EXIT_CODES)
@tracking_uri
@profile
@env_file
@click.pass_context
def doctor(
    context: click.Context, tracking_uri: str | None, profile: str | None, env_file: str | None
) -> None:
    """Say what was found, what is wrong and what to do next.

    Without options it tries what would be opened full-screen. Reading changes nothing, and no secret is shown.
    """
    from mlflow_tui.command_line.connecting import chosen_connection

    connection = chosen_connection(tracking_uri, profile, env_file)

    from mlflow_tui.command_line.doctor import Examination

    context.exit(Examination(connection, profile or "").run())

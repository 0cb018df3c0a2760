"""``mlflow-tui write-back`` and ``undo-writes``."""

from __future__ import annotations

from pathlib import Path

import click

from mlflow_tui.command_line.commands.options import (
    EXIT_CODES,
    env_file,
    experiment,
    profile,
    tracking_uri,
)


@click.command(
    "write-back", epilog=EXIT_CODES, short_help="Write the reviewed findings to MLflow, as issues."
)
@tracking_uri
@profile
@env_file
@experiment
@click.option(
    "--analysis",
    "analysis_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="JSON of an analysis. [default: the last analysis kept of the experiment]",
)
@click.option(
    "--accept",
    type=click.Choice(["confirmed", "reviewed"]),
    default="reviewed",
    show_default=True,
    help="Which findings become issues: those accepted in the saved review, or every confirmed one "
    "that nobody rejected.",
)
@click.option("--assess-traces", is_flag=True, help="Give each affected trace an assessment too.")
@click.option("--show-secrets", is_flag=True, help="Do not mask credentials found in traces.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def write_back(
    context: click.Context,
    tracking_uri: str | None,
    profile: str | None,
    env_file: str | None,
    experiment: str | None,
    analysis_file: Path | None,
    accept: str,
    assess_traces: bool,
    show_secrets: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Write what was reviewed to MLflow: the report, an issue a finding, links from its traces.

    Writing again changes only what differs; a write that was cut off is finished by the next one.
    """
    from mlflow_tui.command_line.connecting import chosen_connection

    connection = chosen_connection(tracking_uri, profile, env_file)

    from mlflow_tui.command_line.write_back import WriteBack, write

    context.exit(
        write(
            WriteBack(
                connection,
                experiment or "",
                analysis_file,
                accept,
                assess_traces,
                show_secrets,
                dry_run,
                yes,
            )
        )
    )


@click.command("undo-writes", epilog=EXIT_CODES)
@tracking_uri
@profile
@env_file
@experiment
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def undo_writes(
    context: click.Context,
    tracking_uri: str | None,
    profile: str | None,
    env_file: str | None,
    experiment: str | None,
    yes: bool,
) -> None:
    """Take back all that write-back wrote to an experiment.

    MLflow deletes no issue: they become rejected.
    """
    if not experiment:
        raise click.UsageError("Say which experiment: --experiment NAME (its name or id).")
    from mlflow_tui.command_line.connecting import chosen_connection

    connection = chosen_connection(tracking_uri, profile, env_file)

    from mlflow_tui.command_line.write_back import undo

    context.exit(undo(connection, experiment, yes))

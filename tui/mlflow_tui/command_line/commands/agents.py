"""``mlflow-tui mcp`` and ``skill``."""

from __future__ import annotations

import click

from mlflow_tui.command_line.commands.options import env_file, profile, tracking_uri


@click.command("mcp", short_help="Serve coding agents: the Model Context Protocol.")
@tracking_uri
@profile
@env_file
@click.option(
    "--allow-writes",
    is_flag=True,
    help="Let the agent record decisions, keep a purpose and write report files.",
)
def serve_agents(
    tracking_uri: str | None, profile: str | None, env_file: str | None, allow_writes: bool
) -> None:
    """Serve coding agents over the Model Context Protocol, on stdin and stdout.

    Needs the extra: pip install 'mlflow-tui[mcp]'.
    """
    from mlflow_tui.command_line.agents import serve
    from mlflow_tui.command_line.connecting import chosen_connection

    serve(chosen_connection(tracking_uri, profile, env_file), allow_writes)


@click.command("skill")
def print_skill() -> None:
    """Print a guide to this program for agents to read."""
    from mlflow_tui.command_line.agents import skill

    click.echo(skill(), nl=False)

"""``mlflow-tui hypotheses``."""

from __future__ import annotations

import click


@click.command("hypotheses")
@click.argument("hypothesis_id", required=False, metavar="[ID]")
def list_hypotheses(hypothesis_id: str | None) -> None:
    """List what is tested, or explain one hypothesis."""
    from mlflow_tui.command_line.hypothesis_help import explain, listing

    click.echo(explain(hypothesis_id) if hypothesis_id else listing())

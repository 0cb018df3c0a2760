"""``mlflow-tui mcp`` and ``mlflow-tui skill``: the program as coding agents use it."""

from __future__ import annotations

from importlib.resources import files
from importlib.util import find_spec

import click

from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_tui.config.settings import Settings


def serve(connection: ConnectionRequest, allow_writes: bool) -> None:
    """Serve until the client leaves. Raises ``click.ClickException`` where the extra is missing."""
    if find_spec("mcp") is None:
        raise click.ClickException(
            "The package mcp is not installed. Install the extra: pip install 'mlflow-tui[mcp]'."
        )
    from mlflow_analysis.mcp_server.server import serve as serve_on_stdio

    serve_on_stdio(Settings.load().review_directory, connection, allow_writes=allow_writes)


def skill() -> str:
    """The guide for agents, in Markdown."""
    return (files("mlflow_analysis.mcp_server") / "skill.md").read_text(encoding="utf-8")

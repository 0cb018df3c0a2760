"""The sample store of ``mlflow-tui demo``, and where its report is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import platformdirs

from mlflow_tui.demo_store import make_demo_store


def sample_store(fresh: bool) -> tuple[str, str]:
    """Address and experiment of the sample store, made if it is not there or ``fresh`` is wanted.

    Raises ``click.ClickException`` if it cannot be written.
    """
    if fresh:
        click.echo("Making the sample store anew …", err=True)
    else:
        click.echo(
            "Opening the sample store (the first time it is made, which takes a while) …", err=True
        )
    try:
        return asyncio.run(make_demo_store(fresh))
    except OSError as error:
        raise click.ClickException(
            f"The sample store cannot be made: {error}. Set XDG_CACHE_HOME to a folder "
            "that can be written."
        ) from error


def report_path() -> Path:
    """Where the report on the sample store is kept; its folder is made.

    Raises ``click.ClickException`` if that is not possible.
    """
    path = Path(platformdirs.user_data_dir("mlflow-tui")) / "reports" / "demo-report.md"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(
            f"The report cannot be saved: {error}. Set XDG_DATA_HOME to a folder "
            "that can be written."
        ) from error
    return path

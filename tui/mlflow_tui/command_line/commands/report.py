"""``mlflow-tui report``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mlflow_tui.command_line.commands.options import EXIT_CODES, experiment, tracking_uri
from mlflow_tui.command_line.result_options import given, result_options


@click.command(
    "report", epilog=EXIT_CODES, short_help="Make the report again, without reading traces."
)
@tracking_uri
@experiment
@click.option(
    "--analysis",
    "analysis_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="JSON of an analysis. [default: the last analysis kept of the experiment]",
)
@result_options(accept="reviewed")
@click.option("--quiet", is_flag=True, help="No summary; only files and errors.")
@click.pass_context
def make_report(
    context: click.Context,
    /,
    tracking_uri: str | None,
    experiment: str | None,
    analysis_file: Path | None,
    quiet: bool,
    **results: Any,
) -> None:
    """Make the report again, from a kept analysis and the review as it is now.

    No trace is read. Without a file to write, the report goes to stdout as Markdown.
    """
    from mlflow_tui.command_line.kept_report import Asked, run

    asked = Asked(
        tracking_uri=tracking_uri or "",
        experiment=experiment or "",
        analysis_file=analysis_file,
        quiet=quiet,
        **given(results),
    )
    context.exit(run(asked))

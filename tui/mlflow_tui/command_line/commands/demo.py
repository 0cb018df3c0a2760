"""``mlflow-tui demo``."""

from __future__ import annotations

import click

from mlflow_tui.command_line.commands.options import screen_options


@click.command()
@click.option("--fresh", is_flag=True, help="Make the sample store anew.")
@screen_options
@click.pass_context
def demo(
    context: click.Context,
    fresh: bool,
    theme: str,
    mouse: bool | None,
    low_bandwidth: bool | None,
) -> None:
    """Open a sample store with planted faults.

    Without a terminal: analyse it, print what was found and save the report.
    """
    import os

    from mlflow_tui.command_line.sample_store import report_path, sample_store
    from mlflow_tui.terminal import capabilities

    tracking_uri, experiment = sample_store(fresh)
    if capabilities.objection(os.environ) is None:
        from mlflow_tui import app

        context.exit(
            app.run(
                tracking_uri,
                experiment=experiment,
                demo=True,
                theme=theme,
                mouse=mouse,
                low_bandwidth=low_bandwidth,
            )
        )

    from mlflow_analysis.connecting.sign_in import ConnectionRequest
    from mlflow_tui.command_line.headless import Request, run

    context.exit(
        run(
            Request(
                connection=ConnectionRequest(tracking_uri),
                experiment=experiment,
                report=report_path(),
                overwrite=True,  # the folder is ours alone
            )
        )
    )

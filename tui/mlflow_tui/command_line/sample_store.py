"""The sample store of ``mlflow-tui demo``, made by a process of its own so that this one stays light."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click
import platformdirs


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
    # a spawned process: mlflow would be loaded for good, and started threads, in this one
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        try:
            return executor.submit(_make, fresh).result()
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


def _make(fresh: bool) -> tuple[str, str]:
    from mlflow_analysis.demo.store import ensure_demo_store

    store = ensure_demo_store(fresh=fresh)
    return store.tracking_uri, store.experiment_name

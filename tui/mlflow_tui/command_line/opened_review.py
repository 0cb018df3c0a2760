"""The review of one experiment, for commands that only read it."""

from __future__ import annotations

from pathlib import Path

import click

from mlflow_analysis.review import JournalTooNew, Review


def open_review(path: Path) -> Review:
    """The review at ``path``, empty if nobody has decided yet.

    Raises ``click.ClickException`` for one that cannot be read: without the rejections in it, a report or an
    exit code would not be what people decided.
    """
    try:
        return Review(path)
    except JournalTooNew as problem:
        raise click.ClickException(problem.sentence) from problem
    except OSError as error:
        raise click.ClickException(
            f"The review {path} cannot be read: {error.strerror or error}."
        ) from error

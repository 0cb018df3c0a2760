"""``mlflow-tui write-back`` and ``undo-writes``: what was reviewed goes to MLflow, and back again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.filing.issues import issues_page
from mlflow_analysis.filing.write_back import ONLY_REPORT, AlreadyWriting, alone, filing_for
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.review import review_path
from mlflow_analysis.review.acceptance import AcceptPolicy
from mlflow_analysis.tracking.connection import Connection, connect
from mlflow_analysis.tracking.filed import Told
from mlflow_analysis.tracking.problems import ConnectionProblem, ExperimentNotFound
from mlflow_analysis.tracking.writer import Writer
from mlflow_tui.command_line.delivery import read
from mlflow_tui.command_line.kept_report import Asked, kept_path
from mlflow_tui.command_line.opened_review import open_review
from mlflow_tui.config.settings import Settings

DONE, NOT_CONNECTED, NOTHING_THERE = 0, 3, 4


@dataclass(frozen=True)
class WriteBack:
    """What to write, where, and whether anybody is asked."""

    connection: ConnectionRequest
    experiment: str
    analysis_file: Path | None = None
    accept: str = AcceptPolicy.REVIEWED.value
    assess_traces: bool = False
    show_secrets: bool = False
    dry_run: bool = False
    yes: bool = False


def write(asked: WriteBack) -> int:
    """Show what is to be written, ask, write, and return the exit code.

    Raises ``click.ClickException`` for wrong usage.
    """
    reviews = Settings.load().review_directory
    path = asked.analysis_file or kept_path(
        Asked(tracking_uri=asked.connection.tracking_uri, experiment=asked.experiment), reviews
    )
    if path is None:
        return NOTHING_THERE
    analysis = read(path)
    place = review_path(reviews, analysis.tracking_uri, analysis.experiment_id)
    filing = filing_for(
        analysis,
        open_review(place),
        accept=AcceptPolicy(asked.accept),
        assess_traces=asked.assess_traces,
        show_secrets=asked.show_secrets,
    )
    try:
        with _alone(place):
            if not filing.issues and not filing.rejected:
                click.echo(ONLY_REPORT, err=True)
            connection = connect(_where(asked.connection, analysis), to_write=True)
            writer = _writer(connection, analysis.experiment_id)
            click.echo("\n".join(writer.plan(filing).lines()))
            if asked.dry_run:
                return DONE
            _sure("Write this to MLflow?", asked.yes)
            with _progress() as told:
                written = writer.write(filing, told)
            click.echo(f"Written: {written}.")
            page = issues_page(
                connection.report().tracking_uri, analysis.experiment_id, written.run_id
            )
            click.echo("\n".join((*page, "mlflow-tui undo-writes takes all of it back.")))
    except ConnectionProblem as problem:
        return _told(problem)
    return DONE


def undo(request: ConnectionRequest, experiment: str, yes: bool) -> int:
    """Show what was written to an experiment, ask, take it back, and return the exit code."""
    try:
        connection = connect(request, to_write=True)
        source = connection.experiment(experiment)
        place = review_path(
            Settings.load().review_directory, source.tracking_uri, source.experiment_id
        )
        with _alone(place):
            withdrawal = connection.withdrawal(source.experiment_id)
            recall = withdrawal.plan()
            if not recall.steps:
                click.echo(f"mlflow-tui wrote nothing to {source.experiment_name!r}.")
                return DONE
            click.echo("\n".join(recall.lines()))
            _sure(f"Take this back from {source.experiment_name!r}?", yes)
            with _progress() as told:
                withdrawn = withdrawal.carry_out(told)
    except ConnectionProblem as problem:
        return _told(problem)
    click.echo(f"Taken back: {withdrawn}.")
    return DONE


def _where(request: ConnectionRequest, analysis: Analysis) -> ConnectionRequest:
    """The store that was analysed, unless another way to it is given."""
    return request if request.tracking_uri else replace(request, tracking_uri=analysis.tracking_uri)


def _writer(connection: Connection, experiment_id: str) -> Writer:
    return connection.writer(connection.experiment(experiment_id).experiment_id)


def _sure(question: str, yes: bool) -> None:
    """Go on only if the user says so. Raises ``click.Abort``, or ``click.UsageError`` without a terminal."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(
            "Nobody can be asked here: add --yes to write, or --dry-run to look."
        )
    click.confirm(question, abort=True)


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    try:
        with alone(place):
            yield
    except AlreadyWriting as other:
        raise click.ClickException(f"{other.sentence} {other.remedy}") from other


@contextmanager
def _progress() -> Iterator[Told]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("writing to MLflow", total=None)
        yield lambda done, everything: bar.update(task, completed=done, total=everything)


def _told(problem: ConnectionProblem) -> int:
    click.echo(f"{problem.sentence} {problem.remedy}".strip(), err=True)
    return NOTHING_THERE if isinstance(problem, ExperimentNotFound) else NOT_CONNECTED

"""An analysis without the screens: the engine in this process, progress on stderr, results on stdout."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import platformdirs

from mlflow_analysis.brief.charter import Charter, CharterNotUnderstood, charter_path, read_charter
from mlflow_analysis.brief.focus import Focus, FocusNotUnderstood, parse
from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.connecting.surroundings import read_env_file
from mlflow_analysis.contract.kept import analyses_directory, part_covered, set_aside, to_keep
from mlflow_analysis.contract.writing import AnalysisJson
from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.features.cache import FeatureCache
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.process import collector
from mlflow_analysis.reading.capacity import default_workers
from mlflow_analysis.reading.executors import get_ready_for
from mlflow_analysis.reading.sampling import Scheme
from mlflow_analysis.report.figures import moment
from mlflow_analysis.report.method import judging
from mlflow_analysis.review import review_path
from mlflow_analysis.service.redaction import Redaction
from mlflow_analysis.source import TraceSource
from mlflow_analysis.tracking.connection import connect
from mlflow_analysis.tracking.problems import (
    ConnectionProblem,
    ExperimentNotFound,
    FilterNotUnderstood,
)
from mlflow_tui.command_line.connecting import log_kept
from mlflow_tui.command_line.delivery import Delivery, Wanted
from mlflow_tui.command_line.opened_review import open_review
from mlflow_tui.command_line.progress_lines import progress_shown

if TYPE_CHECKING:
    from mlflow_analysis.judge.model import Judge

DONE, ISSUE_FOUND, USAGE, NOT_CONNECTED, NOTHING_THERE, INTERRUPTED = 0, 1, 2, 3, 4, 130
_NOT_ASKED = "Not done by the judge: it was not asked, because the user stopped the reading."


@dataclass(frozen=True, kw_only=True)
class Request(Wanted):
    """What to analyse, and what to make of it."""

    connection: ConnectionRequest
    experiment: str
    filter_string: str = ""
    since_seconds: int | None = None
    max_traces: int | None = None
    sample: str = Scheme.NEWEST.value
    workers: int | None = None
    """As many as the machine has room for if ``None``."""
    engine: str = ""
    """Address of a Dask scheduler."""
    cache: bool = True
    hypotheses: tuple[str, ...] = ()
    focus: tuple[str, ...] = ()
    """Claims of the user's own, as typed."""
    purpose_file: Path | None = None
    """What the user says of the application; what was kept for the experiment if ``None``."""
    seed: int = 0
    judge: str = ""
    """A model as ``provider:/model``; none is asked if empty."""
    judge_budget: str = ""


def run(request: Request) -> int:
    """Do it, and return the exit code. Raises ``click.ClickException`` for wrong usage."""
    hypotheses = _known(request.hypotheses)
    asked = tuple(_focus(text) for text in request.focus)
    delivery = Delivery(request)
    redact = Redaction()
    redact.learn(request.connection)
    with log_kept(redact):
        judge = _judge(request, redact)
        return _run(request, delivery, hypotheses, asked, judge)


def _run(
    request: Request,
    delivery: Delivery,
    hypotheses: tuple[str, ...],
    asked: tuple[Focus, ...],
    judge: Judge | None,
) -> int:
    try:
        connection = connect(request.connection)
        source = connection.experiment(request.experiment)
        charter = _charter(request, source)
        for filter_string in (request.filter_string, *(focus.filter for focus in asked)):
            if filter_string:  # before hours are spent on reading
                connection.check_filter(filter_string)
                next(source.infos(filter_string), None)
        focuses = (*asked, *charter.focuses)
        finished = _analysed(source, request, hypotheses, focuses, charter.purpose, judge)
        is_empty = not finished.analysis.traces_total and not finished.interrupted
        missing = _nothing_there(request, source) if is_empty else ""
    except ConnectionProblem as problem:
        click.echo(f"{problem.sentence} {problem.remedy}".strip(), err=True)
        return _exit_code(problem)
    if missing:
        click.echo(missing, err=True)
        return NOTHING_THERE
    analysis = finished.analysis
    if not analysis.traces_read and finished.interrupted:
        click.echo("Interrupted before a trace was read.", err=True)
        return INTERRUPTED
    if judge is not None and finished.interrupted:
        analysis = replace(analysis, notes=(*analysis.notes, _NOT_ASKED))
    elif judge is not None:
        analysis = _judged(analysis, source, request, judge)
    safe = AnalysisJson(analysis)
    review = open_review(review_path(_kept(), analysis.tracking_uri, analysis.experiment_id))
    with _kept_meanwhile(safe, request, finished.interrupted):
        shown = AnalysisJson(analysis, show_secrets=True) if request.show_secrets else safe
        fails = delivery.deliver(shown, review)
    if finished.interrupted:
        return INTERRUPTED
    return ISSUE_FOUND if fails else DONE


def _judge(request: Request, redact: Redaction) -> Judge | None:
    """The judge that is asked for. Raises ``click.BadParameter`` before anything is read."""
    if not request.judge:
        if request.judge_budget:
            raise click.UsageError("--judge-budget is for a judge: give --judge MODEL_URI too.")
        return None
    from mlflow_analysis.judge.opening import open_judge

    try:
        return open_judge(
            request.judge,
            request.judge_budget,
            cache=request.cache,
            redact=redact,
            variables=read_env_file(request.connection.env_file),
        )
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="--judge") from problem


def _judged(analysis: Analysis, source: TraceSource, request: Request, judge: Judge) -> Analysis:
    """The analysis with the judge's part. Ctrl-C ends the judging alone."""
    from mlflow_analysis.judge.judging import judged

    if not request.quiet:
        click.echo(f"Asking {request.judge} for a second opinion …", err=True)
    with _interruptible("Stopping the judge; what it said so far is kept.") as stopped:
        analysis = judged(
            analysis, source, judge, window=request.filter_string, cancelled=stopped.is_set
        )
    if not request.quiet and analysis.judge is not None:
        for sentence in judging(analysis.judge)[1:]:
            click.echo(sentence, err=True)
    return analysis


@contextmanager
def _kept_meanwhile(safe: AnalysisJson, request: Request, interrupted: bool) -> Iterator[None]:
    """Keep it for ``mlflow-tui report``, which is up to the disk. That it cannot be kept costs the results nothing."""
    most = request.max_traces
    part = part_covered(
        filter_string=request.filter_string,
        is_recent=request.since_seconds is not None,
        is_sample=most is not None and safe.analysis.traces_total >= most,
        some_claims=bool(request.hypotheses),
        is_interrupted=interrupted,
    )
    ready = to_keep(analyses_directory(_kept()), safe, part=part)
    with ThreadPoolExecutor(1, "keep") as disk:
        written = disk.submit(ready.write)
        yield
    try:
        path = written.result()
    except OSError as error:
        click.echo(
            f"The analysis could not be kept for `mlflow-tui report`: {error.strerror or error}.",
            err=True,
        )
        return
    told = set_aside(path, part)
    if told and not request.quiet:
        click.echo(f"{told} Keep this one with --json FILE.", err=True)


def _kept() -> Path:
    """Where reviews are kept, and what users said of their applications."""
    return Path(platformdirs.user_data_dir("mlflow-tui")) / "reviews"


def _known(hypotheses: tuple[str, ...]) -> tuple[str, ...]:
    """Their ids. Raises ``click.BadParameter`` for one that there is not."""
    if not hypotheses:
        return ()
    from mlflow_tui.command_line.hypothesis_help import find  # loads all of them

    return tuple(find(each).id for each in hypotheses)


def _focus(text: str) -> Focus:
    try:
        return parse(text)
    except FocusNotUnderstood as problem:
        raise click.BadParameter(str(problem), param_hint="--focus") from problem


def _charter(request: Request, source: TraceSource) -> Charter:
    """What the user says of the application. Raises ``click.ClickException`` if it cannot be read."""
    path = request.purpose_file or charter_path(_kept(), source.tracking_uri, source.experiment_id)
    try:
        return read_charter(path)
    except CharterNotUnderstood as problem:
        raise click.UsageError(str(problem)) from problem
    except OSError as error:
        raise click.UsageError(f"{path} cannot be read: {error.strerror or error}.") from error


def _analysed(
    source: TraceSource,
    request: Request,
    hypotheses: tuple[str, ...],
    focuses: tuple[Focus, ...],
    purpose: Purpose | None,
    judge: Judge | None,
) -> AnalysisReady:
    cache = FeatureCache(source.tracking_uri, source.experiment_id) if request.cache else None
    workers = request.workers or default_workers()
    if not (request.filter_string or request.since_seconds or request.max_traces):
        if cache is not None and not cache.is_empty():
            cache.read_ahead()
        else:
            get_ready_for(source, source.count() or 0, workers, request.engine)
    with collector.at_rest():  # it takes a second, in which that goes on
        from mlflow_analysis.engine.options import AnalysisOptions
        from mlflow_analysis.engine.run import analyze
    since = request.since_seconds
    options = AnalysisOptions(
        filter=request.filter_string,
        since_ms=None if since is None else int((time.time() - since) * 1000),
        max_traces=request.max_traces,
        sample=Scheme(request.sample),
        workers=workers,
        engine=request.engine,
        cache=cache,
        live=False,
        hypotheses=hypotheses,
        focus=focuses,
        purpose=purpose,
        seed=request.seed,
        judge=judge,
    )
    collector.relax()
    with _interruptible() as stopped, progress_shown(request.quiet) as show:
        for event in analyze(source, options, cancelled=stopped.is_set):
            if isinstance(event, AnalysisReady):
                return event
            show(event)
    raise AssertionError("The engine ended without a last word.")


@contextmanager
def _interruptible(
    told: str = "Stopping; concluding from what was read.",
) -> Iterator[threading.Event]:
    """Ctrl-C once stops the work, and what was done is concluded; twice, it ends the program."""
    stopped = threading.Event()

    def interrupt(_number: int, _frame: object) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()
        click.echo(f"\n{told} Ctrl-C again ends at once.", err=True)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


def _exit_code(problem: ConnectionProblem) -> int:
    if isinstance(problem, FilterNotUnderstood):
        return USAGE
    return NOTHING_THERE if isinstance(problem, ExperimentNotFound) else NOT_CONNECTED


def _nothing_there(request: Request, source: TraceSource) -> str:
    """Why there is nothing to analyse, and what to do. Raises ``ConnectionProblem``."""
    newest = next((page[0] for page in source.outlines(marked=False) if page), None)
    if newest is None:
        return (
            f"Experiment {source.experiment_name!r} has no traces. "
            "Choose another with --experiment, or trace the application first."
        )
    given = [
        *(["--filter"] if request.filter_string else []),
        *(["--since"] if request.since_seconds is not None else []),
    ]
    return (
        f"No trace of experiment {source.experiment_name!r} matches; its newest began "
        f"{moment(newest.start_ms)} UTC. Widen {' or '.join(given)}."
    )

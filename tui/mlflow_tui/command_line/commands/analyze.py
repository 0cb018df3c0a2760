"""``mlflow-tui analyze``: which traces, which claims, what to write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mlflow_tui.command_line.commands import options
from mlflow_tui.command_line.commands.options import (
    EXIT_CODES,
    env_file,
    experiment,
    judge,
    judge_budget,
    profile,
    trace_filter,
    tracking_uri,
)
from mlflow_tui.command_line.result_options import given, result_options


@click.command(epilog=EXIT_CODES)
@tracking_uri
@profile
@env_file
@experiment
@trace_filter
@click.option("--since", metavar="AGE", help="Only traces younger than this, e.g. 30m, 24h, 7d.")
@click.option("--max-traces", type=click.IntRange(min=1), metavar="N", help="Read N traces only.")
@click.option(
    "--sample",
    type=click.Choice(["newest", "spread"]),
    default="newest",
    show_default=True,
    help="Which N: the newest, or whole sessions spread evenly over time.",
)
@options.workers
@options.engine
@options.no_cache
@click.option(
    "--hypothesis",
    "hypotheses",
    multiple=True,
    metavar="ID",
    help="Test only this one; may be given again. `mlflow-tui hypotheses` lists them.",
)
@click.option(
    "--focus",
    multiple=True,
    metavar="TEXT",
    help="Test a claim of your own besides; may be given again. Words to find, and an outcome: "
    "'refund -> latency'; or parts: \"filter: tags.region = 'eu' words: refund in: request "
    'outcome: tokens". Outcomes are failure (if none is given), latency, tokens, or an assessment.',
)
@click.option(
    "--purpose",
    "purpose_file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="JSON that says what the application does: description, tools, out_of_scope, focus. "
    "[default: what was confirmed full-screen]",
)
@click.option("--seed", type=int, default=0, show_default=True, help="For resampling.")
@judge
@judge_budget
@result_options(accept="confirmed")
@click.option("--quiet", is_flag=True, help="No progress and no summary; only files and errors.")
@click.pass_context
def analyze(
    context: click.Context,
    /,
    tracking_uri: str | None,
    profile: str | None,
    env_file: str | None,
    experiment: str | None,
    filter_string: str,
    since: str | None,
    max_traces: int | None,
    sample: str,
    workers: int | None,
    engine: str,
    no_cache: bool,
    hypotheses: tuple[str, ...],
    focus: tuple[str, ...],
    purpose_file: str | None,
    seed: int,
    judge: str,
    judge_budget: str,
    quiet: bool,
    **results: Any,
) -> None:
    """Analyse an experiment without the screens.

    Progress goes to stderr; the summary goes to stdout, or what is asked for with FILE -.
    """
    if not experiment:
        raise click.UsageError(
            "Say which experiment to analyse: --experiment NAME (its name or id)."
        )

    from mlflow_tui.command_line.connecting import chosen_connection

    connection = chosen_connection(tracking_uri, profile, env_file)

    from mlflow_analysis.process import allocator, collector, threads

    allocator.share()
    threads.one_for_sums()
    with collector.at_rest():
        from mlflow_tui.command_line.headless import Request, run
    from mlflow_tui.command_line.saved_filter import filter_for_store

    request = Request(
        connection=connection,
        experiment=experiment,
        filter_string=filter_for_store(filter_string) if filter_string else "",
        since_seconds=None if since is None else _seconds(since),
        max_traces=max_traces,
        sample=sample,
        workers=workers,
        engine=engine,
        cache=not no_cache,
        hypotheses=hypotheses,
        focus=focus,
        purpose_file=Path(purpose_file) if purpose_file else None,
        seed=seed,
        judge=judge,
        judge_budget=judge_budget,
        quiet=quiet,
        **given(results),
    )
    context.exit(run(request))


def _seconds(age: str) -> int:
    units = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
    quantity, unit = age[:-1], age[-1:]
    if not quantity.isascii() or not quantity.isdigit() or unit not in units or int(quantity) == 0:
        raise click.BadParameter(
            f"{age!r} is no age. Give a number and m, h, d or w, e.g. 24h.", param_hint="--since"
        )
    return int(quantity) * units[unit]

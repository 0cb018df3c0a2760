"""The command line. Importing this module imports click and nothing heavier."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlflow_analysis import __version__
from mlflow_tui.command_line.result_options import given, result_options

if TYPE_CHECKING:
    from mlflow_tui.command_line.headless import Request

NO_FINDING_FAILED = 0
USAGE = 2
INTERRUPTED = 130

EXIT_CODES = """\b
Exit codes:
  0    done
  1    a confirmed issue at or above --fail-on
  2    wrong usage, or a file that cannot be written
  3    cannot connect or sign in
  4    no such experiment, or no traces
  130  interrupted (what was read so far is concluded and reported)
"""

_tracking_uri = click.option(
    "--tracking-uri",
    metavar="URI",
    help="Where the traces are, e.g. sqlite:///mlflow.db or http://127.0.0.1:5000. "
    "[default: MLFLOW_TRACKING_URI]",
)
_profile = click.option(
    "--profile", metavar="NAME", help="A connection that was kept full-screen, with its sign-in."
)
_env_file = click.option(
    "--env-file",
    metavar="FILE",
    help="Lines NAME=value, which hold where the environment says nothing. Values are never shown.",
)
_experiment = click.option("--experiment", metavar="NAME", help="An experiment's name or id.")
_filter = click.option(
    "--filter",
    "filter_string",
    default="",
    metavar="FILTER",
    help="Only traces that match, in MLflow's syntax, e.g. \"trace.status = 'ERROR'\".",
)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mlflow-tui")
@_tracking_uri
@_profile
@_env_file
@_experiment
@_filter
@click.pass_context
def program(
    context: click.Context,
    tracking_uri: str | None,
    profile: str | None,
    env_file: str | None,
    experiment: str | None,
    filter_string: str,
) -> None:
    """Find, judge and report what is wrong (and right) with a GenAI application, from its traces.

    Without a command it opens full-screen; the options jump ahead.
    """
    if context.invoked_subcommand is None:
        from mlflow_tui import app

        if tracking_uri and profile:
            raise click.UsageError("Give --tracking-uri or --profile, not both.")
        context.exit(
            app.run(tracking_uri, env_file or "", profile or "", experiment, filter_string)
        )
    if tracking_uri or profile or env_file or experiment or filter_string:
        raise click.UsageError(
            f"Options for {context.invoked_subcommand} stand after its name: "
            f"mlflow-tui {context.invoked_subcommand} --tracking-uri …"
        )


@program.command()
@click.option("--fresh", is_flag=True, help="Make the sample store anew.")
@click.pass_context
def demo(context: click.Context, fresh: bool) -> None:
    """Open a sample store with planted faults.

    Without a terminal: analyse it, print what was found and save the report.
    """
    import os

    from mlflow_tui import terminal
    from mlflow_tui.command_line.sample_store import report_path, sample_store

    tracking_uri, experiment = sample_store(fresh)
    if terminal.objection(os.environ) is None:
        from mlflow_tui import app

        context.exit(app.run(tracking_uri, experiment=experiment, demo=True))

    from mlflow_analysis.sign_in import ConnectionRequest
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


@program.command(epilog=EXIT_CODES)
@_tracking_uri
@_profile
@_env_file
@_experiment
@_filter
@click.option("--since", metavar="AGE", help="Only traces younger than this, e.g. 30m, 24h, 7d.")
@click.option("--max-traces", type=click.IntRange(min=1), metavar="N", help="Read N traces only.")
@click.option(
    "--sample",
    type=click.Choice(["newest", "spread"]),
    default="newest",
    show_default=True,
    help="Which N: the newest, or whole sessions spread evenly over time.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Processes that read. [default: by processors and free memory]",
)
@click.option(
    "--engine", metavar="ADDRESS", default="", help="Have a Dask cluster read: dask://HOST:PORT."
)
@click.option("--no-cache", is_flag=True, help="Read every trace anew, and keep nothing of it.")
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
@click.option(
    "--judge",
    default="",
    metavar="MODEL_URI",
    help="Ask a language model for a second opinion on confirmed issues, e.g. openai:/gpt-4.1-mini "
    "(OPENAI_API_BASE for another endpoint). It sees masked trace text, and changes no verdict.",
)
@click.option(
    "--judge-budget",
    default="",
    metavar="BUDGET",
    help="What the judge may cost: '200 calls', '500k tokens' or '$2'. [default: 200 calls]",
)
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
    if engine and not engine.startswith("dask://"):
        raise click.BadParameter(
            "Give the address of a Dask scheduler: dask://HOST:PORT.", param_hint="--engine"
        )

    from mlflow_tui.command_line.connecting import chosen_connection

    connection = chosen_connection(tracking_uri, profile, env_file)

    from mlflow_tui.command_line.headless import Request, run

    request: Request = Request(
        connection=connection,
        experiment=experiment,
        filter_string=filter_string,
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


@program.command("report", epilog=EXIT_CODES)
@_tracking_uri
@_experiment
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


@program.command(epilog=EXIT_CODES)
@_tracking_uri
@_profile
@_env_file
@click.pass_context
def doctor(
    context: click.Context, tracking_uri: str | None, profile: str | None, env_file: str | None
) -> None:
    """Say what was found, what is wrong and what to do next.

    Without options it tries what would be opened full-screen. Reading changes nothing, and no secret is shown.
    """
    from mlflow_tui.command_line.connecting import chosen_connection

    connection = chosen_connection(tracking_uri, profile, env_file)

    from mlflow_tui.command_line.doctor import Examination

    context.exit(Examination(connection, profile or "").run())


@program.command("hypotheses")
@click.argument("hypothesis_id", required=False, metavar="[ID]")
def list_hypotheses(hypothesis_id: str | None) -> None:
    """List what is tested, or explain one hypothesis."""
    from mlflow_tui.command_line.hypothesis_help import explain, listing

    click.echo(explain(hypothesis_id) if hypothesis_id else listing())


@program.command("write-back", epilog=EXIT_CODES)
@_tracking_uri
@_profile
@_env_file
@_experiment
@click.option(
    "--analysis",
    "analysis_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="JSON of an analysis. [default: the last analysis kept of the experiment]",
)
@click.option(
    "--accept",
    type=click.Choice(["confirmed", "reviewed"]),
    default="reviewed",
    show_default=True,
    help="Which findings become issues: those accepted in the saved review, or every confirmed one "
    "that nobody rejected.",
)
@click.option("--assess-traces", is_flag=True, help="Give each affected trace an assessment too.")
@click.option("--show-secrets", is_flag=True, help="Do not mask credentials found in traces.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def write_back(
    context: click.Context,
    tracking_uri: str | None,
    profile: str | None,
    env_file: str | None,
    experiment: str | None,
    analysis_file: Path | None,
    accept: str,
    assess_traces: bool,
    show_secrets: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Write what was reviewed to MLflow: the report, an issue a finding, links from its traces.

    Writing again changes only what differs; a write that was cut off is finished by the next one.
    """
    from mlflow_tui.command_line.connecting import chosen_connection

    connection = chosen_connection(tracking_uri, profile, env_file)

    from mlflow_tui.command_line.write_back import WriteBack, write

    context.exit(
        write(
            WriteBack(
                connection,
                experiment or "",
                analysis_file,
                accept,
                assess_traces,
                show_secrets,
                dry_run,
                yes,
            )
        )
    )


@program.command("undo-writes", epilog=EXIT_CODES)
@_tracking_uri
@_profile
@_env_file
@_experiment
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def undo_writes(
    context: click.Context,
    tracking_uri: str | None,
    profile: str | None,
    env_file: str | None,
    experiment: str | None,
    yes: bool,
) -> None:
    """Take back all that write-back wrote to an experiment.

    MLflow deletes no issue: they become rejected.
    """
    if not experiment:
        raise click.UsageError("Say which experiment: --experiment NAME (its name or id).")
    from mlflow_tui.command_line.connecting import chosen_connection

    connection = chosen_connection(tracking_uri, profile, env_file)

    from mlflow_tui.command_line.write_back import undo

    context.exit(undo(connection, experiment, yes))


@program.command("mcp")
@_tracking_uri
@_profile
@_env_file
@click.option(
    "--allow-writes",
    is_flag=True,
    help="Let the agent record decisions, keep a purpose and write report files.",
)
def serve_agents(
    tracking_uri: str | None, profile: str | None, env_file: str | None, allow_writes: bool
) -> None:
    """Serve coding agents over the Model Context Protocol, on stdin and stdout.

    Needs the extra: pip install 'mlflow-tui[mcp]'.
    """
    from mlflow_tui.command_line.agents import serve
    from mlflow_tui.command_line.connecting import chosen_connection

    serve(chosen_connection(tracking_uri, profile, env_file), allow_writes)


@program.command("skill")
def print_skill() -> None:
    """Print a guide to this program for agents to read."""
    from mlflow_tui.command_line.agents import skill

    click.echo(skill(), nl=False)


def _seconds(age: str) -> int:
    units = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
    quantity, unit = age[:-1], age[-1:]
    if not quantity.isascii() or not quantity.isdigit() or unit not in units or int(quantity) == 0:
        raise click.BadParameter(
            f"{age!r} is no age. Give a number and m, h, d or w, e.g. 24h.", param_hint="--since"
        )
    return int(quantity) * units[unit]


def main() -> None:
    """Entry point of the command ``mlflow-tui``; ends the process with the exit codes above."""
    try:
        # click's own way would end with 1 when interrupted, which here means "an issue was found"
        code = program.main(standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        sys.exit(INTERRUPTED)
    except click.ClickException as problem:
        problem.show()
        sys.exit(USAGE if problem.exit_code == 1 else problem.exit_code)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output left; nobody is there to be told
        sys.exit(NO_FINDING_FAILED)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()

"""The command line. Importing this module imports click and nothing heavier."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlflow_analysis import __version__

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
@click.option("--max-traces", type=click.IntRange(min=1), metavar="N", help="Read the newest N.")
@click.option("--report", metavar="FILE", help="Write the report as Markdown; - for stdout.")
@click.option("--json", "json_file", metavar="FILE", help="Write all as JSON; - for stdout.")
@click.option(
    "--accept",
    type=click.Choice(["confirmed", "reviewed", "none"]),
    default="confirmed",
    show_default=True,
    help="Which findings count as accepted: every confirmed one that nobody rejected, "
    "those accepted in the saved review, or none.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["high", "medium", "low"]),
    help="Exit with 1 if an issue of this severity or above is confirmed and not rejected.",
)
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
@click.option("--overwrite", is_flag=True, help="Replace files that mlflow-tui did not write.")
@click.option("--show-secrets", is_flag=True, help="Do not mask credentials found in traces.")
@click.option("--quiet", is_flag=True, help="No progress and no summary; only files and errors.")
@click.pass_context
def analyze(
    context: click.Context,
    tracking_uri: str | None,
    profile: str | None,
    env_file: str | None,
    experiment: str | None,
    filter_string: str,
    since: str | None,
    max_traces: int | None,
    report: str | None,
    json_file: str | None,
    accept: str,
    fail_on: str | None,
    hypotheses: tuple[str, ...],
    focus: tuple[str, ...],
    purpose_file: str | None,
    seed: int,
    overwrite: bool,
    show_secrets: bool,
    quiet: bool,
) -> None:
    """Analyse an experiment without the screens.

    Progress goes to stderr; the summary goes to stdout, or what is asked for with FILE -.
    """
    if not experiment:
        raise click.UsageError(
            "Say which experiment to analyse: --experiment NAME (its name or id)."
        )
    if report == "-" and json_file == "-":
        raise click.UsageError("Only one of --report and --json can go to stdout.")

    from mlflow_tui.command_line.connecting import chosen_connection

    connection = chosen_connection(tracking_uri, profile, env_file)

    from mlflow_tui.command_line.headless import Request, run

    request: Request = Request(
        connection=connection,
        experiment=experiment,
        filter_string=filter_string,
        since_seconds=None if since is None else _seconds(since),
        max_traces=max_traces,
        report=Path(report) if report else None,
        json_file=Path(json_file) if json_file else None,
        accept=accept,
        fail_on=fail_on,
        hypotheses=hypotheses,
        focus=focus,
        purpose_file=Path(purpose_file) if purpose_file else None,
        seed=seed,
        overwrite=overwrite,
        show_secrets=show_secrets,
        quiet=quiet,
    )
    context.exit(run(request))


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

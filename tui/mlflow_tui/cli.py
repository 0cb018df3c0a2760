"""The command line. Importing this module imports click and nothing heavier."""

from __future__ import annotations

import sys
from importlib import import_module

import click
from click.core import ParameterSource

from mlflow_analysis import __version__
from mlflow_analysis.process.ending import Ending
from mlflow_tui.command_line.commands import options
from mlflow_tui.command_line.commands.options import (
    env_file,
    experiment,
    judge,
    judge_budget,
    profile,
    screen_options,
    trace_filter,
    tracking_uri,
)

NO_FINDING_FAILED = 0
USAGE = 2
INTERRUPTED = 130

COMMANDS = {
    "analyze": ("analyze", "analyze"),
    "demo": ("demo", "demo"),
    "doctor": ("doctor", "doctor"),
    "hypotheses": ("hypotheses", "list_hypotheses"),
    "keys": ("keys", "list_keys"),
    "mcp": ("agents", "serve_agents"),
    "report": ("report", "make_report"),
    "skill": ("agents", "print_skill"),
    "undo-writes": ("write_back", "undo_writes"),
    "write-back": ("write_back", "write_back"),
}
"""By name: the module in ``command_line.commands`` and what it is called there."""


class Commands(click.Group):
    """Imports a command when it is asked for: opening full-screen needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, if there is one."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command = getattr(import_module(f"mlflow_tui.command_line.commands.{module}"), name)
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="mlflow-tui")
@tracking_uri
@profile
@env_file
@experiment
@trace_filter
@options.workers
@options.engine
@options.no_cache
@click.option(
    "--watch-every",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="How often w looks for new traces. [default: 10]",
)
@screen_options
@judge
@judge_budget
@click.pass_context
def program(
    context: click.Context,
    tracking_uri: str | None,
    profile: str | None,
    env_file: str | None,
    experiment: str | None,
    filter_string: str,
    workers: int | None,
    engine: str,
    no_cache: bool,
    watch_every: float | None,
    theme: str,
    mouse: bool | None,
    low_bandwidth: bool | None,
    judge: str,
    judge_budget: str,
) -> None:
    """Find, judge and report what is wrong (and right) with a GenAI application, from its traces.

    Without a command it opens full-screen; the options jump ahead.
    """
    if context.invoked_subcommand is None:
        from mlflow_tui import app
        from mlflow_tui.reading_options import WATCH_EVERY_S, ReadingOptions

        if tracking_uri and profile:
            raise click.UsageError("Give --tracking-uri or --profile, not both.")
        saved = None
        if filter_string:
            from mlflow_tui.command_line.saved_filter import chosen_filter

            saved = chosen_filter(filter_string)
        reading = ReadingOptions(workers, engine, not no_cache, watch_every or WATCH_EVERY_S)
        context.exit(
            app.run(
                tracking_uri,
                env_file or "",
                profile or "",
                experiment,
                saved.filter_string if saved else "",
                query=saved.query if saved else None,
                theme=theme,
                mouse=mouse,
                low_bandwidth=low_bandwidth,
                judge=judge,
                judge_budget=judge_budget,
                reading=reading,
            )
        )
    named = any(
        context.get_parameter_source(each) is ParameterSource.COMMANDLINE
        for each in ("judge", "judge_budget", "workers", "engine", "no_cache", "watch_every")
    )
    if tracking_uri or profile or env_file or experiment or filter_string or named:
        raise click.UsageError(
            f"Options for {context.invoked_subcommand} stand after its name: "
            f"mlflow-tui {context.invoked_subcommand} --tracking-uri …"
        )


def main() -> None:
    """Entry point of the command ``mlflow-tui``; ends the process with its exit code."""
    ending = Ending()
    ending.with_code(exit_code())


def exit_code() -> int:
    """Do what the arguments of this process ask for; what the process is to end with."""
    try:
        # click's own way would end with 1 when interrupted, which here means "an issue was found"
        code = program.main(standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except click.ClickException as problem:
        problem.show()
        return USAGE if problem.exit_code == 1 else problem.exit_code
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output left; nobody is there to be told
        return NO_FINDING_FAILED
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    main()

"""Options that several commands share, and what their exit codes mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

EXIT_CODES = """\b
Exit codes:
  0    done
  1    a confirmed issue at or above --fail-on
  2    wrong usage, or a file that cannot be written
  3    cannot connect or sign in
  4    no such experiment, or no traces
  130  interrupted (what was read so far is concluded and reported)
"""

tracking_uri = click.option(
    "--tracking-uri",
    metavar="URI",
    help="Where the traces are, e.g. sqlite:///mlflow.db or http://127.0.0.1:5000. "
    "[default: MLFLOW_TRACKING_URI]",
)
profile = click.option(
    "--profile", metavar="NAME", help="A connection that was kept full-screen, with its sign-in."
)
env_file = click.option(
    "--env-file",
    metavar="FILE",
    help="Lines NAME=value, which hold where the environment says nothing. Values are never shown.",
)
judge = click.option(
    "--judge",
    default="",
    envvar="MLFLOW_TUI_JUDGE",
    metavar="MODEL_URI",
    help="A language model to ask for a second opinion, e.g. openai:/gpt-4.1-mini (OPENAI_API_BASE for "
    "another endpoint). It sees masked trace text, and changes no verdict. [default: MLFLOW_TUI_JUDGE]",
)
judge_budget = click.option(
    "--judge-budget",
    default="",
    envvar="MLFLOW_TUI_JUDGE_BUDGET",
    metavar="BUDGET",
    help="What the judge may cost: '200 calls', '500k tokens' or '$2'. [default: 200 calls]",
)
experiment = click.option("--experiment", metavar="NAME", help="An experiment's name or id.")
trace_filter = click.option(
    "--filter",
    "filter_string",
    default="",
    metavar="FILTER",
    help="Only traces that match, in MLflow's syntax, e.g. \"trace.status = 'ERROR'\"; or @NAME, a saved filter.",
)


def screen_options(command: Command) -> Command:
    """How the screens are shown: ``theme``, ``mouse`` and ``low_bandwidth``."""
    for option in reversed(_SCREEN_OPTIONS):
        command = option(command)
    return command


_SCREEN_OPTIONS = (
    click.option(
        "--theme",
        default="",
        metavar="NAME",
        help="dark, light, high-contrast, colour-blind, 16, 16-light, or one of your own. "
        "[default: MLFLOW_TUI_THEME, the one chosen before, or what suits the terminal]",
    ),
    click.option("--mouse/--no-mouse", default=None, help="[default: off over SSH, on elsewhere]"),
    click.option(
        "--low-bandwidth/--no-low-bandwidth",
        default=None,
        help="Draw less: 16 colours, fewer frames, no charts until asked. [default: once the line stalls]",
    ),
)

"""The options that say what becomes of an analysis, shared by the commands that have one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_file = click.Path(path_type=Path)


def _sections(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> tuple[str, ...] | None:
    """Ids parted by commas. Raises ``click.BadParameter`` for one that is none."""
    if value is None:
        return None
    from mlflow_analysis.report.sections import known

    try:
        return known([name.strip() for name in value.split(",") if name.strip()])
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


_OPTIONS = (
    click.option(
        "--report", type=_file, metavar="FILE", help="Write the report as Markdown; - for stdout."
    ),
    click.option(
        "--html", type=_file, metavar="FILE", help="Write the report as one HTML file, with charts."
    ),
    click.option(
        "--json", "json_file", type=_file, metavar="FILE", help="Write all as JSON; - for stdout."
    ),
    click.option(
        "--junit", type=_file, metavar="FILE", help="Write the findings as JUnit XML, for CI."
    ),
    click.option(
        "--github-summary",
        is_flag=False,
        flag_value="GITHUB_STEP_SUMMARY",
        metavar="[FILE]",
        help="Add a short account to the step summary of GitHub Actions, or to FILE.",
    ),
    click.option(
        "--sections",
        metavar="ID,…",
        callback=_sections,
        help="Only these sections of the report: since, window, purpose, statistics, issues, "
        "performance, quality, asked, strengths, recommendations, undecided, rejected, unconfirmed, "
        "method.",
    ),
    click.option(
        "--template",
        type=_file,
        metavar="PATH",
        help="Jinja2 templates of your own: one file for the whole report, or a folder whose files "
        "replace ours of the same names.",
    ),
    click.option(
        "--fail-on",
        type=click.Choice(["high", "medium", "low"]),
        help="Exit with 1 if an issue of this severity or above is confirmed and not rejected.",
    ),
    click.option(
        "--baseline",
        type=_file,
        metavar="FILE",
        help="JSON of an earlier analysis: only what is new or worse than there fails.",
    ),
    click.option(
        "--overwrite",
        "--force",
        "overwrite",
        is_flag=True,
        help="Replace files that mlflow-tui did not write.",
    ),
    click.option(
        "--show-secrets",
        is_flag=True,
        help="Do not mask credentials and e-mail addresses found in traces.",
    ),
)


def result_options(accept: str) -> Callable[[Command], Command]:
    """Add the options to a command, which gets them by the names of ``delivery.Wanted``.

    ``accept`` is the default of ``--accept``.
    """
    accepted = click.option(
        "--accept",
        type=click.Choice(["confirmed", "reviewed", "none"]),
        default=accept,
        show_default=True,
        help="Which findings count as accepted: every confirmed one that nobody rejected, "
        "those accepted in the saved review, or none.",
    )

    def add(command: Command) -> Command:
        for option in reversed((*_OPTIONS, accepted)):
            command = option(command)
        return command

    return add


def given(results: dict[str, Any]) -> dict[str, Any]:
    """The results without what was not asked for, so that defaults hold."""
    return {name: value for name, value in results.items() if value is not None}

"""``--filter @NAME``: a filter that was saved on the traces screen."""

from __future__ import annotations

import click

from mlflow_tui.command_line.connecting import profiles_path
from mlflow_tui.config.saved_filters import FiltersNotUnderstood, SavedFilter, SavedFilters


def chosen_filter(given: str) -> SavedFilter:
    """What ``--filter`` asks for: a filter, or the name of one. Raises ``click.UsageError``."""
    if not given.startswith("@"):  # no filter of MLflow's begins so
        return SavedFilter("", given)
    filters = SavedFilters(profiles_path().with_name("filters.toml"))
    try:
        return filters.get(given[1:])
    except FiltersNotUnderstood as problem:
        raise click.UsageError(f"{problem.sentence} {problem.remedy}") from problem
    except OSError as error:
        raise click.UsageError(
            f"{filters.path} cannot be read: {error.strerror or error}."
        ) from error


def filter_for_store(given: str) -> str:
    """What ``--filter`` asks for, where the store alone filters. Raises ``click.UsageError``."""
    try:
        return chosen_filter(given).for_store()
    except FiltersNotUnderstood as problem:
        raise click.UsageError(f"{problem.sentence} {problem.remedy}") from problem

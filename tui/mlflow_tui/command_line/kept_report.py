"""The report of an analysis that is over: from its JSON, and from what has been decided since."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import click
import platformdirs

from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.contract.kept import Kept, analyses_directory, kept_analyses
from mlflow_analysis.contract.writing import AnalysisJson
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.review import Review, review_path
from mlflow_analysis.tracking.credentials import resolve
from mlflow_analysis.tracking.problems import ConnectionProblem
from mlflow_analysis.untrusted import single_line
from mlflow_tui.command_line.delivery import Delivery, Wanted, read
from mlflow_tui.command_line.opened_review import open_review

DONE, ISSUE_FOUND, NOTHING_THERE = 0, 1, 4


@dataclass(frozen=True, kw_only=True)
class Asked(Wanted):
    """Which analysis, and what to make of it."""

    tracking_uri: str = ""
    experiment: str = ""
    """Name or id; may be left out where only one analysis is kept."""
    analysis_file: Path | None = None


def run(asked: Asked) -> int:
    """Do it, and return the exit code. Raises ``click.ClickException`` for wrong usage."""
    if not (asked.report or asked.html or asked.json_file or asked.junit or asked.github_summary):
        asked = replace(asked, report=Path("-"))
    reviews = Path(platformdirs.user_data_dir("mlflow-tui")) / "reviews"
    path = asked.analysis_file or kept_path(asked, reviews)
    if path is None:
        return NOTHING_THERE
    delivery = Delivery(asked)
    analysis = read(path)
    shown = AnalysisJson(analysis, show_secrets=asked.show_secrets)
    return ISSUE_FOUND if delivery.deliver(shown, _review(reviews, analysis)) else DONE


def kept_path(asked: Asked, reviews: Path) -> Path | None:
    """The one analysis that is meant; says so on stderr where it is not clear which."""
    found = _matching(asked, analyses_directory(reviews))
    if len(found) != 1:
        click.echo(_which(asked, found), err=True)
        return None
    return found[0].path


def _review(reviews: Path, analysis: Analysis) -> Review:
    return open_review(review_path(reviews, analysis.tracking_uri, analysis.experiment_id))


def _matching(asked: Asked, directory: Path) -> list[Kept]:
    found = list(kept_analyses(directory))
    if asked.experiment:
        found = [
            each for each in found if asked.experiment in (each.experiment_name, each.experiment_id)
        ]
    if asked.tracking_uri:
        place = _place(asked.tracking_uri)
        found = [each for each in found if each.tracking_uri == place]
    return found


def _place(tracking_uri: str) -> str:
    """The address as analyses have it. Raises ``click.ClickException`` for one that is none."""
    try:
        return resolve(ConnectionRequest(tracking_uri)).shown
    except ConnectionProblem as problem:
        raise click.ClickException(f"{problem.sentence} {problem.remedy}") from problem


def _which(asked: Asked, found: list[Kept]) -> str:
    if not found:
        what = f" of experiment {asked.experiment!r}" if asked.experiment else ""
        return (
            f"No analysis{what} is kept. Make one with `mlflow-tui analyze`, or name a file that "
            "`analyze --json` wrote: --analysis FILE."
        )
    lines = [
        f"  --experiment {single_line(each.experiment_name)!r} --tracking-uri {each.tracking_uri}"
        for each in found
    ]
    return "\n".join(["Several analyses are kept. Say which:", *lines])

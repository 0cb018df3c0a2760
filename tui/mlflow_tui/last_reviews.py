"""When the experiments of a store were last reviewed, from the journals on disk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mlflow_analysis.review import last_decision_ms, review_path


def last_reviews(
    directory: Path, tracking_uri: str, experiment_ids: Iterable[str]
) -> dict[str, int]:
    """By experiment id, when somebody last decided something (ms since the epoch).

    Experiments without a review are left out, and so are journals that cannot be read.
    """
    try:
        there = {path.name for path in directory.iterdir()}
    except OSError:
        return {}
    found: dict[str, int] = {}
    for experiment_id in experiment_ids:
        path = review_path(directory, tracking_uri, experiment_id)
        if path.name not in there:
            continue
        try:
            decided = last_decision_ms(path)
        except OSError:
            continue  # another user's, say: the board says so when the experiment is opened
        if decided:
            found[experiment_id] = decided
    return found

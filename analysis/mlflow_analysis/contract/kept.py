"""The last analysis of each experiment, kept on disk, so that its report can be made again.

What is kept is the JSON of ``writing``, credentials masked, readable by its owner alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from mlflow_analysis.contract.writing import analysis_to_json
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.report import write_report
from mlflow_analysis.review import ANALYSES, Review, review_path

_EXPERIMENT = '"experiment":'
_OF_ALL, _OF_SOME = ".json", ".some.json"
_HEAD = 4096
"""Bytes at the start of a kept analysis that hold all of its ``experiment``."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An analysis on disk, known by the first lines of its file."""

    path: Path
    experiment_id: str
    experiment_name: str
    tracking_uri: str


def analyses_directory(reviews: Path) -> Path:
    """Where analyses are kept: beside the reviews."""
    return reviews.parent / ANALYSES


def keep_analysis(
    directory: Path, analysis: Analysis, *, is_masked: bool = False, some_claims: bool = False
) -> Path:
    """Keep ``analysis`` as the last one of its experiment, masked unless it ``is_masked`` already.

    One of ``some_claims`` only is kept beside one of all, and serves where there is no such.
    Raises ``OSError`` if it cannot be written.
    """
    path = review_path(directory, analysis.tracking_uri, analysis.experiment_id)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = orjson.dumps(analysis_to_json(analysis, Review(None, ""), show_secrets=is_masked))
    path = path.with_suffix(_OF_SOME if some_claims else _OF_ALL)
    return write_report(path, content, overwrite=True, private=True)


def kept_analyses(directory: Path) -> Iterator[Kept]:
    """What is kept there, by name of the experiment. Files that are no analysis are passed over."""
    found = []
    for path in directory.glob(f"*{_OF_ALL}"):
        of_all = path.name.removesuffix(_OF_SOME) + _OF_ALL
        if path.name.endswith(_OF_SOME) and path.with_name(of_all).exists():
            continue
        with path.open(encoding="utf-8", errors="replace") as file:
            head = file.read(_HEAD)
        at = head.find(_EXPERIMENT) + len(_EXPERIMENT)
        try:
            told, _ = json.JSONDecoder().raw_decode(head, at)
            found.append(Kept(path, told["id"], told["name"], told["tracking_uri"]))
        except (ValueError, KeyError, TypeError):
            continue
    yield from sorted(found, key=lambda each: (each.experiment_name, each.tracking_uri))

"""The last analysis of each experiment, kept on disk, so that its report can be made again.

What is kept is the JSON of ``writing``, credentials masked, readable by its owner alone. One that covers a part of
the traces or of the claims takes no place of one that covers all: it is kept beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from mlflow_analysis.contract.writing import AnalysisJson
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.report import write_report
from mlflow_analysis.review import ANALYSES, Review, review_path
from mlflow_analysis.untrusted import single_line

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


def part_covered(
    *,
    filter_string: str = "",
    is_recent: bool = False,
    is_sample: bool = False,
    some_claims: bool = False,
    is_interrupted: bool = False,
) -> str:
    """What an analysis covers, in words, if that is not all of its experiment; "" for all."""
    parts = (
        (bool(filter_string), f"traces that pass the filter {single_line(filter_string)}"),
        (is_recent, "traces of some time"),
        (is_sample, "a sample of the traces"),
        (some_claims, "some of the claims"),
        (is_interrupted, "what was read until it was stopped"),
    )
    return ", ".join(words for is_so, words in parts if is_so)


def set_aside(path: Path, part: str) -> str:
    """What to tell of an analysis of a ``part``, kept at ``path``, if one of all stands there; else ""."""
    if not part or not _stands_back(path):
        return ""
    return (
        f"This analysis covers {part}. The last one of everything is kept, and stays what "
        "`mlflow-tui report` and `write-back` take."
    )


@dataclass(frozen=True, slots=True)
class ToKeep:
    """An analysis ready to be kept: to write it is left to the disk, so another thread may."""

    path: Path
    content: bytes

    def write(self) -> Path:
        """Keep it; returns where. Raises ``OSError`` if it cannot be written."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return write_report(self.path, self.content, overwrite=True, private=True)


def to_keep(directory: Path, analysis: Analysis | AnalysisJson, *, part: str = "") -> ToKeep:
    """``analysis`` as the last one of its experiment, masked (one as JSON is taken to be that).

    One of a ``part`` (see ``part_covered``) is kept beside one of all, and serves where there is no such.
    """
    as_json = analysis if isinstance(analysis, AnalysisJson) else AnalysisJson(analysis)
    kept = as_json.analysis
    path = review_path(directory, kept.tracking_uri, kept.experiment_id)
    content = orjson.dumps(as_json.reviewed(Review(None, "")))
    return ToKeep(path.with_suffix(_OF_SOME if part else _OF_ALL), content)


def keep_analysis(directory: Path, analysis: Analysis | AnalysisJson, *, part: str = "") -> Path:
    """Keep ``analysis`` there: see ``to_keep``. Raises ``OSError`` if it cannot be written."""
    return to_keep(directory, analysis, part=part).write()


def kept_analyses(directory: Path) -> Iterator[Kept]:
    """What is kept there, by name of the experiment. Files that are no analysis are passed over."""
    found = []
    for path in directory.glob(f"*{_OF_ALL}"):
        if _stands_back(path):
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


def _stands_back(path: Path) -> bool:
    """Whether the analysis at ``path`` covers a part, and one of all is there."""
    of_all = path.name.removesuffix(_OF_SOME) + _OF_ALL
    return path.name.endswith(_OF_SOME) and path.with_name(of_all).exists()

"""Lines of the list of experiments: found by typing, sorted by any column. Plain data, no drawing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from rapidfuzz import fuzz

from mlflow_analysis.protocol import ExperimentFigures
from mlflow_analysis.records import Experiment

ALIKE = 70.0
"""Least likeness (0 to 100) of a name that does not hold the text itself."""
_OF_MLFLOW = "mlflow."


@dataclass(frozen=True)
class ExperimentRow:
    """An experiment, and what is known of it so far."""

    experiment: Experiment
    figures: ExperimentFigures | None = None
    reviewed_ms: int | None = None
    """When somebody last decided about one of its findings."""

    @property
    def failure_rate(self) -> float | None:
        """Share of failed traces; ``None`` without traces, or as long as it is not known."""
        figures = self.figures
        return figures.failed / figures.examined if figures and figures.examined else None


class Sort(Enum):
    """What the list is sorted by; the value is how a person calls it."""

    CHANGED = "last change"
    NAME = "name"
    ID = "id"
    TRACES = "traces"
    LAST = "last trace"
    FAILED = "failure rate"
    P50 = "p50"
    P95 = "p95"
    COURSE = "traces of its last 24 h"
    REVIEWED = "last review"

    @property
    def needs_figures(self) -> bool:
        """Whether the figures of all experiments have to be known."""
        return self in _OF_FIGURES

    @property
    def descending(self) -> bool:
        """Which way round is looked for first: names from A, numbers from the largest."""
        return self not in (Sort.NAME, Sort.ID)


_OF_FIGURES = frozenset({Sort.TRACES, Sort.LAST, Sort.FAILED, Sort.P50, Sort.P95, Sort.COURSE})


def _figure(read: Callable[[ExperimentFigures], float | None]) -> Callable[[ExperimentRow], object]:
    return lambda row: read(row.figures) if row.figures else None


def _id_key(row: ExperimentRow) -> tuple[bool, int, str]:
    """Numbers by their value, before any other ids."""
    number = row.experiment.experiment_id
    return (not number.isdecimal(), int(number) if number.isdecimal() else 0, number)


_KEYS: dict[Sort, Callable[[ExperimentRow], object]] = {
    Sort.CHANGED: lambda row: row.experiment.last_update_ms,
    Sort.NAME: lambda row: row.experiment.name.casefold(),
    Sort.ID: _id_key,
    Sort.TRACES: _figure(lambda figures: figures.traces),
    Sort.LAST: _figure(lambda figures: figures.last_ms),
    Sort.FAILED: lambda row: row.failure_rate,
    Sort.P50: _figure(lambda figures: figures.p50_ms),
    Sort.P95: _figure(lambda figures: figures.p95_ms),
    Sort.COURSE: _figure(lambda figures: sum(figures.per_hour)),
    Sort.REVIEWED: lambda row: row.reviewed_ms,
}


def in_order(rows: Sequence[ExperimentRow], by: Sort, descending: bool) -> list[ExperimentRow]:
    """``rows`` sorted; those without a value stand last whichever way, ties as they came."""
    key = _KEYS[by]
    keyed = [(key(row), row) for row in rows]
    known = [each for each in keyed if each[0] is not None]
    known.sort(key=lambda each: each[0], reverse=descending)  # type: ignore[arg-type,return-value]
    return [row for _, row in known] + [row for value, row in keyed if value is None]


def matching(experiments: Sequence[Experiment], text: str) -> list[Experiment]:
    """Experiments whose name, id or tag is like ``text``.

    Those that hold it in the name come first, then those with it in a tag, then by likeness of the name.
    """
    wanted = text.casefold().strip()
    if not wanted:
        return list(experiments)
    scored: list[tuple[float, int, Experiment]] = []
    for place, experiment in enumerate(experiments):
        name = experiment.name.casefold()
        if experiment.experiment_id == wanted:
            score = 1_000.0
        elif wanted in name:
            score = 900.0 - name.index(wanted)
        elif any(wanted in tag.casefold() for tag in shown_tags(experiment.tags)):
            score = 200.0
        else:
            score = fuzz.partial_ratio(wanted, name, score_cutoff=ALIKE)
        if score >= ALIKE:
            scored.append((-score, place, experiment))
    return [experiment for _, _, experiment in sorted(scored, key=lambda each: each[:2])]


def shown_tags(tags: Mapping[str, str]) -> list[str]:
    """Tags as ``key=value``, without those that MLflow keeps for itself."""
    return [
        f"{key}={value}" for key, value in sorted(tags.items()) if not key.startswith(_OF_MLFLOW)
    ]

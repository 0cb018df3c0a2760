"""How many of the eligible units show it, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings import Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis
from mlflow_analysis.statistics.clustering import design_effect
from mlflow_analysis.statistics.intervals import Interval, wilson


class Count(Protocol):
    """How many of how many, and how sure that is."""

    @property
    def affected(self) -> int:
        """How many units show it."""

    @property
    def eligible(self) -> int:
        """How many units could."""

    @property
    def interval(self) -> Interval:
        """Of the share, at 95 %."""


@dataclass(frozen=True)
class Prevalence:
    """Count of a case, over its eligible units in a fixed order."""

    units: pd.Index
    """Eligible unit ids."""
    shows: npt.NDArray[np.bool_]
    """Which of ``units`` are affected."""
    cluster: npt.NDArray[np.object_]
    """The session of each unit."""
    design_effect: float
    interval: Interval

    @property
    def affected(self) -> int:
        """How many units show it."""
        return int(self.shows.sum())

    @property
    def eligible(self) -> int:
        """How many units could."""
        return len(self.units)

    @property
    def rate(self) -> float:
        """Share affected, 0 to 1; 0 without eligible units."""
        return self.affected / self.eligible if self.eligible else 0.0


def prevalence(hypothesis: Hypothesis, case: Case, features: Features) -> Prevalence:
    """Count the case. The interval is Wilson's at the effective sample size n / DEFF."""
    units = pd.Index(case.eligible).unique()
    shows = np.asarray(units.isin(case.affected["unit"]), dtype=bool)
    cluster = cluster_of(hypothesis.unit, units, features)
    spread = design_effect(shows, cluster) if len(units) else 1.0
    return Prevalence(units, shows, cluster, spread, wilson(int(shows.sum()), len(units), spread))


def cluster_of(unit: Unit, units: pd.Index, features: Features) -> npt.NDArray[np.object_]:
    """The session of each unit; sessions and request groups are their own cluster."""
    if unit is Unit.TRACE:
        sessions, known = features.traces["session"], features.traces.index
    elif unit is Unit.SPAN:
        sessions, known = features.spans["session"], features.spans.index
    else:
        return units.to_numpy(dtype=object)
    return sessions.to_numpy(dtype=object)[known.get_indexer(units)]


def first_traces(
    unit: Unit, units: pd.Index, case: Case, features: Features
) -> npt.NDArray[np.int64]:
    """Where in ``features.traces`` the first trace of each unit stands; -1 if it has none there."""
    if unit is Unit.TRACE:
        return features.traces.index.get_indexer(units).astype(np.int64)
    if unit is Unit.SPAN:
        place = features.spans.index.get_indexer(units)
        return np.where(place >= 0, features.trace_at[place], -1)
    pairs = traces_of(unit, units, case, features)
    place = features.traces.index.get_indexer(pd.Index(pairs.to_numpy()))
    at, known = units.get_indexer(pairs.index), place >= 0
    first = np.full(len(units), len(features.traces))
    np.minimum.at(first, at[known], place[known])
    return np.where(first < len(features.traces), first, -1)


def traces_of(unit: Unit, units: pd.Index, case: Case, features: Features) -> pd.Series:
    """The traces of each unit: values trace ids, index unit ids, one row a pair."""
    if unit is Unit.TRACE:
        return pd.Series(units, index=units, dtype=object)
    if unit is Unit.SPAN:
        return features.spans["trace_id"].reindex(units)
    if unit is Unit.SESSION:
        by_session = pd.Series(
            features.traces.index, index=features.traces["session"], dtype=object
        )
        return by_session[by_session.index.isin(units)]
    if case.members is None:
        raise ValueError("A case about request groups must name their members.")
    return case.members[case.members.index.isin(units)]

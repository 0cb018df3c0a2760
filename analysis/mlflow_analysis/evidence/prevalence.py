"""How many of the eligible units show it, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.kinds import Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis
from mlflow_analysis.statistics.clustering import design_effect
from mlflow_analysis.statistics.intervals import Interval, wilson

Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]


def _nowhere() -> Places:
    return np.zeros(0, dtype=np.int64)


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


class Figures(Count, Protocol):
    """A count with what a verdict rests on besides."""

    @property
    def rate(self) -> float:
        """Share affected, 0 to 1; 0 without eligible units."""

    @property
    def design_effect(self) -> float:
        """What it costs that units come in sessions."""


@dataclass(frozen=True, slots=True)
class PlainFigures:
    """The figures of a count whose units are forgotten."""

    affected: int
    eligible: int
    rate: float
    interval: Interval
    design_effect: float


@dataclass(frozen=True)
class Prevalence:
    """Count of a case, over its eligible units in a fixed order."""

    units: pd.Index
    """Eligible unit ids."""
    shows: npt.NDArray[np.bool_]
    """Which of ``units`` are affected."""
    cluster: npt.NDArray[Any]
    """The session of each unit: a number, or a name."""
    design_effect: float
    interval: Interval
    places: Places = field(default_factory=_nowhere)
    """Where each of ``units`` stands in the table of traces or of spans; empty for other units."""
    unit_of_row: Places = field(default_factory=_nowhere)
    """For each row of the case's ``affected`` the number of its unit in ``units``, -1 if not eligible."""

    @property
    def affected(self) -> int:
        """How many units show it."""
        return int(np.count_nonzero(self.shows))

    @property
    def eligible(self) -> int:
        """How many units could."""
        return len(self.units)

    @property
    def rate(self) -> float:
        """Share affected, 0 to 1; 0 without eligible units."""
        return self.affected / self.eligible if self.eligible else 0.0

    @property
    def figures(self) -> PlainFigures:
        """The count alone, for there may be as many units as spans."""
        return PlainFigures(
            self.affected, self.eligible, self.rate, self.interval, self.design_effect
        )


@dataclass(frozen=True)
class Members:
    """Which traces belong to which units, one pair a place."""

    unit: Places
    """Number of the unit among those that were asked for."""
    trace: Places
    """Where its trace stands in the table of traces."""

    def first(self, units: int) -> Places:
        """The place of the first trace of each of ``units`` units; -1 if it has none."""
        first = np.full(units, np.iinfo(np.int64).max)
        np.minimum.at(first, self.unit, self.trace)
        first[first == np.iinfo(np.int64).max] = -1
        return first

    def of(self, units: npt.NDArray[np.bool_]) -> Places:
        """Where the traces of some of the units stand."""
        return self.trace[units[self.unit]]


def places_in(known: pd.Index, ids: pd.Series | pd.Index) -> Places:
    """Where each of ``ids`` stands in ``known``, -1 if it does not."""
    # without the dtype pandas would copy the texts into strings of its own
    index = ids if isinstance(ids, pd.Index) else pd.Index(ids, dtype=known.dtype)
    return known.get_indexer(index).astype(np.int64, copy=False)


def prevalence(hypothesis: Hypothesis, case: Case, features: Features) -> Prevalence:
    """Count the case. The interval is Wilson's at the effective sample size n / DEFF.

    Sessions and request groups are their own cluster.
    """
    is_span = hypothesis.unit is Unit.SPAN
    units = pd.Index(case.eligible, dtype=np.int64 if is_span else object)
    if hypothesis.unit is Unit.TRACE:
        known, sessions = features.traces.index, features.session_codes
    elif is_span:
        known, sessions = features.spans.index, features.shared(_session_of_span)
    else:
        known = units = units.unique()
        sessions = np.arange(len(units))
    places = places_in(known, units)
    if (np.bincount(places + 1) > 1).any():
        units = units.unique()
        places = places_in(known, units)
    number = np.full(len(known) + 1, -1)
    number[places] = np.arange(len(units))
    number[-1] = -1  # where what is not known stands
    unit_of_row = number[places_in(known, case.affected["unit"])]
    shows = np.zeros(len(units), dtype=bool)
    shows[unit_of_row[unit_of_row >= 0]] = True
    cluster = sessions[places]
    spread = design_effect(shows, cluster) if len(units) else 1.0
    interval = wilson(int(np.count_nonzero(shows)), len(units), spread)
    if hypothesis.unit not in (Unit.TRACE, Unit.SPAN):
        places = _nowhere()
    return Prevalence(units, shows, cluster, spread, interval, places, unit_of_row)


def _session_of_span(features: Features) -> Places:
    """The session of each span as a number."""
    return features.session_codes[features.trace_at]


def own_traces(unit: Unit, counted: Prevalence, features: Features) -> Places:
    """Where the trace of each unit stands that is a trace or a span."""
    if unit is Unit.TRACE:
        return counted.places
    return np.where(counted.places >= 0, features.trace_at[counted.places], -1)


def members(unit: Unit, counted: Prevalence, case: Case, features: Features) -> Members:
    """The traces of each of the units of ``counted``, in order of the units or of the traces."""
    traces = features.traces
    if unit in (Unit.TRACE, Unit.SPAN):
        at, place = np.arange(len(counted.units)), own_traces(unit, counted, features)
    elif unit is Unit.SESSION:
        at = places_in(counted.units, features.shared(_sessions))[features.session_codes]
        place = np.arange(len(traces))
    elif case.members is None:
        raise ValueError("A case about request groups must name their members.")
    else:
        at = places_in(counted.units, case.members.index)
        place = places_in(traces.index, case.members)
    known = (at >= 0) & (place >= 0)
    return Members(at[known], place[known])


def _sessions(features: Features) -> pd.Index:
    """The names of the sessions in the order of ``session_codes``."""
    return pd.Index(features.traces["session"].unique(), dtype=object)

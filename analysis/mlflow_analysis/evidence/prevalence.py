"""How many of the eligible units show it, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.kinds import Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis
from mlflow_analysis.statistics.clustering import ClusterExchange, design_effect
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
    """The session of each unit as a number."""
    design_effect: float
    interval: Interval
    places: Places = field(default_factory=_nowhere)
    """Where each of ``units`` stands in the table of traces or of spans; empty for other units."""
    unit_of_row: Places = field(default_factory=_nowhere)
    """For each row of the case's ``affected`` the number of its unit in ``units``, -1 if not eligible."""
    traces: Places = field(default_factory=_nowhere)
    """Where the trace of each of ``units`` stands that is a trace or a span; empty for other units."""

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
    one_each: bool = False
    """Whether each unit has one trace, and they are in order."""

    def first(self, units: int) -> Places:
        """The place of the first trace of each of ``units`` units; -1 if it has none."""
        if self.one_each:
            return self.trace
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


@dataclass(frozen=True)
class Units:
    """Units that could show a claim, in a fixed order, and what is known of them whoever shows it."""

    ids: pd.Index
    known: pd.Index
    """The ids of the table of traces or of spans; of other units those of ``ids``."""
    places: Places
    """Where each stands in ``known``, -1 if it does not."""
    traces: Places
    """Where the trace of each stands that is a trace or a span; empty for other units."""
    clusters: ClusterExchange
    """Sessions and request groups are their own cluster."""

    def number(self, ids: pd.Series) -> Places:
        """Which of the units each of ``ids`` (or of places in ``known``) is, -1 if it is none."""
        by_place = len(ids) > 0 and isinstance(ids.iat[0], int)
        places = ids.to_numpy(np.int64) if by_place else places_in(self.known, ids)
        return np.asarray(self._number_at[places])

    @cached_property
    def _number_at(self) -> npt.NDArray[np.int32]:
        """Which of the units stands at each place of ``known``, and -1 for what stands nowhere."""
        number = np.full(len(self.known) + 1, -1, dtype=np.int32)
        number[self.places] = np.arange(len(self.ids), dtype=np.int32)
        number[-1] = -1
        return number


def prevalence(hypothesis: Hypothesis, case: Case, features: Features) -> Prevalence:
    """Count the case. The interval is Wilson's at the effective sample size n / DEFF."""
    units = units_of(hypothesis.unit, case.eligible, features)
    unit_of_row = units.number(case.affected["unit"])
    shows = np.zeros(len(units.ids), dtype=bool)
    shows[unit_of_row[unit_of_row >= 0]] = True
    spread = design_effect(shows, units.clusters)
    interval = wilson(int(np.count_nonzero(shows)), len(shows), spread)
    places = units.places if hypothesis.unit in (Unit.TRACE, Unit.SPAN) else _nowhere()
    return Prevalence(
        units.ids, shows, units.clusters.codes, spread, interval, places, unit_of_row, units.traces
    )


def units_of(unit: Unit, eligible: pd.Index, features: Features) -> Units:
    """Look these units up in the tables; of those named twice the first counts."""
    # what many claims are about is looked up once
    if unit is Unit.SPAN and eligible is features.operations.index:
        return features.shared(_operations)
    if unit is Unit.TRACE and eligible is features.every_complete:
        return features.shared(_complete)
    return _looked_up(unit, eligible, features)


def _operations(features: Features) -> Units:
    return _looked_up(Unit.SPAN, features.operations.index, features)


def _complete(features: Features) -> Units:
    return _looked_up(Unit.TRACE, features.every_complete, features)


def _looked_up(unit: Unit, eligible: pd.Index, features: Features) -> Units:
    if unit not in (Unit.TRACE, Unit.SPAN):
        ids = pd.Index(eligible, dtype=object).unique()
        every = np.arange(len(ids))
        return Units(ids, ids, every, _nowhere(), ClusterExchange(every))
    known = features.traces.index if unit is Unit.TRACE else features.spans.index
    if eligible.dtype.kind == "i":
        places = eligible.to_numpy(np.int64)
        ids = eligible if unit is Unit.SPAN else known.take(places)
    else:
        ids = eligible.astype(known.dtype, copy=False)
        places = places_in(known, ids)
    if (np.bincount(places + 1) > 1).any():
        ids = ids.unique()
        places = places_in(known, ids)
    traces = places
    if unit is Unit.SPAN:
        traces = np.where(places >= 0, features.trace_at[places], -1)
    return Units(ids, known, places, traces, ClusterExchange(features.session_codes[traces]))


def members(unit: Unit, counted: Prevalence, case: Case, features: Features) -> Members:
    """The traces of each of the units of ``counted``, in order of the units or of the traces."""
    traces, one_each = features.traces, unit in (Unit.TRACE, Unit.SPAN)
    if one_each:
        at, place = np.arange(len(counted.units)), counted.traces
    elif unit is Unit.SESSION:
        at = places_in(counted.units, features.shared(_sessions))[features.session_codes]
        place = np.arange(len(traces))
    elif case.members is None:
        raise ValueError("A case about request groups must name their members.")
    else:
        at = places_in(counted.units, case.members.index)
        place = places_in(traces.index, case.members)
    known = (at >= 0) & (place >= 0)
    return Members(at, place, one_each) if known.all() else Members(at[known], place[known])


def _sessions(features: Features) -> pd.Index:
    """The names of the sessions in the order of ``session_codes``."""
    return pd.Index(features.traces["session"].unique(), dtype=object)

"""Find sibling tool calls that ran one after the other and could have run side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlflow_analysis.features.selection import Coded
from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.performance.data_flow import (
    argument_values,
    changes_something,
    uses_output,
)

_OVERLAP_MS = 1.0
_OUTPUT_LIMIT, _ARGUMENTS_LIMIT = 8_000, 2_000
Rows = npt.NDArray[np.int64]
Objects = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Runs:
    """Calls that could have run side by side, run by run, in the order of their parents."""

    calls: Rows
    """Rows of ``features.spans``, those of a run in order of time."""
    edges: Rows
    """Where the calls of each run begin, and where the last end (runs + 1)."""
    parent: Rows
    """Row of the parent, by run."""
    saving_ms: npt.NDArray[np.float64]
    """Sum of the durations less the longest, by run."""

    @property
    def lengths(self) -> Rows:
        """How many calls each run has."""
        return np.diff(self.edges)

    def only(self, runs: npt.NDArray[np.bool_]) -> Runs:
        """Some of the runs."""
        edges = np.append(0, np.cumsum(self.lengths[runs]))
        calls = self.calls[np.repeat(runs, self.lengths)]
        return Runs(calls, edges, self.parent[runs], self.saving_ms[runs])


@dataclass(frozen=True)
class _Texts:
    """What is compared, by row of ``features.spans`` (requests: of its traces)."""

    name: Coded
    arguments: Coded
    key: Coded
    """Equal where the whole arguments are."""
    output: Coded
    request: Objects

    @classmethod
    def of(cls, features: Features) -> _Texts:
        spans = features.spans
        return cls(
            name=spans.coded("name"),
            arguments=spans.texts("arguments"),
            key=spans.texts("arguments_key"),
            output=spans.texts("output"),
            request=features.traces["request"].to_numpy(dtype=object),
        )

    def call(self, row: int) -> tuple[int, int]:
        """What is called, and with what, as numbers."""
        return self.name.codes[row], self.key.codes[row]


def independent_runs(features: Features, least_ms: float, least_share: float) -> Runs:
    """The runs below parents that could save at least ``least_ms`` and ``least_share`` of their trace.

    What texts say is looked at last, and only below parents where enough could be saved at all.
    """
    spans, texts = features.spans, _Texts.of(features)
    order, chain = _chains(features, texts)
    ms = spans["duration_ms"].to_numpy(dtype=float)
    starts = np.flatnonzero(np.diff(chain, prepend=-1))
    parent = features.parent_at[order[starts]]
    possible = np.bincount(chain, ms[order]) - _longest(ms[order], starts)
    by_parent = np.bincount(parent, possible, minlength=len(spans))
    whole = features.traces["duration_ms"].to_numpy(dtype=float)[features.trace_at]
    worth_it = (by_parent >= least_ms) & (by_parent > least_share * whole)
    runs: list[list[int]] = []
    for number in np.flatnonzero(worth_it[parent]).tolist():
        rows = order[starts[number] : starts[number + 1] if number + 1 < len(starts) else None]
        request = str(texts.request[features.trace_at[parent[number]]])
        runs += [each for each in _split(rows.tolist(), texts, request) if len(each) > 1]
    calls = np.array([row for each in runs for row in each], dtype=np.int64)
    edges = np.cumsum([0, *map(len, runs)])
    saving = np.add.reduceat(ms[calls], edges[:-1]) if runs else np.zeros(0)
    saving -= _longest(ms[calls], edges[:-1])
    return Runs(calls, edges, features.parent_at[calls[edges[:-1]]], saving)


def _longest(ms: npt.NDArray[np.float64], starts: Rows) -> npt.NDArray[np.float64]:
    return np.maximum.reduceat(ms, starts) if len(starts) else np.zeros(0)


def _chains(features: Features, texts: _Texts) -> tuple[Rows, Rows]:
    """Rows that might be independent of the sibling before or after them, and the number of their chain."""
    spans, parent, is_tool = features.spans, features.parent_at, features.is_call
    rows = np.flatnonzero((parent >= 0) & features.ended)
    start, end = spans["start_ms"].to_numpy(dtype=float), spans["end_ms"].to_numpy(dtype=float)
    position = spans["position"].to_numpy()
    rows = rows[np.lexsort((position[rows], start[rows], parent[rows]))].astype(np.int64)
    failed = spans["failed"].to_numpy(dtype=bool)
    before, after = rows[:-1], rows[1:]
    linked = (
        (parent[before] == parent[after])
        & is_tool[before]
        & is_tool[after]
        & ~failed[before]
        & (start[after] >= end[before] - _OVERLAP_MS)
        & ~np.isnan(end[after])
    )
    linked[linked] = _texts_allow(texts, before[linked], after[linked])
    chain = np.cumsum(np.append(True, ~linked)) - 1 if len(rows) else rows
    several = np.bincount(chain)[chain] > 1 if len(rows) else np.zeros(0, dtype=bool)
    rows, chain = rows[several], chain[several]
    return rows, np.unique(chain, return_inverse=True)[1].astype(np.int64)


def _texts_allow(texts: _Texts, before: Rows, after: Rows) -> npt.NDArray[np.bool_]:
    """Whether arguments and outputs are known, short enough to compare, and not the same call again."""
    name, key = texts.name.codes, texts.key.codes
    changing = np.fromiter(map(changes_something, texts.name.values), bool, len(texts.name.values))
    again = (name[before] == name[after]) & (key[before] == key[after])
    allowed = ~again & ~changing[name[before]] & ~changing[name[after]]
    allowed &= ~texts.key.at(after).among("")
    allowed[allowed] = [
        len(texts.arguments.of(later)) < _ARGUMENTS_LIMIT
        and 0 < len(texts.output.of(earlier)) < _OUTPUT_LIMIT
        for earlier, later in zip(before[allowed].tolist(), after[allowed].tolist(), strict=True)
    ]
    return allowed


def _split(chain: list[int], texts: _Texts, request: str) -> list[list[int]]:
    """Cut a chain before every call that uses what an earlier one of its run returned."""
    runs = [chain[:1]]
    for row in chain[1:]:
        call, arguments = texts.call(row), texts.arguments.of(row)
        # what the user said came from no other call
        untold = any(value not in request for value in argument_values(arguments))
        waits = any(
            texts.call(earlier) == call
            or (
                untold
                and uses_output(
                    arguments,
                    texts.output.of(earlier),
                    f"{request} {texts.arguments.of(earlier)}",
                )
            )
            for earlier in runs[-1]
        )
        if waits:
            runs.append([row])
        else:
            runs[-1].append(row)
    return runs

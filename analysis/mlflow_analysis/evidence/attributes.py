"""What could be told of a unit before knowing whether it is affected: the candidates for causes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.evidence.prevalence import Flags, Members, Places, Prevalence, one_each
from mlflow_analysis.features.selection import Coded, Codes, coded
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.kinds import Unit

_HOURS_PER_BLOCK = 3
_LOAD_NAMES = ("low", "middle", "high")
_MOST_VALUES = 60
_SHORT, _MEDIUM = 15, 60


@dataclass(frozen=True)
class Literal:
    """An attribute value, and which units have it."""

    attribute: str
    value: str
    holds: Flags


@dataclass(frozen=True)
class Attribute:
    """An attribute of every trace."""

    name: str
    of_traces: Coded


def trace_attributes(features: Features) -> list[Attribute]:
    """Each attribute of the traces, "" where unknown.

    ``hour`` is in blocks of three hours (UTC), ``load`` in thirds, ``request_length`` in words: short up
    to 15, medium up to 60, long.
    """
    traces = features.traces
    table = traces[
        ["model", "app_version", "prompt_version", "user", "topic", "error_template"]
    ].copy()
    table["first_failed_span"] = traces["first_failed_name"]
    start = traces["hour"] // _HOURS_PER_BLOCK * _HOURS_PER_BLOCK
    block = [f"{hour:02d}–{hour + _HOURS_PER_BLOCK:02d}" for hour in range(0, 24, _HOURS_PER_BLOCK)]
    table["hour"] = (start // _HOURS_PER_BLOCK).map(dict(enumerate(block)))
    turn = traces["turn"].clip(upper=4).astype(str).replace("4", "4+")
    table["turn"] = turn if features.has_sessions else ""
    words = traces["request_words"]
    table["request_length"] = np.select(
        [words == 0, words <= _SHORT, words <= _MEDIUM], ["", "short", "medium"], "long"
    )
    table["load"] = _thirds(traces["load"])
    table = table.join(features.attributes).fillna("")
    return [
        Attribute(str(name), coded(table[name].to_numpy(dtype=object))) for name in table.columns
    ]


def _thirds(load: pd.Series) -> pd.Series:
    cuts = load.quantile([1 / 3, 2 / 3]).to_numpy()
    if len(load) < 30 or load.max() == 0 or cuts[1] >= load.max():
        return pd.Series("", index=load.index)
    return pd.Series(
        np.asarray(_LOAD_NAMES)[np.searchsorted(cuts, load.to_numpy(), side="left")],
        index=load.index,
    )


def literals(
    unit: Unit,
    counted: Prevalence,
    pairs: Members,
    features: Features,
    attributes: list[Attribute],
    excluded: frozenset[str],
) -> list[Literal]:
    """Every attribute value of the units, whose traces are ``pairs``, in a fixed order.

    A session has what any of its traces has; its turn is its last one. A request group has what more
    than half of its traces have. A span has its own tool and model, a trace every tool that it calls.
    """
    at, place, n = pairs.unit, pairs.trace, counted.eligible
    majority = np.bincount(at, minlength=n) / 2 if unit is Unit.REQUEST_GROUP else None
    found: list[Literal] = []
    for attribute in attributes:
        name, values = attribute.name, attribute.of_traces.values
        if name in excluded:
            continue
        if unit is Unit.SPAN and name == "model":
            own = features.shared(_models_of_spans)
            codes, values = own.codes[counted.places[at]], own.values
        else:
            codes = attribute.of_traces.codes[place]
        if unit is Unit.SESSION and name == "turn":
            last = np.full(n, -1)
            np.maximum.at(last, at, codes)
            codes = last[at]
        found += _of_column(name, codes, values, at, n, majority)
    if "tool" not in excluded:
        found += _tools(unit, counted, pairs, features, majority)
    return found


def comparable(unit: Unit, counted: Prevalence, features: Features) -> Flags | None:
    """The units among which causes are looked for; ``None`` is all of them.

    Of spans, calls of tools are no comparison for calls of models: where only the ones (or only the
    others) show it, only these are. Else every tool would look like a cause beside the many spans that
    could not have shown it.
    """
    if unit is not Unit.SPAN:
        return None
    tools = features.spans.coded("tool")
    of_tool = (tools.values != "")[tools.codes[counted.places]]
    showing = of_tool[counted.shows]
    if not len(showing) or (showing.any() and not showing.all()):
        return None
    return np.asarray(of_tool == showing[0], dtype=bool)


def _of_column(
    name: str,
    codes: Codes,
    values: npt.NDArray[np.object_],
    at: Places,
    n: int,
    majority: npt.NDArray[np.float64] | None = None,
) -> list[Literal]:
    """The most frequent values of rows that belong to the units ``at``; ``codes`` number ``values``."""
    known = codes if codes.min(initial=0) >= 0 else codes[codes >= 0]
    alone = one_each(at, n)
    result = []
    for number in _frequent(np.bincount(known, minlength=len(values)), values):
        holds = codes == number
        if majority is not None:
            holds = np.bincount(at[holds], minlength=n) > majority
        elif not alone:
            rows = at[holds]
            holds = np.zeros(n, dtype=bool)
            holds[rows] = True
        result.append(Literal(name, str(values[number]), holds))
    return result


def _frequent(counts: Places, values: npt.NDArray[np.object_]) -> list[int]:
    """Numbers of the ``values`` that are met most, in alphabetical order."""
    met = [number for number in np.flatnonzero(counts).tolist() if values[number] != ""]
    met.sort(key=lambda number: (-counts[number], values[number]))
    return sorted(met[:_MOST_VALUES], key=lambda number: str(values[number]))


def _tools(
    unit: Unit,
    counted: Prevalence,
    pairs: Members,
    features: Features,
    majority: npt.NDArray[np.float64] | None,
) -> list[Literal]:
    if unit is Unit.SPAN:
        tool = features.spans.coded("tool")
        codes, values = tool.codes, tool.values
        own, spots = codes[counted.places], np.arange(counted.eligible)
        if not (values != "")[own].any():
            # model calls or parents: no tool of their own, look at their children
            calls = features.calls.index
            unit_at = np.full(len(features.spans) + 1, -1)
            unit_at[counted.places] = spots
            unit_at[-1] = -1  # where a call without a parent looks
            below = unit_at[features.parent_at[calls]]
            own, spots = codes[calls[below >= 0]], below[below >= 0]
        return _of_column("tool", own, values, spots, counted.eligible)
    tools, called = features.shared(_called)
    called = called[:, pairs.trace]
    if unit is Unit.TRACE and one_each(pairs.unit, counted.eligible):
        frequent = _frequent(np.count_nonzero(called, axis=1), tools)
        return [Literal("tool", str(tools[number]), called[number]) for number in frequent]
    row, column = np.nonzero(called)
    return _of_column("tool", row, tools, pairs.unit[column], counted.eligible, majority)


def _models_of_spans(features: Features) -> Coded:
    """The model of each span: its own, or else that of its trace."""
    own, of_traces = features.spans.coded("model"), coded(features.traces["model"].to_numpy(object))
    every = coded(np.concatenate([own.values, of_traces.values]))
    number, number_of_trace = np.split(every.codes, [len(own.values)])
    codes = number_of_trace[of_traces.codes][features.trace_at]
    named = (own.values != "")[own.codes]
    codes[named] = number[own.codes[named]]
    return Coded(codes, every.values)


def _called(features: Features) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.bool_]]:
    """The names of all tools, and which traces call each, shape (tools, traces)."""
    calls = features.calls
    tools = calls.coded("tool")
    called = np.zeros((len(tools.values), len(features.traces)), dtype=bool)
    called[tools.codes, calls["trace"]] = True
    return tools.values, called

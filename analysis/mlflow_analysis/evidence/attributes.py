"""What could be told of a unit before knowing whether it is affected: the candidates for causes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.evidence.prevalence import Flags, Members, Places, Prevalence
from mlflow_analysis.features.selection import Coded, Codes, coded
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.kinds import Unit

_HOURS_PER_BLOCK = 3
_AS_RECORDED = ("model", "app_version", "prompt_version", "user", "topic", "error_template")
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
    traces, attributes = features.traces, features.attributes
    block = [f"{hour:02d}–{hour + _HOURS_PER_BLOCK:02d}" for hour in range(0, 24, _HOURS_PER_BLOCK)]
    turns = ["1", "2", "3", "4+"] if features.has_sessions else [""] * 4
    words = np.searchsorted([1, _SHORT + 1, _MEDIUM + 1], traces["request_words"], side="right")
    told = {name: traces[name] for name in _AS_RECORDED}
    told["first_failed_span"] = traces["first_failed_name"]
    return [
        *(Attribute(name, coded(texts.to_numpy(dtype=object))) for name, texts in told.items()),
        Attribute("hour", _named(traces["hour"].to_numpy() // _HOURS_PER_BLOCK, block)),
        Attribute("turn", _named(traces["turn"].clip(upper=4).to_numpy() - 1, turns)),
        Attribute("request_length", _named(words, ["", "short", "medium", "long"])),
        Attribute("load", _thirds(traces["load"])),
        *(Attribute(str(name), coded(attributes[name].to_numpy(object))) for name in attributes),
    ]


def _named(numbers: npt.NDArray[np.integer[Any]], names: list[str]) -> Coded:
    return Coded(numbers.astype(np.int16), np.array(names, dtype=object))


def _thirds(load: pd.Series) -> Coded:
    cuts = load.quantile([1 / 3, 2 / 3]).to_numpy()
    if len(load) < 30 or load.max() == 0 or cuts[1] >= load.max():
        return _named(np.zeros(len(load), np.int16), [""])
    return _named(np.searchsorted(cuts, load.to_numpy(), side="left"), ["low", "middle", "high"])


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
        found += _of_column(name, codes, values, at, n, pairs.one_each, majority)
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
    one_each: bool,
    majority: npt.NDArray[np.float64] | None = None,
) -> list[Literal]:
    """The most frequent values of rows that belong to the units ``at``; ``codes`` number ``values``.

    ``one_each`` says that there is a row for each unit, in their order.
    """
    known = codes if codes.min(initial=0) >= 0 else codes[codes >= 0]
    result = []
    for number in _frequent(np.bincount(known, minlength=len(values)), values):
        holds = codes == number
        if majority is not None:
            holds = np.bincount(at[holds], minlength=n) > majority
        elif not one_each:
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
        own, spots, one_each = codes[counted.places], np.arange(counted.eligible), True
        if not (values != "")[own].any():
            # model calls or parents: no tool of their own, look at their children
            calls = features.calls.index
            unit_at = np.full(len(features.spans) + 1, -1)
            unit_at[counted.places] = spots
            unit_at[-1] = -1  # where a call without a parent looks
            below = unit_at[features.parent_at[calls]]
            own, spots, one_each = codes[calls[below >= 0]], below[below >= 0], False
        return _of_column("tool", own, values, spots, counted.eligible, one_each)
    tools, called = features.shared(_called)
    called = called[:, pairs.trace]
    if unit is Unit.TRACE and pairs.one_each:
        frequent = _frequent(np.count_nonzero(called, axis=1), tools)
        return [Literal("tool", str(tools[number]), called[number]) for number in frequent]
    row, column = np.nonzero(called)
    return _of_column("tool", row, tools, pairs.unit[column], counted.eligible, False, majority)


def _models_of_spans(features: Features) -> Coded:
    """The model of each span: its own, or else that of its trace."""
    of_traces = coded(features.traces["model"].to_numpy(dtype=object))
    of_trace = Coded(of_traces.codes[features.trace_at], of_traces.values)
    return features.spans.coded("model").otherwise(of_trace)


def _called(features: Features) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.bool_]]:
    """The names of all tools, and which traces call each, shape (tools, traces)."""
    calls = features.calls
    tools = calls.coded("tool")
    called = np.zeros((len(tools.values), len(features.traces)), dtype=bool)
    called[tools.codes, calls["trace"]] = True
    return tools.values, called

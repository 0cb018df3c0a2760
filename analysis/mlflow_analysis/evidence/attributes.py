"""What could be told of a unit before knowing whether it is affected: the candidates for causes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.evidence.prevalence import traces_of
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings import Unit
from mlflow_analysis.hypotheses.base import Case

Flags = npt.NDArray[np.bool_]
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


def trace_attributes(features: Features) -> pd.DataFrame:
    """One text column for each attribute of a trace, "" where unknown; indexed by trace id.

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
    return table.join(features.attributes).fillna("").astype(object)


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
    units: pd.Index,
    case: Case,
    features: Features,
    attributes: pd.DataFrame,
    excluded: frozenset[str],
) -> list[Literal]:
    """Every attribute value of ``units``, in a fixed order.

    A session or request group has what any of its traces has; its turn is its last one. A span has its
    own tool and model, a trace every tool that it calls.
    """
    pairs = traces_of(unit, units, case, features)
    position = pd.Series(np.arange(len(units)), index=units)
    at = position.reindex(pairs.index).to_numpy()
    of_traces = attributes.reindex(pairs.to_numpy())
    found: list[Literal] = []
    for name in of_traces.columns:
        if name in excluded:
            continue
        column = of_traces[name]
        if unit is Unit.SPAN and name == "model":
            own = features.spans["model"].reindex(units)
            column = own.where(own != "", column.to_numpy())
        if unit is Unit.SESSION and name == "turn":
            column = column.groupby(at).transform("max")
        found += _of_column(name, column.to_numpy(dtype=object), at, len(units))
    if "tool" not in excluded:
        found += _tools(unit, units, pairs, at, features)
    return found


def _of_column(
    name: str, values: npt.NDArray[np.object_], at: npt.NDArray[np.int64], n: int
) -> list[Literal]:
    counts = pd.Series(values[values != ""]).value_counts()
    chosen = sorted(counts.index[:_MOST_VALUES])
    result = []
    for value in chosen:
        holds = np.zeros(n, dtype=bool)
        holds[at[values == value]] = True
        result.append(Literal(name, str(value), holds))
    return result


def _tools(
    unit: Unit, units: pd.Index, pairs: pd.Series, at: npt.NDArray[np.int64], features: Features
) -> list[Literal]:
    if unit is Unit.SPAN:
        own = features.spans["tool"].reindex(units)
        if (
            own == ""
        ).all():  # model calls or parents: no tool of their own, look at their children
            children = features.calls
            parent = children["trace_id"] + "/" + children["parent_id"]
            position = pd.Series(np.arange(len(units)), index=units)
            below = children[parent.isin(units).to_numpy()]
            spots = position.reindex(
                (below["trace_id"] + "/" + below["parent_id"]).to_numpy()
            ).to_numpy()
            return _of_column("tool", below["tool"].to_numpy(dtype=object), spots, len(units))
        return _of_column(
            "tool", own.fillna("").to_numpy(dtype=object), np.arange(len(units)), len(units)
        )
    calls = features.calls[["trace_id", "tool"]].drop_duplicates()
    rows = pd.DataFrame({"trace_id": pairs.to_numpy(), "at": at}).merge(calls, on="trace_id")
    return _of_column(
        "tool", rows["tool"].to_numpy(dtype=object), rows["at"].to_numpy(), len(units)
    )

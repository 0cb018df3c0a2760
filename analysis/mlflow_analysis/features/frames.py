"""Batches become pandas tables, in an order that does not depend on how the traces were divided or arrived.

Equal texts become one Python object: a store repeats itself, and memory is what limits an analysis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mlflow_analysis.features.batch import Batch, joined

_FEWEST_VALUES, _MOST_VALUES = 2, 50
_PLACE = ("name", "span_id", "source", "value")


@dataclass(frozen=True)
class Frames:
    """The tables as read, before anything is worked out; see ``tables`` for the order."""

    traces: pd.DataFrame
    spans: pd.DataFrame
    assessments: pd.DataFrame
    attributes: pd.DataFrame


def frames(batches: Sequence[Batch]) -> Frames:
    """The tables of all traces of ``batches``."""
    whole = joined(batches)
    ids = whole.traces["trace_id"].combine_chunks()
    order = pc.sort_indices(
        whole.traces.select(["start_ms", "trace_id"]),
        sort_keys=[("start_ms", "ascending"), ("trace_id", "ascending")],
    )
    places = np.empty(len(ids), np.int64)
    places[order.to_numpy()] = np.arange(len(ids))
    traces = _frame(whole.traces.drop_columns(["mark"]), order.to_numpy()).set_index("trace_id")
    owner = _owners(whole.spans, ids, places)
    by_place = np.lexsort((whole.spans["position"].to_numpy(), owner))
    spans = _frame(whole.spans.drop_columns(["parent_id"]), by_place)
    spans.index.name = "span"
    spans["trace"] = owner[by_place].astype(np.int32)
    spans["parent"] = _parents(whole.spans, spans, by_place)
    return Frames(
        traces,
        spans,
        _assessments(whole.assessments, ids, places),
        _attributes(whole.attributes, ids, places, traces.index),
    )


def forget(batches: list[Batch]) -> None:
    """Empty the list, and give the memory of what nobody else holds back to the system."""
    batches.clear()
    pa.default_memory_pool().release_unused()


def _owners(table: pa.Table, ids: pa.Array, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """For each row the place of its trace."""
    coded = table["trace_id"].unify_dictionaries().combine_chunks()
    if isinstance(coded, pa.ChunkedArray):  # no rows, no chunks
        return np.empty(0, np.int64)
    # a part of a batch still knows the ids of the whole; no row has them
    at = pc.index_in(coded.dictionary, value_set=ids).fill_null(0).to_numpy()
    owners: npt.NDArray[np.int64] = places[at[coded.indices.to_numpy()]]
    return owners


def _frame(table: pa.Table, order: npt.NDArray[np.int64]) -> pd.DataFrame:
    return pd.DataFrame(
        {name: _series(table[name], order) for name in table.column_names}, copy=False
    )


def _series(column: pa.ChunkedArray, order: npt.NDArray[np.int64]) -> pd.Series:
    if not (pa.types.is_string(column.type) or pa.types.is_dictionary(column.type)):
        return pd.Series(column.to_numpy()[order])
    codes, values = _coded(column)
    # texts that are met one after another should lie in memory one after another
    places, met = pd.factorize(codes[order])
    return pd.Series(values.take(met).to_numpy(zero_copy_only=False)[places], dtype=object)


def _coded(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int32], pa.StringArray]:
    """The place of each text among the distinct ones, and these."""
    if not len(column):
        return np.empty(0, np.int32), pa.array([], pa.string())
    column = (
        column.unify_dictionaries()
        if pa.types.is_dictionary(column.type)
        else column.dictionary_encode()
    )
    coded = column.combine_chunks()
    return coded.indices.to_numpy(), coded.dictionary


def _parents(
    table: pa.Table, spans: pd.DataFrame, order: npt.NDArray[np.int64]
) -> npt.NDArray[np.int32]:
    """For each of ``spans`` the place of its parent; ``table`` holds their ids, and ``order`` where."""
    ids = pa.chunked_array([*table["span_id"].chunks, *table["parent_id"].chunks], pa.string())
    codes, known = _coded(ids)
    own, above = (codes[half][order] for half in (slice(len(order)), slice(len(order), None)))
    # ids of spans are distinct within a trace only
    first_id = spans["trace"].to_numpy(np.int64) * len(known)
    ids_in_order, first = np.unique(first_id + own, return_index=True)
    wanted = first_id + above
    at = np.minimum(np.searchsorted(ids_in_order, wanted), len(ids_in_order) - 1)
    parent = first[at]
    depth = spans["depth"].to_numpy()
    # a parent is one level up: where an id is recorded twice, the other one may be meant
    held = (ids_in_order[at] == wanted) & (depth[parent] == depth - 1)
    return np.where(held, parent, -1).astype(np.int32)


def _assessments(table: pa.Table, ids: pa.Array, places: npt.NDArray[np.int64]) -> pd.DataFrame:
    owner = pa.array(_owners(table, ids, places), pa.int64())
    keys = pa.table({"owner": owner, **{name: table[name].cast(pa.string()) for name in _PLACE}})
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names])
    frame = _frame(table.drop_columns(["passed"]), order.to_numpy())
    passed = pd.Series(table["passed"].take(order).to_pylist(), dtype=object)
    frame.insert(table.column_names.index("passed"), "passed", passed.infer_objects())
    return frame


def _attributes(
    table: pa.Table, ids: pa.Array, places: npt.NDArray[np.int64], index: pd.Index
) -> pd.DataFrame:
    """Attributes with some, but not many different values, a column each."""
    owner = _owners(table, ids, places)
    (names, known), (values, texts) = (
        (codes, distinct.to_numpy(zero_copy_only=False))
        for codes, distinct in map(_coded, (table["name"], table["value"]))
    )
    columns = {}
    for name in sorted(range(len(known)), key=lambda each: str(known[each])):
        rows = np.flatnonzero(names == name)
        distinct = len(np.unique(values[rows])) + (len(rows) < len(index))
        if not _FEWEST_VALUES <= distinct <= _MOST_VALUES + 1:
            continue
        column = np.full(len(index), "", dtype=object)
        column[owner[rows]] = texts[values[rows]]
        if _FEWEST_VALUES <= len(set(column)) <= _MOST_VALUES:  # "" may be recorded, too
            columns[str(known[name])] = pd.Series(column, index=index, dtype=object)
    return pd.DataFrame(columns, index=index, columns=pd.Index(list(columns), dtype=str))

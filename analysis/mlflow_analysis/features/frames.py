"""Batches become pandas tables, in an order that does not depend on how the traces were divided or arrived.

Equal texts become one Python object: a store repeats itself, and memory is what limits an analysis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mlflow_analysis.features.batch import Batch, joined
from mlflow_analysis.features.numbered import numbered
from mlflow_analysis.features.selection import Coded, Selection, smallest_for

_Read: TypeAlias = dict[str, pa.ChunkedArray]
"""Columns by name; what was taken out is let go."""
_FEWEST_VALUES, _MOST_VALUES = 2, 50
_PLACE = ("name", "span_id", "source", "value")
_KEY_OF = {"arguments": "arguments_key", "output": "output_key"}
"""Long texts, and what is equal where they are: to compare the texts would take longer than all else."""

_IN_ARROW = pd.StringDtype("pyarrow")
"""For texts that differ in each row, of which few are ever looked at: an eighth of what objects take."""


@dataclass(frozen=True)
class Frames:
    """The tables as read, before anything is worked out; see ``tables`` for the order."""

    traces: pd.DataFrame
    spans: Selection
    assessments: pd.DataFrame
    attributes: pd.DataFrame


def frames(batches: list[Batch], order: npt.NDArray[np.int64]) -> Frames:
    """The tables of all traces of ``batches``, which is emptied: a column is let go once it was converted.

    ``order``: of each trace, which it was among those read.
    """
    read = joined(batches)
    batches.clear()
    ids = read.traces["trace_id"].combine_chunks()
    places = np.empty(len(ids), np.int64)
    places[order] = np.arange(len(ids))
    traces, spans, assessments, attributes = map(_columns, read.tables)
    del read, traces["mark"]
    of_traces = _frame(traces, order).set_index("trace_id")
    of_spans = _spans(spans, _owners(spans.pop("trace_id"), ids, places), of_traces.index)
    return Frames(
        of_traces,
        of_spans,
        _assessments(assessments, ids, places),
        _attributes(attributes, ids, places, of_traces.index),
    )


def order_of(traces: pa.Table) -> npt.NDArray[np.int64]:
    """By start, then by id."""
    by_start = [("start_ms", "ascending"), ("trace_id", "ascending")]
    starts = traces.select([name for name, _ in by_start])
    return np.asarray(pc.sort_indices(starts, by_start).to_numpy(), np.int64)


def _columns(table: pa.Table) -> _Read:
    return dict(zip(table.column_names, table.columns, strict=True))


def _owners(
    trace_id: pa.ChunkedArray, ids: pa.Array, places: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """For each row the place of its trace."""
    codes, known = numbered(trace_id)
    # a part of a batch still knows the ids of the whole; no row has them
    at = pc.index_in(known, value_set=ids).fill_null(0).to_numpy()
    owners: npt.NDArray[np.int64] = places[at[codes]]
    return owners


def _spans(columns: _Read, owner: npt.NDArray[np.int64], trace_ids: pd.Index) -> Selection:
    """The spans in order; ``owner`` is for each row the place of its trace."""
    order = np.lexsort((columns["position"].to_numpy(), owner))
    trace = owner[order].astype(np.int32)
    parent = _parents(columns["depth"].to_numpy(), order)
    span_id = columns.pop("span_id").take(pa.array(order))
    texts = {"trace_id": Coded(trace, trace_ids.to_numpy()), **_texts(columns, order)}
    numbers = {
        "span_id": span_id.to_pandas(types_mapper={pa.string(): _IN_ARROW}.get),
        "trace": trace,
        "parent": parent,
        **_others(columns, order),
    }
    index = pd.RangeIndex(len(order), name="span")
    return Selection(pd.DataFrame(numbers, index, copy=False), texts)


def _parents(depth: npt.NDArray[np.int64], order: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """For each span in ``order`` the place of its parent.

    Rows of a trace come depth first, as ``extract`` lists them: the parent is the last one before, a level up.
    """
    count = len(depth)
    row_in_level = depth * count + np.arange(count)
    rows = np.sort(row_in_level)
    parent = rows[np.searchsorted(rows, row_in_level - count) - 1] % count
    place = np.empty(count, np.int64)
    place[order] = np.arange(count)
    return np.where(depth > 0, place[parent], -1)[order].astype(np.int32)


def _frame(columns: _Read, order: npt.NDArray[np.int64]) -> pd.DataFrame:
    """The columns in this order; they are taken out of ``columns`` one by one."""
    names = list(columns)
    values = {name: each.values[each.codes] for name, each in _texts(columns, order).items()}
    values |= _others(columns, order)
    series = {name: pd.Series(values[name], dtype=values[name].dtype, copy=False) for name in names}
    return pd.DataFrame(series, copy=False)  # texts as objects


def _others(columns: _Read, order: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[Any]]:
    """What is left of ``columns``, in this order; it is taken out one by one."""
    return {name: columns.pop(name).to_numpy()[order] for name in list(columns)}


def _texts(columns: _Read, order: npt.NDArray[np.int64]) -> dict[str, Coded]:
    """The columns of texts in this order; they are taken out of ``columns`` one by one."""
    keys = {name: numbered(columns[key])[0] for name, key in _KEY_OF.items() if key in columns}
    return {
        name: _coded(columns.pop(name), order, keys.get(name))
        for name in list(columns)
        if pa.types.is_dictionary(columns[name].type)
    }


def _coded(
    column: pa.ChunkedArray, order: npt.NDArray[np.int64], key: npt.NDArray[np.int32] | None
) -> Coded:
    codes, texts = numbered(column) if key is None else (key, None)
    # what is met one after another should lie in memory one after another
    places, met = pd.factorize(codes[order])
    if texts is not None:
        values = texts.take(met).to_numpy(zero_copy_only=False)
    else:
        first = np.empty(len(met), np.int64)
        first[places[::-1]] = order[::-1]
        values = _texts_at(column, first)
    return Coded(places.astype(smallest_for(len(values))), values)


def _texts_at(column: pa.ChunkedArray, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    """The texts of some rows. A chunk at a time, since to have all once more would take most memory."""
    texts, end = np.empty(len(rows), dtype=object), 0
    for chunk in column.chunks:
        begin, end = end, end + len(chunk)
        here = np.flatnonzero((rows >= begin) & (rows < end))
        codes = chunk.indices.to_numpy()[rows[here] - begin]
        texts[here] = chunk.dictionary.to_numpy(zero_copy_only=False)[codes]
    return texts


def _assessments(columns: _Read, ids: pa.Array, places: npt.NDArray[np.int64]) -> pd.DataFrame:
    owner = pa.array(_owners(columns["trace_id"], ids, places), pa.int64())
    keys = pa.table({"owner": owner, **{name: columns[name].cast(pa.string()) for name in _PLACE}})
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names])
    at = list(columns).index("passed")
    passed = pd.Series(columns.pop("passed").take(order).to_pylist(), dtype=object)
    frame = _frame(columns, order.to_numpy())
    frame.insert(at, "passed", passed.infer_objects())
    return frame


def _attributes(
    columns: _Read, ids: pa.Array, places: npt.NDArray[np.int64], index: pd.Index
) -> pd.DataFrame:
    """Attributes with some, but not many different values, a column each."""
    owner = _owners(columns["trace_id"], ids, places)
    (names, known), (values, texts) = (
        (codes, distinct.to_numpy(zero_copy_only=False))
        for codes, distinct in map(numbered, (columns["name"], columns["value"]))
    )
    kept = {}
    for name in sorted(range(len(known)), key=lambda each: str(known[each])):
        rows = np.flatnonzero(names == name)
        distinct = len(np.unique(values[rows])) + (len(rows) < len(index))
        if not _FEWEST_VALUES <= distinct <= _MOST_VALUES + 1:
            continue
        column = np.full(len(index), "", dtype=object)
        column[owner[rows]] = texts[values[rows]]
        if _FEWEST_VALUES <= len(set(column)) <= _MOST_VALUES:  # "" may be recorded, too
            kept[str(known[name])] = pd.Series(column, index=index, dtype=object)
    return pd.DataFrame(kept, index=index, columns=pd.Index(list(kept), dtype=str))

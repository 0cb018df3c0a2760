"""The rows of many traces as compact columns: what a worker sends, and what the cache keeps.

Batches of the same traces give the same tables however the traces were divided among them: see ``build``.
This module loads neither MLflow nor pandas, since every worker loads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mlflow_analysis.features.extract import (
    ASSESSMENT_COLUMNS,
    ATTRIBUTE_COLUMNS,
    FAILURE_COLUMNS,
    MODEL_COLUMNS,
    PAYLOAD_COLUMNS,
    SPAN_COLUMNS,
    TOOL_COLUMNS,
    TRACE_COLUMNS,
    Extracted,
    Rows,
)
from mlflow_analysis.timing.tree import NS_IN_MS, RUNNING, Places, forest
from mlflow_analysis.untrusted import printable

_NUMBERS: Mapping[str, pa.DataType] = {
    **dict.fromkeys(
        ("position", "depth", "error_status", "error_offset", "documents"), pa.int64()
    ),
    **dict.fromkeys(("failed", "propagated", "complete"), pa.bool_()),
    **dict.fromkeys(
        ("duration_ms", "end_ms", "self_ms", "critical_ms", "input_tokens", "output_tokens",
         "total_tokens", "cached_tokens", "input_cost", "cost", "top_score"),
        pa.float64(),
    ),
}  # fmt: skip
"""Columns of numbers and flags; missing numbers are NaN."""
_IDS = frozenset({"trace_id", "span_id", "root_span_id", "mark"})
"""Texts of which each is met once or twice; all others are held once for all rows of a batch that have them."""
_CODED = pa.dictionary(pa.int32(), pa.string())
_ABSENT = {pa.int64(): -1, pa.float64(): None, pa.bool_(): False, _CODED: ""}
"""What stands in a column for spans that have no row with it."""
_Values: TypeAlias = Sequence[Any] | npt.NDArray[Any]
"""A column before it is one of Arrow's, or already one."""


def _schema(names: Iterable[str], **own: pa.DataType) -> pa.Schema:
    return pa.schema([
        (name, own.get(name) or _NUMBERS.get(name) or (pa.string() if name in _IDS else _CODED))
        for name in names
    ])  # fmt: skip


TRACES = _schema((*TRACE_COLUMNS, "mark"), start_ms=pa.int64())
SPANS = _schema(
    (
        "trace_id", "span_id", "name", "kind", "tool", "status", "position", "depth", "start_ms", "end_ms",
        "duration_ms", "self_ms", "critical_ms", "failed", "error_class", "error_status", "error_message",
        "error_offset", "propagated", "model", "input_tokens", "output_tokens", "finish_reason", "arguments",
        "arguments_key", "output", "output_key", "instructions", "offered", "requested", "documents",
        "top_score", "cached_tokens", "input_cost", "cost",
    ),
    trace_id=_CODED, start_ms=pa.float64(),
)  # fmt: skip
_FEW_HAVE: Sequence[tuple[Callable[[Extracted], Rows], tuple[str, ...]]] = (
    (attrgetter("failures"), FAILURE_COLUMNS),
    (attrgetter("payloads"), PAYLOAD_COLUMNS),
    (attrgetter("models"), MODEL_COLUMNS),
    (attrgetter("tools"), TOOL_COLUMNS),
)
"""Rows that only some spans have, and their columns."""
ASSESSMENTS = _schema(("trace_id", *ASSESSMENT_COLUMNS), trace_id=_CODED, passed=pa.bool_())
ATTRIBUTES = _schema(("trace_id", *ATTRIBUTE_COLUMNS), trace_id=_CODED)


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of some traces, whole traces only. Columns are those of ``extract``, in its order."""

    traces: pa.Table
    """With ``mark``: as which outline each was read, "" if nobody said."""
    spans: pa.Table
    assessments: pa.Table
    attributes: pa.Table
    """One row for each tag and metadata key of the application's own."""

    def __len__(self) -> int:
        return int(self.traces.num_rows)

    @property
    def marks(self) -> dict[str, str]:
        """By trace id."""
        ids, marks = self.traces["trace_id"].to_pylist(), self.traces["mark"].to_pylist()
        return dict(zip(ids, marks, strict=True))

    @property
    def tables(self) -> tuple[pa.Table, pa.Table, pa.Table, pa.Table]:
        """Traces, spans, assessments, attributes."""
        return self.traces, self.spans, self.assessments, self.attributes


def batch_of(extracted: Sequence[Extracted], marks: Sequence[str] = ()) -> Batch:
    """The rows of these traces; ``marks`` as many as ``extracted``, or none."""
    of_traces = list(zip(*(each.trace for each in extracted), strict=True))
    traces = dict(zip(TRACE_COLUMNS, of_traces or [()] * len(TRACE_COLUMNS), strict=True))
    traces["mark"] = tuple(marks or [""] * len(extracted))
    ids = _column(traces["trace_id"], pa.string())
    assessments = _of_traces([each.assessments for each in extracted], ASSESSMENT_COLUMNS, ids)
    attributes = _of_traces([each.attributes for each in extracted], ATTRIBUTE_COLUMNS, ids)
    return Batch(
        _table(traces, TRACES),
        _table(_span_columns(extracted, ids), SPANS),
        _table(assessments, ASSESSMENTS),
        _table(attributes, ATTRIBUTES),
    )


def joined(batches: Sequence[Batch]) -> Batch:
    """All rows of these batches, in their order; nothing is copied."""
    empty = Batch(*(schema.empty_table() for schema in (TRACES, SPANS, ASSESSMENTS, ATTRIBUTES)))
    tables = zip(*(each.tables for each in (batches or [empty])), strict=True)
    return Batch(*(pa.concat_tables(some) for some in tables))


def some_of(batch: Batch, keep: pa.Array | pa.ChunkedArray) -> Batch:
    """The traces of ``batch`` for which ``keep`` is true, with all of their rows."""
    traces = batch.traces.filter(keep)
    ids = traces["trace_id"].combine_chunks()
    rest = (
        table.filter(pc.is_in(table["trace_id"].cast(pa.string()), value_set=ids))
        for table in batch.tables[1:]
    )
    return Batch(traces, *rest)


def unchanged(batch: Batch, marks: Mapping[str, str]) -> Batch:
    """The traces of ``batch`` that were read as ``marks`` (by trace id) say they are now."""
    keep = [marks.get(trace_id) == mark for trace_id, mark in batch.marks.items()]
    return batch if all(keep) else some_of(batch, pa.array(keep, pa.bool_()))


def _of_traces(
    rows: Sequence[Rows], names: Sequence[str], ids: pa.StringArray
) -> dict[str, _Values]:
    """The columns of all rows, with the ids of the traces they are of."""
    owner, columns = _laid_end_to_end(rows, names)
    return {"trace_id": pa.DictionaryArray.from_arrays(owner, ids), **columns}


def _span_columns(extracted: Sequence[Extracted], ids: pa.StringArray) -> dict[str, _Values]:
    """The spans of each trace depth first: that is how parents are known."""
    trace, recorded = _laid_end_to_end([each.spans for each in extracted], SPAN_COLUMNS)
    first = np.searchsorted(trace, np.arange(len(extracted)))
    failed = np.array([status == "ERROR" for status in recorded["status"]], np.bool_)
    trees = forest([each.tree for each in extracted], failed)
    starts, ends, ended = trees.start_ns, trees.end_ns, trees.end_ns != RUNNING
    columns: dict[str, _Values] = {
        "trace_id": pa.DictionaryArray.from_arrays(trace, ids),  # traces stay in their order
        "position": trees.row - first[trace],
        "depth": trees.depth,
        "start_ms": starts / NS_IN_MS,
        "end_ms": np.where(ended, ends / NS_IN_MS, np.nan),
        "duration_ms": np.where(ended, (ends - starts) / NS_IN_MS, np.nan),
        "self_ms": trees.self_ns / NS_IN_MS,
        "critical_ms": trees.critical_ns / NS_IN_MS,
        "propagated": failed[trees.row] & trees.ancestors_failed,
    }
    for name in ("span_id", "name", "kind", "status"):
        columns[name] = _column(recorded[name], SPANS.field(name).type).take(pa.array(trees.row))
    for rows_of, names in _FEW_HAVE:
        columns |= _spread([rows_of(each) for each in extracted], names, first, trees.row)
    return columns


def _spread(
    rows: Sequence[Rows], names: Sequence[str], first: Places, order: Places
) -> dict[str, pa.Array]:
    """Columns that only some spans have, as columns of all; ``first``: where the spans of each trace begin."""
    kinds = {name: SPANS.field(name).type for name in names}
    absent = [-1, *(_ABSENT[kind] for kind in kinds.values())]  # row 0: that of all other spans
    trace, few = _laid_end_to_end([absent, *rows], ("place", *names))
    at = np.zeros(len(order), np.int64)
    at[np.array(few["place"][1:], np.int64) + first[trace[1:] - 1]] = np.arange(1, len(trace))
    taken = pa.array(at[order])
    return {name: _column(few[name], kind).take(taken) for name, kind in kinds.items()}


def _laid_end_to_end(
    rows: Sequence[Rows], names: Sequence[str]
) -> tuple[npt.NDArray[np.int32], dict[str, list[Any]]]:
    """The columns of all, and for each row from which of ``rows`` it is."""
    width, values = len(names), []
    for each in rows:
        values += each
    counts = [len(each) // width for each in rows]
    owner = np.repeat(np.arange(len(rows), dtype=np.int32), np.array(counts, np.int64))
    return owner, {name: values[place::width] for place, name in enumerate(names)}


def _table(columns: Mapping[str, _Values], schema: pa.Schema) -> pa.Table:
    return pa.table([_column(columns[field.name], field.type) for field in schema], schema=schema)


def _column(values: _Values, kind: pa.DataType) -> pa.Array:
    if isinstance(values, (pa.Array, np.ndarray)):
        return values
    if kind == pa.float64():  # ``None`` becomes NaN
        return pa.array(np.array(values, np.float64))
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:  # a lone surrogate in records that did not come through ``tracking``
        return pa.array([printable(value) for value in values], kind)

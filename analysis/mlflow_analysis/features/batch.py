"""The rows of many traces as compact columns: what a worker sends, and what the cache keeps.

Batches of the same traces give the same tables however the traces were divided among them: see ``build``.
This module loads neither MLflow nor pandas, since every worker loads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlflow_analysis.features.extract import (
    ASSESSMENT_COLUMNS,
    SPAN_COLUMNS,
    TRACE_COLUMNS,
    Extracted,
)
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


def _schema(names: Iterable[str], **own: pa.DataType) -> pa.Schema:
    return pa.schema([
        (name, own.get(name) or _NUMBERS.get(name) or (pa.string() if name in _IDS else _CODED))
        for name in names
    ])  # fmt: skip


TRACES = _schema((*TRACE_COLUMNS, "mark"), start_ms=pa.int64())
SPANS = _schema(SPAN_COLUMNS, trace_id=_CODED, start_ms=pa.float64())
ASSESSMENTS = _schema(ASSESSMENT_COLUMNS, trace_id=_CODED, passed=pa.bool_())
ATTRIBUTES = pa.schema([("trace_id", _CODED), ("name", _CODED), ("value", _CODED)])


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
    marks = marks or [""] * len(extracted)
    rows = [(*each.trace, mark) for each, mark in zip(extracted, marks, strict=True)]
    spans = [row for each in extracted for row in each.spans]
    assessments = [row for each in extracted for row in each.assessments]
    attributes = [
        (each.trace[0], name, value)
        for each in extracted
        for name, value in each.attributes.items()
    ]
    return Batch(
        _table(rows, TRACES),
        _table(spans, SPANS),
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


def _table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.Table.from_arrays(
        [_column(values, field.type) for values, field in zip(columns, schema, strict=True)],
        schema=schema,
    )


def _column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if kind == pa.float64():  # ``None`` becomes NaN
        return pa.array(np.array(values, np.float64))
    if kind == _CODED:
        return _texts(values).dictionary_encode()
    return _texts(values) if kind == pa.string() else pa.array(values, kind)


def _texts(values: Sequence[str]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:  # a lone surrogate in records that did not come through ``tracking``
        return pa.array([printable(value) for value in values], pa.string())

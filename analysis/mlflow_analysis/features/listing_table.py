"""The outlines of all traces as a table, under the stamp of their store (``source.TraceSource.stamp``)."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from mlflow_analysis.records import TraceOutline

_STAMP = b"stamp"
_SCHEMA = pa.schema([
    ("trace_id", pa.string()),
    ("start_ms", pa.int64()),
    ("duration_ms", pa.float64()),
    ("state", pa.string()),
    ("session_id", pa.string()),
    ("mark", pa.string()),
])  # fmt: skip
"""The fields of an outline, in their order."""


def listing_table(outlines: Sequence[TraceOutline], stamp: str) -> pa.Table:
    """One row for each of ``outlines``, in their order."""
    columns = [[getattr(each, name) for each in outlines] for name in _SCHEMA.names]
    return pa.table(columns, _SCHEMA.with_metadata({_STAMP: stamp.encode()}))


def outlines_in(table: pa.Table, stamp: str) -> list[TraceOutline] | None:
    """The outlines of ``table``; ``None`` if it was not made under ``stamp``, or by another version."""
    is_same = (table.schema.metadata or {}).get(_STAMP) == stamp.encode()
    if not is_same or not table.schema.equals(_SCHEMA):
        return None
    return list(map(TraceOutline, *(each.to_pylist() for each in table.columns)))

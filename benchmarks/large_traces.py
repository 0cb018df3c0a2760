"""A trace with one very large payload, one of very many spans, and two ordinary ones, in an experiment of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.ordinary_traces import ordinary_traces
from mlflow_analysis.demo.store import unhurried, write_records
from mlflow_analysis.records import TraceRecord

EXPERIMENT = "very large"
SPANS = 5_000
PAYLOAD_BYTES = 5_000_000
"""Of JSON, on the root span, which is shown first."""
_CALLS = 50
"""Spans right below the root of the trace of many spans; the others are spread below these."""
_GAP_MS = 60_000
_FIRST_ID = 0xB16
"""Of the traces: the ordinary ones that they are made of may be in the store too."""


def write_large_traces(uri: str, artifacts: Path) -> None:
    """Write them to the store at ``uri``: newest an ordinary one, then the payload, an ordinary one, the spans."""
    first, second, third, fourth = ordinary_traces(4)
    records = [_of_many_spans(first), second, _of_large_payload(third), fourth]
    began = first.info.start_ms
    with unhurried():
        write_records(
            uri,
            EXPERIMENT,
            artifacts.absolute().as_uri(),
            [
                replace(
                    record,
                    info=replace(
                        record.info,
                        trace_id=f"tr-{_FIRST_ID + number:032x}",
                        start_ms=began + number * _GAP_MS,
                    ),
                )
                for number, record in enumerate(records)
            ],
        )


def _of_large_payload(record: TraceRecord) -> TraceRecord:
    row = {"order": "ORD-00000", "note": "Left at the door, as agreed. " * 3, "weight": 1.25}
    rows: list[dict[str, Any]] = [
        {**row, "number": number} for number in range(PAYLOAD_BYTES // 140)
    ]
    root = replace(record.spans[0], inputs={"rows": rows})
    return replace(record, spans=(root, *record.spans[1:]))


def _of_many_spans(record: TraceRecord) -> TraceRecord:
    """The spans of ``record`` again and again below its root, each call with what the original holds."""
    root, *pattern = record.spans
    assert root.end_ns is not None
    step = (root.end_ns - root.start_ns) // SPANS
    spans = [
        replace(
            pattern[number % len(pattern)],
            span_id=f"{number:016x}",
            parent_id=root.span_id if number <= _CALLS else f"{1 + number % _CALLS:016x}",
            start_ns=root.start_ns + number * step,
            end_ns=root.start_ns + (number + 1) * step,
        )
        for number in range(1, SPANS)
    ]
    return replace(record, spans=(root, *spans))

"""Traces whose spans were read and checked, and become records when somebody looks at them."""

from __future__ import annotations

from typing import Any

from mlflow_analysis.records import SpanRecord, TraceInfo, TraceRecord
from mlflow_analysis.tracking.convert import trace_record
from mlflow_analysis.tracking.decoded_later import DecodedLater
from mlflow_analysis.tracking.span_content import SpanContent
from mlflow_analysis.tracking.stored_spans import records_in_order


class StoredTrace(DecodedLater, TraceRecord):
    """A ``TraceRecord`` whose spans are made on first use.

    So they live no longer than whoever looks at them needs: those of many traces fit in no cache. Only
    ``stored_trace`` makes these.
    """

    __slots__ = ("_spans",)
    _spans: list[SpanContent] | tuple[SpanRecord, ...]

    @property
    def spans(self) -> tuple[SpanRecord, ...]:
        """As of any trace."""
        spans = self._spans
        if isinstance(spans, list):
            spans = self._spans = records_in_order(spans)
        return spans


def stored_trace(info: TraceInfo, spans: list[SpanContent]) -> TraceRecord:
    """The trace of ``info`` with these spans, which are as rows keep them."""
    if not info.name:  # it is its root's
        return trace_record(info, records_in_order(spans))
    trace: Any = object.__new__(StoredTrace)  # to whom it is given, fields are read-only
    trace.info, trace._spans, trace.mark = info, spans, ""
    record: TraceRecord = trace
    return record

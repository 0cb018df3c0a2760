"""A text sought in what tools answered. That stands in the spans, so every trace of the table is read once for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from mlflow_analysis.protocol import ToolsSearched
from mlflow_analysis.records import TOOL_KINDS, TraceOutline, TraceRecord
from mlflow_analysis.service.trace_table import TraceTable
from mlflow_analysis.source import TraceSource

AT_ONCE = 500
"""Traces between two looks at whether to go on."""
TELL_EVERY_SECONDS = 0.5


def search_tools(
    text: str,
    table: TraceTable,
    source: TraceSource,
    told: Callable[[ToolsSearched], None],
    cancelled: Callable[[], bool],
) -> ToolsSearched:
    """Read the traces of ``table``, newest first, and tell it which have ``text`` in a tool's output.

    What was read for this text before is not read again. Raises ``ConnectionProblem``.
    """
    sought, told_at = text.casefold(), time.monotonic()
    while todo := table.unsearched(text):  # traces may come in meanwhile
        for start in range(0, len(todo), AT_ONCE):
            some = todo[start : start + AT_ONCE]
            outcomes = source.read([_outline(each) for each in some], cancelled=cancelled)
            found = {
                outcome.info.trace_id
                for outcome in outcomes
                if isinstance(outcome, TraceRecord) and _is_in_tools(sought, outcome)
            }
            read = len(table) - len(todo) + start
            if cancelled():  # of ``some`` only a part may have been read
                return ToolsSearched(text, read, len(table), complete=False)
            table.searched(text, some, found)
            if time.monotonic() - told_at >= TELL_EVERY_SECONDS:
                told_at = time.monotonic()
                told(ToolsSearched(text, read + len(some), len(table), complete=False))
    return ToolsSearched(text, len(table), len(table), complete=True)


def _is_in_tools(sought: str, record: TraceRecord) -> bool:
    return any(
        sought in said.casefold()
        for span in record.spans
        if span.kind in TOOL_KINDS
        for said in _texts(span.outputs)
    )


def _texts(value: Any) -> Iterator[str]:
    """Every text and number in a JSON value."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each)
    elif value is not None:
        yield str(value)


def _outline(trace_id: str) -> TraceOutline:
    """As much as reading by id needs."""
    return TraceOutline(trace_id, 0, None, "", None, "")

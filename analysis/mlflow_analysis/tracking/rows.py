"""Rows of MLflow's tables → outlines and assessments, as MLflow itself would tell them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import orjson

from mlflow_analysis.records import Assessment, TraceOutline
from mlflow_analysis.tracking.json_values import assessed_value
from mlflow_analysis.tracking.tables import LISTED
from mlflow_analysis.untrusted import printable, single_line

Row = tuple[Any, ...]
"""As the driver gives it."""


def marked(row: Row, assessments: Iterable[Row]) -> TraceOutline:
    """The outline of a row of ``tables.described(…, marks=True)``, and of rows of ``assessments``."""
    return outline(row[: len(LISTED)], mark(row, assessments))


def outline(row: Row, mark: str = "") -> TraceOutline:
    """The outline of a row of ``tables.listed``, with this mark or none."""
    trace_id, started, duration, state, session = row
    return TraceOutline(
        printable(trace_id),
        int(started),
        None if duration is None else float(duration),
        state,
        printable(session) if session else None,
        mark,
    )


def mark(row: Row, assessments: Iterable[Row]) -> str:
    """Stands for a row of ``tables.described(…, marks=True)``, with its tags and metadata, and for its assessments.

    The row tells the number of spans. What is within them needs no look: MLflow counts each writing of
    spans in the row (``db_payload_generation``).
    """
    stored = [row, *sorted(assessments)]
    return blake2b(orjson.dumps(stored, default=str), digest_size=16).hexdigest()


def assessment(row: Row) -> Assessment | None:
    """A row of ``assessments``; ``None`` once a later one has replaced it.

    One whose JSON is damaged says so as its ``error``.
    """
    (_, _, name, kind, stored, failed, rationale, source_type, source_id, span_id, created_ms, _, valid,
     *_) = row  # fmt: skip
    if not valid:
        return None
    value, error = None, None
    try:
        value = json.loads(stored)
        if kind == "issue":
            value = value.get("issue_name")
        elif kind == "feedback" and failed is not None:
            said = json.loads(failed)
            parts = (said.get("error_code"), said.get("error_message"))
            error = printable(": ".join(part for part in parts if part))
        value = assessed_value(value)
    except (ValueError, TypeError, AttributeError, RecursionError):
        value, error = None, "What is stored of it is damaged."
    if kind == "expectation":
        rationale = None  # MLflow has none for these, whatever the table holds
    source_type = single_line(str(source_type)).upper()
    return Assessment(
        name=single_line(name or ""),
        kind=kind,
        value=value,
        rationale=printable(rationale or ""),
        source_type="LLM_JUDGE" if source_type == "AI_JUDGE" else source_type,
        source_id=single_line(str(source_id or "")),
        span_id=printable(span_id) if span_id else None,
        error=error,
        created_ms=int(created_ms or 0),
    )

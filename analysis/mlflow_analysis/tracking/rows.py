"""Rows of MLflow's tables → infos and outlines, as MLflow itself would tell them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any

import orjson

from mlflow_analysis.records import Assessment, TraceInfo, TraceOutline
from mlflow_analysis.tracking.convert import info_from
from mlflow_analysis.tracking.json_values import assessed_value, holds_nothing_unsafe
from mlflow_analysis.tracking.tables import COSTS, LISTED, TOKENS
from mlflow_analysis.untrusted import printable, single_line

Row = tuple[Any, ...]
"""As the driver gives it."""
_NAME = "mlflow.traceName"
_SESSION = "mlflow.trace.session"
_USAGE = "mlflow.trace.tokenUsage"
_COST = "mlflow.trace.cost"
_PROMOTED = frozenset({_SESSION, _USAGE, _COST})
"""Metadata that has columns of its own; a row beside those is older and does not count."""


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


def info(row: Row, assessments: Iterable[Row]) -> TraceInfo:
    """The info of a row of ``tables.described``, and of rows of ``assessments``."""
    (trace_id, started, duration, state, session, experiment_id, request, response, name,
     *numbers, stored_tags, stored_metadata) = row  # fmt: skip
    tags, metadata = _texts(stored_tags), _texts(stored_metadata)
    tags.pop(_NAME, None)
    if name is not None:
        tags[_NAME] = printable(name)
    for promoted in _PROMOTED:
        metadata.pop(promoted, None)
    if session is not None:
        metadata[_SESSION] = printable(session)
    tokens = [_count(number) for number in numbers[: len(TOKENS)]]
    if usage := _object(TOKENS, tokens):
        metadata[_USAGE] = usage
    if cost := _object(COSTS, numbers[len(TOKENS) : len(TOKENS) + len(COSTS)]):
        metadata[_COST] = cost
    return info_from(
        trace_id=trace_id,
        experiment_id=str(experiment_id),
        state=state,
        start_ms=started,
        duration_ms=duration,
        request_preview=request,
        response_preview=response,
        tokens=(tokens[0], tokens[1], tokens[2]),
        tags={key: tags[key] for key in sorted(tags)},
        metadata={key: metadata[key] for key in sorted(metadata)},
        assessments=[each for each in map(assessment, assessments) if each is not None],
    )


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


def _texts(json_object: str | None) -> dict[str, str]:
    """A JSON object of texts, as the database makes one of rows; a value may be ``null``."""
    if not json_object:
        return {}
    texts: dict[str, Any] = orjson.loads(json_object)
    if holds_nothing_unsafe(json_object) and None not in texts.values():
        return texts
    return {printable(key): printable(str(value)) for key, value in sorted(texts.items())}


def _object(names: Sequence[str], values: Sequence[int | float | None]) -> str:
    """``json.dumps`` of what is there of ``values`` by name, several times as fast; "" of nothing."""
    parts = [
        f'"{name}": {value!r}'
        for name, value in zip(names, values, strict=True)
        if value is not None
    ]
    return f"{{{', '.join(parts)}}}" if parts else ""


def _count(value: Any) -> int | None:
    """A number of tokens, where there is one: SQLite keeps anything in any column."""
    if type(value) is int or value is None:
        return value
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    if isinstance(value, bool) or not number.is_finite() or number != number.to_integral_value():
        return None
    return int(number)

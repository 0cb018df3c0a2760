"""Rows of many traces become the tables, in an order that does not depend on how they arrived."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mlflow_analysis.features.extract import (
    ASSESSMENT_COLUMNS,
    SPAN_COLUMNS,
    TRACE_COLUMNS,
    Extracted,
)
from mlflow_analysis.features.tables import Features
from mlflow_analysis.features.templates import templates
from mlflow_analysis.features.topics import topics
from mlflow_analysis.records import MODEL_KINDS, TOOL_KINDS

_FEWEST_VALUES, _MOST_VALUES = 2, 50
_LOAD_WINDOW_MS = 60_000
_TEXT = ("error_class", "error_message", "error_template")
_SPAN_TEXT = (
    "key", "trace_id", "span_id", "parent_id", "name", "kind", "tool", "status", "error_class",
    "error_message", "model", "finish_reason", "arguments", "arguments_key", "output", "output_key",
    "instructions", "offered", "requested",
)  # fmt: skip
_TRACE_TEXT = (
    "trace_id", "state", "session_id", "user", "request", "response", "name", "app_version",
    "prompt_version", "root_span_id",
)  # fmt: skip
"""Text columns stay text in an empty table too."""


def build_features(
    extracted: Sequence[Extracted], *, seed: int = 0, with_topics: bool = True
) -> Features:
    """The tables of these traces. ``with_topics=False`` leaves out the clustering of requests."""
    traces = pd.DataFrame([each.trace for each in extracted], columns=list(TRACE_COLUMNS))
    traces = traces.astype(
        {
            "start_ms": "int64",
            "failed": bool,
            "complete": bool,
            **dict.fromkeys(_TRACE_TEXT, object),
        }
    )
    for column in (
        "duration_ms",
        "input_tokens",
        "output_tokens",
        "total_tokens",
        "input_cost",
        "cost",
    ):
        traces[column] = pd.to_numeric(traces[column]).astype(float)
    traces = traces.sort_values(["start_ms", "trace_id"], kind="stable").set_index("trace_id")
    spans = _spans([row for each in extracted for row in each.spans], traces)
    assessments = _assessments([row for each in extracted for row in each.assessments], traces)
    _add_columns(traces, spans)
    traces["topic"] = topics(traces["request"], seed) if with_topics and len(traces) else ""
    return Features(traces, spans, assessments, _attributes(extracted, traces), seed)


def _spans(rows: list[tuple[object, ...]], traces: pd.DataFrame) -> pd.DataFrame:
    spans = pd.DataFrame(rows, columns=list(SPAN_COLUMNS)).astype(dict.fromkeys(_SPAN_TEXT, object))
    spans = spans.astype({
        "position": "int64", "depth": "int64", "error_status": "int64", "error_offset": "int64",
        "documents": "int64",
        "failed": bool, "propagated": bool,
    })  # fmt: skip
    for column in (
        "start_ms",
        "end_ms",
        "duration_ms",
        "self_ms",
        "critical_ms",
        "input_tokens",
        "output_tokens",
        "cached_tokens",
        "input_cost",
        "cost",
        "top_score",
    ):
        spans[column] = pd.to_numeric(spans[column]).astype(float)
    spans["error_template"] = templates(spans["error_message"])
    rank = pd.Series(np.arange(len(traces)), index=traces.index)
    session = traces["session_id"].where(traces["session_id"] != "", traces.index.to_series())
    spans["session"] = spans["trace_id"].map(session)
    order = spans["trace_id"].map(rank)
    spans = spans.assign(order=order).sort_values(["order", "position"], kind="stable")
    return spans.drop(columns="order").set_index("key")


def _assessments(rows: list[tuple[object, ...]], traces: pd.DataFrame) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(ASSESSMENT_COLUMNS))
    text = [column for column in ASSESSMENT_COLUMNS if column != "passed"]
    table = table.astype(dict.fromkeys(text, object))
    rank = pd.Series(np.arange(len(traces)), index=traces.index)
    table = table.assign(order=table["trace_id"].map(rank))
    keys = ["order", "name", "span_id", "source", "value"]
    return table.sort_values(keys, kind="stable").drop(columns="order").reset_index(drop=True)


def _add_columns(traces: pd.DataFrame, spans: pd.DataFrame) -> None:
    """What follows from other columns."""
    traces["session"] = traces["session_id"].where(
        traces["session_id"] != "", traces.index.to_series()
    )
    traces["turn"] = traces.groupby("session", sort=False).cumcount() + 1
    started = pd.to_datetime(traces["start_ms"], unit="ms", utc=True)
    traces["hour"] = started.dt.hour
    times = traces["start_ms"].to_numpy()
    before = np.searchsorted(times, times - _LOAD_WINDOW_MS, side="left")
    traces["load"] = np.arange(len(times)) - before
    for side in ("request", "response"):
        traces[f"{side}_words"] = traces[side].str.count(r"\S+").astype("int64")
    traces["span_count"] = _per_trace(spans.groupby("trace_id", sort=False).size(), traces)
    traces["tool_calls"] = _per_trace(
        spans[spans["kind"].isin(TOOL_KINDS)].groupby("trace_id").size(), traces
    )
    models = spans[spans["kind"].isin(MODEL_KINDS)]
    traces["model_calls"] = _per_trace(models.groupby("trace_id").size(), traces)
    named = models[models["model"] != ""]
    counts = named.groupby(["trace_id", "model"]).size().reset_index(name="calls")
    most = counts.sort_values(["trace_id", "calls", "model"], ascending=[True, False, True])
    traces["model"] = _text(most.drop_duplicates("trace_id").set_index("trace_id")["model"], traces)
    failing = spans[spans["failed"]].sort_values(
        ["end_ms", "depth"], ascending=[True, False], kind="stable"
    )
    first = failing.drop_duplicates("trace_id").set_index("trace_id")
    for column in _TEXT:
        traces[column] = _text(first[column], traces)
    traces["first_failed_span_id"] = _text(first["span_id"], traces)
    traces["first_failed_name"] = _text(first["name"], traces)


def _per_trace(counts: pd.Series, traces: pd.DataFrame) -> pd.Series:
    return counts.reindex(traces.index).fillna(0).astype("int64")


def _text(column: pd.Series, traces: pd.DataFrame) -> pd.Series:
    """A text column by trace, "" where a trace has none (also where no trace has any)."""
    return column.astype(object).reindex(traces.index).fillna("")


def _attributes(extracted: Sequence[Extracted], traces: pd.DataFrame) -> pd.DataFrame:
    own = {str(each.trace[0]): each.attributes for each in extracted if each.attributes}
    table = pd.DataFrame.from_dict(own, orient="index", dtype=object)
    table = table.reindex(traces.index).fillna("").astype(object)
    varied = [
        column
        for column in sorted(table.columns)
        if _FEWEST_VALUES <= table[column].nunique() <= _MOST_VALUES
    ]
    return table[varied]

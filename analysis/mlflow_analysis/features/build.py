"""Rows of many traces become the tables, in an order that does not depend on how they arrived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

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
_TYPES: Mapping[str, type] = {
    **dict.fromkeys(("position", "depth", "error_status", "error_offset", "documents"), np.int64),
    **dict.fromkeys(("failed", "propagated", "complete"), np.bool_),
    **dict.fromkeys(
        ("duration_ms", "end_ms", "self_ms", "critical_ms", "input_tokens", "output_tokens",
         "total_tokens", "cached_tokens", "input_cost", "cost", "top_score"),
        np.float64,
    ),
}  # fmt: skip
"""Columns of numbers and flags; the others are text, also where a table is empty."""
_TRACE_TYPES = {**_TYPES, "start_ms": np.int64}
_SPAN_TYPES = {**_TYPES, "start_ms": np.float64}
_REPEATED = (
    "name", "kind", "tool", "status", "model", "finish_reason", "error_class", "error_message",
    "instructions", "offered", "requested", "state", "session_id", "user", "app_version", "prompt_version",
)  # fmt: skip
"""Columns of which equal texts are one object: quicker to compare, and held once."""
_BEGINNING = itemgetter(TRACE_COLUMNS.index("start_ms"), TRACE_COLUMNS.index("trace_id"))
_POSITION = itemgetter(SPAN_COLUMNS.index("position"))
_PLACE = itemgetter(
    *(ASSESSMENT_COLUMNS.index(key) for key in ("name", "span_id", "source", "value"))
)


def build_features(
    extracted: Sequence[Extracted], *, seed: int = 0, with_topics: bool = True
) -> Features:
    """The tables of these traces. ``with_topics=False`` leaves out the clustering of requests."""
    ordered = sorted(extracted, key=lambda each: _BEGINNING(each.trace))
    traces = _table([each.trace for each in ordered], TRACE_COLUMNS, _TRACE_TYPES)
    traces = traces.set_index("trace_id")
    owner = np.repeat(np.arange(len(ordered)), [len(each.spans) for each in ordered])
    rows = [row for each in ordered for row in sorted(each.spans, key=_POSITION)]
    spans = _table(rows, SPAN_COLUMNS, _SPAN_TYPES).set_index("key")
    spans["error_template"] = templates(spans["error_message"])
    _add_columns(traces, spans, owner)
    spans["session"] = traces["session"].to_numpy()[owner]
    traces["topic"] = _topics(traces, spans, owner, seed) if with_topics and len(traces) else ""
    assessments = _assessments(ordered)
    return Features(traces, spans, assessments, _attributes(ordered, traces.index), seed)


def _topics(traces: pd.DataFrame, spans: pd.DataFrame, owner: np.ndarray, seed: int) -> pd.Series:
    """The topic of each request; what is answered where something failed is no answer."""
    failing = np.bincount(owner, spans["failed"].to_numpy(dtype=float), minlength=len(traces)) > 0
    answered = traces["response"].where(~failing & traces["complete"].to_numpy(dtype=bool), "")
    return topics(traces["request"], answered, seed)


def _table(
    rows: Sequence[tuple[Any, ...]], names: Sequence[str], types: Mapping[str, type]
) -> pd.DataFrame:
    """Rows as a table. Types are given, since guessing them takes longer than all else."""
    columns: Iterable[tuple[Any, ...]] = zip(*rows, strict=True) if rows else [()] * len(names)
    table = pd.DataFrame({
        name: pd.Series(np.array(column, types[name]) if name in types else column, dtype=types.get(name, object))
        for name, column in zip(names, columns, strict=True)
    })  # fmt: skip
    for name in table.columns.intersection(_REPEATED):
        codes, texts = pd.factorize(table[name].to_numpy())
        table[name] = pd.Series(texts[codes], dtype=object)
    return table


def _assessments(ordered: Sequence[Extracted]) -> pd.DataFrame:
    rows = [row for each in ordered for row in sorted(each.assessments, key=_PLACE)]
    table = _table(rows, ASSESSMENT_COLUMNS, {})
    table["passed"] = table["passed"].infer_objects()
    return table


def _add_columns(traces: pd.DataFrame, spans: pd.DataFrame, owner: np.ndarray) -> None:
    """What follows from other columns. ``owner``: for each span the place of its trace."""
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
        words = [len(text.split()) for text in traces[side]]
        traces[f"{side}_words"] = np.array(words, np.int64)
    is_model = spans["kind"].isin(MODEL_KINDS).to_numpy()
    for name, of in (
        ("span_count", np.full(len(spans), True)),
        ("tool_calls", spans["kind"].isin(TOOL_KINDS).to_numpy()),
        ("model_calls", is_model),
    ):
        traces[name] = np.bincount(owner[of], minlength=len(traces))
    models = _most_used(spans["model"].where(is_model, ""), owner, len(traces))
    traces["model"] = pd.Series(models, index=traces.index, dtype=object)
    failed = np.flatnonzero(spans["failed"])
    ends, depth = (spans[column].to_numpy()[failed] for column in ("end_ms", "depth"))
    first = failed[np.lexsort((-depth, ends, owner[failed]))]
    at, where = np.unique(owner[first], return_index=True)
    for column, name in (
        *((column, column) for column in _TEXT),
        ("span_id", "first_failed_span_id"),
        ("name", "first_failed_name"),
    ):
        texts = np.full(len(traces), "", dtype=object)
        texts[at] = spans[column].to_numpy(object)[first[where]]
        traces[name] = pd.Series(texts, index=traces.index, dtype=object)


def _most_used(models: pd.Series, owner: np.ndarray, traces: int) -> np.ndarray:
    """The model that each trace called most (of equals the first by name), "" where none is named."""
    named = np.flatnonzero(models != "")
    codes, names = pd.factorize(models.to_numpy(object)[named], sort=True)
    most: np.ndarray = np.full(traces, "", dtype=object)
    if len(named):
        pairs, calls = np.unique(owner[named] * len(names) + codes, return_counts=True)
        at, model = np.divmod(pairs, len(names))
        order = np.lexsort((model, -calls, at))
        who, first = np.unique(at[order], return_index=True)
        most[who] = names[model[order][first]]
    return most


def _attributes(ordered: Sequence[Extracted], index: pd.Index) -> pd.DataFrame:
    """Attributes with some, but not many different values."""
    columns = {}
    for name in sorted({name for each in ordered for name in each.attributes}):
        values = [each.attributes.get(name, "") for each in ordered]
        if _FEWEST_VALUES <= len(set(values)) <= _MOST_VALUES:
            columns[name] = pd.Series(values, index=index, dtype=object)
    return pd.DataFrame(columns, index=index, columns=pd.Index(list(columns), dtype=str))

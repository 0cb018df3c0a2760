"""Rows of many traces become the tables, in an order that does not depend on how they arrived."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.asked import KeptTopics, asked_in
from mlflow_analysis.features.batch import Batch, batch_of, joined
from mlflow_analysis.features.extract import Extracted
from mlflow_analysis.features.frames import Frames, frames, order_of
from mlflow_analysis.features.selection import Coded, Selection, coded
from mlflow_analysis.features.tables import Features
from mlflow_analysis.features.templates import templates
from mlflow_analysis.features.topics import load
from mlflow_analysis.process.allocator import give_back
from mlflow_analysis.process.twin import Divided
from mlflow_analysis.records import MODEL_KINDS, TOOL_KINDS

_LOAD_WINDOW_MS = 60_000
_TEXT = ("error_class", "error_message", "error_template")


def build_features(
    extracted: Sequence[Extracted], *, seed: int = 0, with_topics: bool = True
) -> Features:
    """The tables of these traces. ``with_topics=False`` leaves out the clustering of requests."""
    return features_of([batch_of(extracted)], seed=seed, with_topics=with_topics)


def features_of(
    batches: list[Batch],
    *,
    seed: int = 0,
    with_topics: bool = True,
    kept: KeptTopics | None = None,
    in_two: bool = False,
) -> Features:
    """The tables of all traces of ``batches``, which is emptied, as ``build_features`` makes them.

    To form topics takes longer than all else: those that are ``kept`` are not formed again, and ``in_two`` processes a
    copy of this one forms them while it makes the tables.
    """
    read = joined(batches)
    order = order_of(read.traces)
    asked = asked_in(read, order, seed) if with_topics else None
    del read
    tables = partial(_tables, batches, order)
    if asked is None:
        return _features(tables(), "", seed)
    topic = None if kept is None else kept.topics(asked.key)
    if topic is not None:
        return _features(tables(), topic, seed)
    if in_two:
        load()  # a copy would wait for ever for a module that another thread is loading
    both: list[Callable[[], Any]] = [tables, asked.topics]
    with Divided(both, twin=in_two) as divided:
        for _ in divided.do():
            pass
        made, topic = divided.results()
    if kept is not None:
        kept.keep_topics(asked.key, topic)
    return _features(made, topic, seed)


def _features(made: Frames, topic: str | npt.NDArray[np.object_], seed: int) -> Features:
    made.traces["topic"] = pd.Series(topic, index=made.traces.index, dtype=object)
    return Features(made.traces, made.spans, made.assessments, made.attributes, seed)


def _tables(batches: list[Batch], order: npt.NDArray[np.int64]) -> Frames:
    """All but the topics."""
    read = frames(batches, order)
    give_back()  # before more memory is needed
    traces, messages = read.traces, read.spans.texts("error_message")
    template = coded(templates(pd.Series(messages.values)).to_numpy(dtype=object))
    spans = read.spans.with_texts(
        error_template=Coded(template.codes[messages.codes], template.values)
    )
    owner = spans["trace"].to_numpy(np.int64)
    _add_columns(traces, spans, owner)
    session = coded(traces["session"].to_numpy(dtype=object)).at(owner)
    return replace(read, spans=spans.with_texts(session=session))


def _add_columns(traces: pd.DataFrame, spans: Selection, owner: np.ndarray) -> None:
    """What follows from other columns. ``owner``: for each span the place of its trace."""
    traces["place"] = np.arange(len(traces), dtype=np.int32)
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
        codes, texts = pd.factorize(traces[side].to_numpy(dtype=object))
        words = np.array([len(text.split()) for text in texts], np.int64)
        traces[f"{side}_words"] = words[codes]
    kind, model = spans.texts("kind"), spans.texts("model")
    is_model = kind.among(*MODEL_KINDS)
    for name, of in (
        ("span_count", np.full(len(spans), True)),
        ("tool_calls", kind.among(*TOOL_KINDS)),
        ("model_calls", is_model),
    ):
        traces[name] = np.bincount(owner[of], minlength=len(traces))
    models = _most_used(model.values[model.codes[is_model]], owner[is_model], len(traces))
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
        texts[at] = spans.take(first[where])[column].to_numpy(object)
        traces[name] = pd.Series(texts, index=traces.index, dtype=object)


def _most_used(models: np.ndarray, owner: np.ndarray, traces: int) -> np.ndarray:
    """The model that each trace called most (of equals the first by name), "" where none is named."""
    named = np.flatnonzero(models != "")
    codes, names = pd.factorize(models[named], sort=True)
    most: np.ndarray = np.full(traces, "", dtype=object)
    if len(named):
        pairs, calls = np.unique(owner[named] * len(names) + codes, return_counts=True)
        at, model = np.divmod(pairs, len(names))
        order = np.lexsort((model, -calls, at))
        who, first = np.unique(at[order], return_index=True)
        most[who] = names[model[order][first]]
    return most

"""The small store, opened as its tables are known or not, and read whole."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import stores
from mlflow_analysis.records import SkippedTrace, TraceInfo, TraceRecord
from mlflow_analysis.tracking.connection import (
    connect,
)
from mlflow_analysis.tracking.reader import StoreTraces


def opened(store: Path) -> StoreTraces:
    return connect(str(store)).experiment(stores.EXPERIMENT)


def all_infos(source: StoreTraces, filter_string: str = "") -> list[TraceInfo]:
    return [info for page in source.infos(filter_string) for info in page]


def all_traces(source: StoreTraces) -> dict[str, TraceRecord | SkippedTrace]:
    outcomes = source.traces(all_infos(source))
    return {
        each.trace_id if isinstance(each, SkippedTrace) else each.info.trace_id: each
        for each in outcomes
    }


def through_the_client(store: Path) -> StoreTraces:
    """As for a database whose tables are not known."""
    known = opened(store)
    return StoreTraces(known._client, known._address, known.experiment_id, known.experiment_name)


def execute(store: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(store) as database:
        assert database.execute(statement, values).rowcount > 0
    database.close()

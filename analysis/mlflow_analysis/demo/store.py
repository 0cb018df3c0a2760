"""The demo as a real MLflow store: a SQLite file in the user's cache directory, made once."""

from __future__ import annotations

import gc
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from mlflow_analysis.demo.manifest import Manifest, from_json, to_json
from mlflow_analysis.demo.mlflow_entities import info_entity, span_entity
from mlflow_analysis.demo.scenario import make_scenario
from mlflow_analysis.demo.sessions import DAY_MS
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.tracking.environment import load_mlflow

EXPERIMENT = "orders & shipping support"
TRACES = 1500
_VERSION = 1
"""Raised when the scenario changes, so that an older store is left behind."""
_DATABASE, _MANIFEST = "traces.db", "planted.json"
_BATCH = 250
_NS = 1_000_000


@dataclass(frozen=True, slots=True)
class DemoStore:
    """Where the demo is, and what was planted in it."""

    tracking_uri: str
    experiment_name: str
    manifest: Manifest


def ensure_demo_store(
    directory: Path | None = None, fresh: bool = False, traces: int = TRACES
) -> DemoStore:
    """The demo's store in ``directory`` (the user's cache if ``None``), made if it is not there yet.

    Without ``fresh`` a store that is there is taken as it is, whatever its number of ``traces``. ``fresh``
    makes it anew, so that its last traces are of today. It appears whole or not at all; of two
    processes that make it at once, one wins. Raises ``OSError`` if the directory cannot be written.
    """
    parent = directory if directory is not None else user_cache_path("mlflow-tui")
    target = parent / f"demo-{_VERSION}"
    if fresh or not (target / _MANIFEST).is_file():
        parent.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(prefix=".demo-", dir=parent))
        try:
            _build(workshop, target / "artifacts", traces)
            _put_in_place(workshop, target)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)
    manifest = from_json((target / _MANIFEST).read_text(encoding="utf-8"))
    return DemoStore(f"sqlite:///{(target / _DATABASE).resolve().as_posix()}", EXPERIMENT, manifest)


def ending_today(records: Sequence[TraceRecord], now_ms: int) -> list[TraceRecord]:
    """``records`` moved by whole days, so that each keeps its hour and the last is at most a day old."""
    last = max(record.info.start_ms for record in records)
    return [_moved(record, (now_ms - last) // DAY_MS * DAY_MS) for record in records]


def write_records(
    uri: str, experiment: str, artifacts: str, records: Sequence[TraceRecord]
) -> None:
    """Write traces into a new experiment of an SQL store, through MLflow's own store."""
    client = load_mlflow().MlflowClient(tracking_uri=uri)
    experiment_id = client.create_experiment(experiment, artifact_location=artifacts)
    store = client._tracking_client.store  # the client has no way to write many traces at once
    experiment_entity = store.get_experiment(experiment_id)
    store.get_experiment = lambda _: experiment_entity  # asked for each trace: a third of the work
    for start in range(0, len(records), _BATCH):
        batch = records[start : start + _BATCH]
        spans = []
        with _one_transaction(store):
            for record in batch:
                own = [span_entity(span, record.info.trace_id) for span in record.spans]
                store.start_trace(info_entity(record, experiment_id, own))
                spans += own
        store.log_spans(experiment_id, spans)
    del store.get_experiment
    store.engine.dispose()


@contextmanager
def unhurried() -> Iterator[None]:
    """For stores that are thrown away if they are not finished: three times as quick to write."""
    with _unhurried_disk(), _uncollected():
        yield


def _build(workshop: Path, artifacts: Path, traces: int) -> None:
    scenario = make_scenario(traces=traces)
    records = ending_today(scenario.records, time.time_ns() // _NS)
    uri = f"sqlite:///{(workshop / _DATABASE).as_posix()}"
    with unhurried():
        write_records(uri, EXPERIMENT, artifacts.absolute().as_uri(), records)
    (workshop / _MANIFEST).write_text(to_json(scenario.manifest), encoding="utf-8")


def _put_in_place(workshop: Path, target: Path) -> None:
    """Rename; an older store steps aside first, for a directory cannot be renamed onto a full one."""
    if target.exists():
        aside = Path(tempfile.mkdtemp(prefix=".old-demo-", dir=target.parent))
        target.replace(aside / target.name)
        shutil.rmtree(aside, ignore_errors=True)
    try:
        workshop.replace(target)
    except OSError:
        if not (target / _MANIFEST).is_file():  # nobody else put it there meanwhile
            raise


@contextmanager
def _unhurried_disk() -> Iterator[None]:
    """Let SQLite write without waiting for the disk: what is half made is thrown away anyhow."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def relax(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.close()

    event.listen(Engine, "connect", relax)
    try:
        yield
    finally:
        event.remove(Engine, "connect", relax)


@contextmanager
def _one_transaction(store: Any) -> Iterator[None]:
    """Let the store's writes share one session; it makes one for each trace."""
    make_session = store.ManagedSessionMaker
    with make_session(read_only=False) as session:
        store.ManagedSessionMaker = lambda **_: nullcontext(session)
        try:
            yield
        finally:
            store.ManagedSessionMaker = make_session


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the cyclic collector, which takes a third of the time looking at what SQLAlchemy keeps."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _moved(record: TraceRecord, ms: int) -> TraceRecord:
    info = replace(
        record.info,
        start_ms=record.info.start_ms + ms,
        assessments=tuple(
            replace(each, created_ms=each.created_ms + ms) for each in record.info.assessments
        ),
    )
    spans = tuple(
        replace(
            span,
            start_ns=span.start_ns + ms * _NS,
            end_ns=None if span.end_ns is None else span.end_ns + ms * _NS,
            events=tuple(replace(event, time_ns=event.time_ns + ms * _NS) for event in span.events),
        )
        for span in record.spans
    )
    return TraceRecord(info, spans)

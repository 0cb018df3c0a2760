"""Reading: what comes back is what was written, all of it, and what is damaged is said."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reading_back import all_infos, all_traces, execute, opened, through_the_client

import stores
from mlflow_analysis.records import Assessment, SpanRecord, TraceInfo, TraceRecord
from mlflow_analysis.tracking import reader, sql_reader, stored_traces, tables
from mlflow_analysis.tracking.connection import (
    ConnectionProblem,
    FilterNotUnderstood,
    TraceNotReadable,
    connect,
)
from mlflow_analysis.tracking.reader import StoreTraces
from mlflow_analysis.tracking.span_content import SpanContent
from mlflow_analysis.tracking.sql_reader import SqlTraces
from mlflow_analysis.tracking.stored_spans import records_in_order
from mlflow_analysis.untrusted import printable_value, single_line
from trace_factory import model, trace


def as_written(record: TraceRecord) -> TraceRecord:
    """What reading must give for a record that was written: the same, made printable."""
    info = record.info
    return TraceRecord(
        replace(
            info,
            request_preview=printable_value(info.request_preview),
            response_preview=printable_value(info.response_preview),
            session_id=printable_value(info.session_id),
            tags=printable_value(info.tags),
            assessments=_without_times(info),
        ),
        tuple(
            replace(
                span,
                name=single_line(span.name),
                status_message=printable_value(span.status_message),
                inputs=printable_value(span.inputs),
                outputs=printable_value(span.outputs),
                attributes=printable_value(span.attributes),
            )
            for span in record.spans
        ),
    )


def without_the_stores_own(record: TraceRecord) -> TraceRecord:
    """A record as read, without what a store adds: its own tags and metadata, its experiment ids."""
    info = record.info
    return replace(
        record,
        info=replace(
            info,
            experiment_id="0",
            tags={key: value for key, value in info.tags.items() if not key.startswith("mlflow.")},
            metadata={},
            assessments=_without_times(info),
        ),
    )


def _without_times(info: TraceInfo) -> tuple[Assessment, ...]:
    """Assessments by name; a file store gives them the time of writing."""
    return tuple(
        replace(each, created_ms=0) for each in sorted(info.assessments, key=lambda each: each.name)
    )


def test_every_field_comes_back_as_it_was_written(source: StoreTraces) -> None:
    read = all_traces(source)

    for written in stores.small_traces():
        outcome = read[written.info.trace_id]
        assert isinstance(outcome, TraceRecord)
        assert without_the_stores_own(outcome) == as_written(written)


def test_infos_come_newest_first_and_hold_what_the_traces_hold(source: StoreTraces) -> None:
    infos = all_infos(source)

    assert [info.start_ms for info in infos] == sorted(
        (record.info.start_ms for record in stores.small_traces()), reverse=True
    )
    read = all_traces(source)
    assert [read[info.trace_id].info for info in infos] == infos  # type: ignore[union-attr]


def test_nothing_read_can_command_a_terminal(source: StoreTraces) -> None:
    everything = repr(list(all_traces(source).values())) + repr(all_infos(source))

    assert "\x1b" not in everything
    assert "\\x1b" not in everything
    assert "\\u202e" not in everything
    assert "␛]52;c;aGk=␇" in everything


def test_traces_come_in_the_order_asked_for(source: StoreTraces) -> None:
    infos = all_infos(source)
    asked = [*infos[5:], *infos[:5]]

    read = [outcome.info.trace_id for outcome in source.traces(asked)]  # type: ignore[union-attr]

    assert read == [info.trace_id for info in asked]


def test_a_filter_is_mlflows_own(source: StoreTraces) -> None:
    states = {info.state for info in all_infos(source, "trace.status = 'ERROR'")}

    assert states == {"ERROR"}
    both = all_infos(source, "tags.region = 'eu' AND trace.status = 'OK'")
    assert {info.tags["region"] for info in both} == {"eu"}


@pytest.mark.parametrize(
    "wrong", ["nonsense", "trace.colour = 'red'", "trace.status = 'OK' OR 1 = 1"]
)
def test_a_filter_that_mlflow_refuses_is_told_with_its_words(
    source: StoreTraces, wrong: str
) -> None:
    with pytest.raises(FilterNotUnderstood, match="MLflow does not accept this filter") as caught:
        all_infos(source, wrong)

    assert caught.value.remedy


@pytest.mark.parametrize("size", [1, 2, 3, 5, 14, 15])
def test_no_page_size_repeats_or_skips_a_trace(
    source: StoreTraces, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for page in ("FIRST_PAGE", "DIRECT_PAGE", "FILES_PAGE"):
        monkeypatch.setattr(reader, page, size)

    ids = [info.trace_id for info in all_infos(source)]

    assert sorted(ids) == sorted(record.info.trace_id for record in stores.small_traces())


@pytest.mark.parametrize("size", [1, 2, 3])
def test_traces_of_one_millisecond_may_be_more_than_a_page(
    small_store: Path,
    opening: Callable[[Path], StoreTraces],
    size: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with sqlite3.connect(small_store) as database:
        database.execute("UPDATE trace_info SET timestamp_ms = 1780272000000 WHERE status = 'OK'")
    database.close()
    monkeypatch.setattr(reader, "FIRST_PAGE", size)
    monkeypatch.setattr(reader, "DIRECT_PAGE", size)

    ids = [info.trace_id for info in all_infos(opening(small_store))]

    assert sorted(ids) == sorted(record.info.trace_id for record in stores.small_traces())


def test_traces_that_arrive_meanwhile_make_none_come_twice(
    small_store: Path, opening: Callable[[Path], StoreTraces], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "FIRST_PAGE", 3)
    monkeypatch.setattr(reader, "DIRECT_PAGE", 3)
    ids: list[str] = []

    for number, page in enumerate(opening(small_store).infos(), start=100):
        ids += [info.trace_id for info in page]
        late = trace(model(), number=number)
        stores.write([late], f"sqlite:///{small_store}", stores.EXPERIMENT, small_store.parent)

    assert len(ids) == len(set(ids))
    assert {record.info.trace_id for record in stores.small_traces()} <= set(ids)


def test_the_store_counts_its_traces_where_it_can(small_store: Path, file_store: Path) -> None:
    assert opened(small_store).count() == len(stores.small_traces())
    assert opened(small_store).count("trace.status = 'OK'") is None
    assert opened(file_store).count() is None


def test_reading_stops_between_pages_and_batches(
    source: StoreTraces, monkeypatch: pytest.MonkeyPatch
) -> None:
    infos = all_infos(source)
    for limit in ("FIRST_PAGE", "DIRECT_PAGE", "FILES_PAGE", "DIRECT_BATCH"):
        monkeypatch.setattr(reader, limit, 4)
    monkeypatch.setattr(sql_reader, "SQL_BATCH", 4)
    read: list[Any] = []

    for outcome in source.traces(infos, cancelled=lambda: bool(read)):
        read.append(outcome)  # noqa: PERF402 - what decides on cancelling

    assert len(read) == 4
    pages = list(source.infos(cancelled=lambda: bool(read)))
    assert pages == []


def test_batches_are_bounded_by_stored_size_as_well(
    small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = through_the_client(small_store)
    stated = {"mlflow.trace.sizeStats": json.dumps({"total_size_bytes": 20_000_000})}
    infos = [replace(info, metadata=stated) for info in all_infos(source)]
    asked: list[int] = []
    read = source._store.batch_get_traces
    monkeypatch.setattr(
        source._store, "batch_get_traces", lambda ids: (asked.append(len(ids)), read(ids))[1]
    )

    assert len(list(source.traces(infos))) == len(infos)
    assert asked == [2] * (len(infos) // 2)


def test_tables_and_client_give_the_same_records(small_store: Path) -> None:
    direct, client = opened(small_store), through_the_client(small_store)

    assert type(direct) is SqlTraces
    assert all_infos(direct) == all_infos(client)
    assert all_traces(direct) == all_traces(client)


def test_spans_become_records_when_somebody_looks(
    small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = opened(small_store)
    made: list[SpanRecord] = []

    def counted(stored: Sequence[SpanContent]) -> tuple[SpanRecord, ...]:
        records = records_in_order(stored)
        made.extend(records)
        return records

    monkeypatch.setattr(stored_traces, "records_in_order", counted)
    traces = [each for each in source.traces(all_infos(source)) if isinstance(each, TraceRecord)]

    assert made == []
    first = traces[0]
    assert first.spans is first.spans
    assert made == list(first.spans) != []


def test_tables_of_another_revision_are_left_to_mlflow(
    small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "KNOWN_REVISIONS", frozenset({"another"}))

    connection = connect(str(small_store))

    assert type(connection.experiment(stores.EXPERIMENT)) is StoreTraces
    assert any("read through MLflow" in note for note in connection.report().notes)


def test_known_tables_of_an_older_mlflow_are_read_and_yet_not_opened_by_mlflow(
    small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLflow would migrate them."""
    monkeypatch.setattr(tables, "KNOWN_REVISIONS", frozenset({"1bd49d398cd23"}))
    execute(small_store, "UPDATE alembic_version SET version_num = '1bd49d398cd23'")
    before = small_store.read_bytes()

    source = opened(small_store)

    assert len(all_traces(source)) == len(stores.small_traces())
    with pytest.raises(ConnectionProblem, match="made by an older MLflow"):
        all_infos(source, "trace.status = 'OK'")
    assert small_store.read_bytes() == before


def test_experiments_apart_by_workspace_are_left_to_mlflow(small_store: Path) -> None:
    execute(small_store, "UPDATE experiments SET workspace = 'other' WHERE experiment_id != 0")

    with pytest.raises(ConnectionProblem) as caught:
        connect(str(small_store))

    assert "workspace" in caught.value.details


def test_a_damaged_judgement_says_so_and_costs_nothing_else(small_store: Path) -> None:
    execute(small_store, "UPDATE assessments SET value = '{broken' WHERE name = 'helpful'")

    judged = [info for info in all_infos(opened(small_store)) if info.assessments]

    assert len(judged) == 3
    for info in judged:
        (helpful,) = (each for each in info.assessments if each.name == "helpful")
        assert (helpful.value, helpful.error) == (None, "What is stored of it is damaged.")


def test_what_mlflow_adds_on_loading_is_added(small_store: Path) -> None:
    """Spans that came over OpenTelemetry say their kind in an attribute of another name."""
    trace_id = stores.small_traces()[0].info.trace_id
    with sqlite3.connect(small_store) as database:
        for content, span_id in database.execute(
            "SELECT content, span_id FROM spans WHERE trace_id = ?", [trace_id]
        ).fetchall():
            span = json.loads(content)
            del span["attributes"]["mlflow.spanType"]
            span["attributes"]["openinference.span.kind"] = json.dumps("TOOL")
            database.execute(
                "UPDATE spans SET content = ? WHERE span_id = ?", [json.dumps(span), span_id]
            )
    database.close()

    found = all_traces(opened(small_store))[trace_id]

    assert isinstance(found, TraceRecord)
    assert {span.kind for span in found.spans} == {"TOOL"}
    assert found == all_traces(through_the_client(small_store))[trace_id]


def test_one_trace_is_read_by_its_id(source: StoreTraces) -> None:
    written = stores.small_traces()[-2]

    record = source.trace(written.info.trace_id)

    assert without_the_stores_own(record) == as_written(written)
    with pytest.raises(TraceNotReadable, match="has no trace tr-0"):
        source.trace("tr-0")

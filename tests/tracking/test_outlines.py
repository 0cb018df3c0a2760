"""Outlines of an SQL store: each tells a trace from what it was before, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import stores
from mlflow_analysis.records import TraceOutline
from mlflow_analysis.tracking import reader
from mlflow_analysis.tracking.connection import connect
from mlflow_analysis.tracking.environment import load_mlflow
from trace_factory import feedback, model, trace

CHANGED = stores.small_traces()[9].info.trace_id
"""It has assessments and a failing span."""

Change = Callable[[Any, Path], None]


def outlines_of(store: Path, filter_string: str = "") -> dict[str, TraceOutline]:
    source = connect(str(store)).experiment(stores.EXPERIMENT)
    return {each.trace_id: each for page in source.outlines(filter_string) for each in page}


def client_of(store: Path) -> Any:
    return load_mlflow().MlflowClient(tracking_uri=f"sqlite:///{store}")


def judgements(client: Any) -> list[Any]:
    return client._tracing_client.get_trace_info(CHANGED).assessments


def set_tag(client: Any, _: Path) -> None:
    client.set_trace_tag(CHANGED, "reviewed", "yes")


def change_tag(client: Any, _: Path) -> None:
    client.set_trace_tag(CHANGED, "region", "us")


def delete_tag(client: Any, _: Path) -> None:
    client.delete_trace_tag(CHANGED, "region")


def change_name(client: Any, _: Path) -> None:
    client.set_trace_tag(CHANGED, "mlflow.traceName", "renamed")


def add_judgement(client: Any, _: Path) -> None:
    entity = stores.assessment_entity(feedback("late", True))
    client._tracing_client.log_assessment(CHANGED, entity)


def change_judgement(client: Any, _: Path) -> None:
    before = next(each for each in judgements(client) if each.name == "helpful")
    changed = stores.assessment_entity(feedback("helpful", True))
    client._tracing_client.update_assessment(CHANGED, before.assessment_id, changed)


def replace_judgement(client: Any, _: Path) -> None:
    before = next(each for each in judgements(client) if each.name == "helpful")
    entity = stores.assessment_entity(feedback("helpful", True))
    entity.overrides = before.assessment_id
    client._tracing_client.log_assessment(CHANGED, entity)


def delete_judgement(client: Any, _: Path) -> None:
    client._tracing_client.delete_assessment(CHANGED, judgements(client)[0].assessment_id)


def rewrite_span(client: Any, _: Path) -> None:
    """The same span ends later: their number stays."""
    record = stores.small_traces()[9]
    last = replace(record.spans[-1], end_ns=(record.spans[-1].end_ns or 0) + 1_000_000)
    _log_spans(client, record.info.trace_id, last)


def reword_span(client: Any, _: Path) -> None:
    """Neither number nor times of spans change."""
    record = stores.small_traces()[9]
    _log_spans(client, record.info.trace_id, replace(record.spans[-1], outputs="other words"))


def add_span(client: Any, _: Path) -> None:
    last = stores.small_traces()[9].spans[-1]
    _log_spans(client, CHANGED, replace(last, span_id="00000000000000ff"))


def _log_spans(client: Any, trace_id: str, span: Any) -> None:
    from mlflow.entities import Span

    (experiment,) = client.search_experiments(filter_string=f"name = '{stores.EXPERIMENT}'")
    entity = Span.from_dict(stores.stored_span(span, trace_id))
    client._tracing_client.store.log_spans(experiment.experiment_id, [entity])


def _execute(store: Path, statement: str) -> None:
    with sqlite3.connect(store) as database:
        assert database.execute(statement, [CHANGED]).rowcount > 0
    database.close()


def delete_span(_: Any, store: Path) -> None:
    _execute(store, "DELETE FROM spans WHERE trace_id = ? AND parent_span_id IS NOT NULL")


def end_trace(_: Any, store: Path) -> None:
    _execute(store, "UPDATE trace_info SET status = 'OK' WHERE request_id = ?")


def change_preview(_: Any, store: Path) -> None:
    _execute(store, "UPDATE trace_info SET response_preview = 'x' WHERE request_id = ?")


def change_metadata(_: Any, store: Path) -> None:
    _execute(
        store,
        "INSERT INTO trace_request_metadata (key, value, request_id) "
        "SELECT 'app', '2', request_id FROM trace_info WHERE request_id = ?",
    )


@pytest.mark.parametrize(
    "change",
    [
        set_tag,
        change_tag,
        delete_tag,
        change_name,
        add_judgement,
        change_judgement,
        replace_judgement,
        delete_judgement,
        rewrite_span,
        reword_span,
        add_span,
        delete_span,
        end_trace,
        change_preview,
        change_metadata,
    ],
)
def test_a_change_of_anything_stored_changes_the_mark_of_that_trace_only(
    small_store: Path, change: Change
) -> None:
    client = client_of(small_store)
    client.set_trace_tag(CHANGED, "region", "eu")
    before = outlines_of(small_store)

    change(client, small_store)

    after = outlines_of(small_store)
    changed = {key for key, outline in after.items() if outline.mark != before[key].mark}
    assert changed == {CHANGED}


def test_marks_stay_while_nothing_changes(small_store: Path) -> None:
    before = outlines_of(small_store)

    # another trace comes, and the tables are written anew
    stores.write(
        [trace(model(), number=90)],
        f"sqlite:///{small_store}",
        stores.EXPERIMENT,
        small_store.parent,
    )
    with sqlite3.connect(small_store) as database:
        database.execute("VACUUM")
    database.close()

    after = outlines_of(small_store)
    assert before.items() <= after.items()
    assert len(after) == len(before) + 1
    assert len({outline.mark for outline in after.values()}) == len(after)


def test_outlines_say_what_infos_say(small_store: Path) -> None:
    source = connect(str(small_store)).experiment(stores.EXPERIMENT)
    infos = [info for page in source.infos() for info in page]

    outlines = [outline for page in source.outlines() for outline in page]

    assert [
        (each.trace_id, each.start_ms, each.duration_ms, each.state, each.session_id)
        for each in outlines
    ] == [
        (each.trace_id, each.start_ms, each.duration_ms, each.state, each.session_id)
        for each in infos
    ]


def test_a_filter_changes_no_mark(small_store: Path) -> None:
    everything = outlines_of(small_store)

    failed = outlines_of(small_store, "trace.status = 'ERROR'")

    assert len(failed) == 3
    assert failed.items() <= everything.items()


@pytest.mark.parametrize("size", [1, 3, 14])
def test_no_page_size_repeats_or_skips_an_outline(
    small_store: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(small_store) as database:
        database.execute("UPDATE trace_info SET timestamp_ms = 1780272000000 WHERE status = 'OK'")
    database.close()
    expected = outlines_of(small_store)
    monkeypatch.setattr(reader, "FIRST_PAGE", size)
    monkeypatch.setattr(reader, "DIRECT_PAGE", size)

    source = connect(str(small_store)).experiment(stores.EXPERIMENT)
    listed = [each for page in source.outlines() for each in page]

    assert len(listed) == len(expected)
    assert {each.trace_id: each for each in listed} == expected


def test_a_client_of_mlflow_marks_what_it_can_see(small_store: Path) -> None:
    known = connect(str(small_store)).experiment(stores.EXPERIMENT)
    source = reader.StoreTraces(
        known._client, known._address, known.experiment_id, known.experiment_name
    )

    def marks() -> dict[str, str]:
        return {each.trace_id: each.mark for page in source.outlines() for each in page}

    before = marks()
    assert marks() == before
    set_tag(client_of(small_store), small_store)

    assert {key for key, mark in marks().items() if mark != before[key]} == {CHANGED}

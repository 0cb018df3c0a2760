"""The demo as MLflow sees it: what the generator made comes back through MLflow's own client."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlflow_analysis.demo import store as demo_store
from mlflow_analysis.demo.scenario import make_scenario
from mlflow_analysis.demo.sessions import DAY_MS
from mlflow_analysis.demo.store import EXPERIMENT, DemoStore, ending_today, ensure_demo_store
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.tracking.connection import connect
from mlflow_analysis.tracking.convert import trace_info, trace_record
from mlflow_analysis.tracking.environment import load_mlflow
from mlflow_analysis.tracking.span_content import span_content
from mlflow_analysis.tracking.sql_reader import SqlTraces
from mlflow_analysis.tracking.stored_spans import span_records

TRACES = 120


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def demo(directory: Path) -> DemoStore:
    return ensure_demo_store(directory, traces=TRACES)


@pytest.fixture(scope="module")
def client(demo: DemoStore) -> Iterator[Any]:
    yield load_mlflow().MlflowClient(tracking_uri=demo.tracking_uri)


@pytest.fixture(scope="module")
def stored(client: Any) -> dict[str, TraceRecord]:
    """The records as they come back from the store."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    found = client.search_traces(
        locations=[experiment.experiment_id], max_results=500, include_spans=True
    )
    return {
        trace.info.trace_id: trace_record(
            trace_info(trace.info),
            span_records(span_content(span.to_dict()) for span in trace.data.spans),
        )
        for trace in found
    }


@pytest.fixture(scope="module")
def written() -> dict[str, TraceRecord]:
    return {record.info.trace_id: record for record in make_scenario(traces=TRACES).records}


def test_the_reader_of_its_tables_gives_the_records_of_mlflows_client(
    demo: DemoStore, stored: dict[str, TraceRecord]
) -> None:
    source = connect(demo.tracking_uri).experiment(EXPERIMENT)
    assert type(source) is SqlTraces

    outlines = [outline for page in source.outlines() for outline in page]

    assert {each.info.trace_id: each for each in source.read(outlines)} == stored  # type: ignore[union-attr]


def test_every_trace_comes_back_with_its_spans(
    stored: dict[str, TraceRecord], written: dict[str, TraceRecord]
) -> None:
    assert stored.keys() == written.keys()
    for trace_id, record in written.items():
        moved = stored[trace_id].info.start_ms - record.info.start_ms
        assert moved % DAY_MS == 0
        shift = moved * 1_000_000
        expected = {span.span_id: span for span in record.spans}
        for span in stored[trace_id].spans:
            want = expected[span.span_id]
            assert span.start_ns == want.start_ns + shift
            assert span.end_ns == (want.end_ns or 0) + shift
            assert (span.parent_id, span.name, span.kind) == (want.parent_id, want.name, want.kind)
            assert (span.status, span.status_message) == (want.status, want.status_message)
            assert (span.inputs, span.outputs) == (want.inputs, want.outputs)
            assert dict(span.attributes) == dict(want.attributes)
            assert span.events == tuple(
                replace(event, time_ns=event.time_ns + shift) for event in want.events
            )
        assert len(stored[trace_id].spans) == len(expected)


def test_infos_carry_what_the_columns_show(
    stored: dict[str, TraceRecord], written: dict[str, TraceRecord]
) -> None:
    for trace_id, record in written.items():
        got, want = stored[trace_id].info, record.info
        assert got.state == want.state
        assert got.duration_ms == want.duration_ms
        assert got.name == want.name == "support_agent"
        assert (got.session_id, got.user_id) == (want.session_id, want.user_id)
        assert got.total_tokens == want.total_tokens
        assert (got.request_preview, got.response_preview) == (
            want.request_preview,
            want.response_preview,
        )
        assert want.tags.items() <= got.tags.items()
        assert want.metadata.items() <= got.metadata.items()
        assert got.tags["mlflow.trace.spansLocation"] == "TRACKING_STORE"
        assert '"num_spans"' in got.metadata["mlflow.trace.sizeStats"]


def test_assessments_come_back(
    stored: dict[str, TraceRecord], written: dict[str, TraceRecord]
) -> None:
    def judged(records: dict[str, TraceRecord]) -> dict[str, set[tuple[Any, ...]]]:
        return {
            trace_id: {
                (each.name, each.value, each.source_type, each.source_id, each.rationale)
                for each in record.info.assessments
            }
            for trace_id, record in records.items()
        }

    assert judged(stored) == judged(written)
    assert any(judged(stored).values())


def test_mlflow_filters_work_on_it(client: Any, written: dict[str, TraceRecord]) -> None:
    experiment = client.get_experiment_by_name(EXPERIMENT)

    def count(filter_string: str) -> int:
        found = client.search_traces(
            locations=[experiment.experiment_id],
            filter_string=filter_string,
            max_results=500,
            include_spans=False,
        )
        return len(found)

    infos = [record.info for record in written.values()]
    assert count("trace.status = 'ERROR'") == sum(info.state == "ERROR" for info in infos) > 0
    assert count("tags.region = 'apac'") == sum(info.tags["region"] == "apac" for info in infos)
    assert count("metadata.prompt_version = 'p7'") == sum(
        info.metadata["prompt_version"] == "p7" for info in infos
    )
    assert count("feedback.helpful = 'true'") == sum(
        any(each.name == "helpful" and each.value is True for each in info.assessments)
        for info in infos
    )


def test_a_store_that_is_there_is_not_made_again(
    demo: DemoStore, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(demo_store, "_build", refuse)
    assert ensure_demo_store(directory, traces=TRACES) == demo


def test_nothing_is_left_of_a_failed_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(demo_store, "write_records", fail)
    with pytest.raises(OSError, match="disk full"):
        ensure_demo_store(tmp_path, traces=5)
    assert list(tmp_path.iterdir()) == []


def test_fresh_replaces_the_store(tmp_path: Path) -> None:
    (tmp_path / "demo-1").mkdir()
    (tmp_path / "demo-1" / "planted.json").write_text("{}")
    fresh = ensure_demo_store(tmp_path, fresh=True, traces=5)
    assert len(fresh.manifest.planted) == 14
    assert [each.name for each in tmp_path.iterdir()] == ["demo-1"]


def test_the_two_weeks_end_within_the_last_day() -> None:
    records = make_scenario(traces=50).records
    now_ms = time.time_ns() // 1_000_000
    moved = ending_today(records, now_ms)
    last = max(record.info.start_ms for record in moved)
    assert 0 <= now_ms - last < DAY_MS
    for before, after in zip(records, moved, strict=True):
        assert (after.info.start_ms - before.info.start_ms) % DAY_MS == 0
        assert after.spans[0].start_ns // 1_000_000 == after.info.start_ms

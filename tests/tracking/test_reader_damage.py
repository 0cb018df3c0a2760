"""What is damaged or missing in a store costs its own trace, and is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from reading_back import all_infos, all_traces, execute, opened

import stores
from mlflow_analysis.records import SkippedTrace, TraceRecord
from mlflow_analysis.tracking.connection import (
    ConnectionProblem,
)
from mlflow_analysis.tracking.reader import StoreTraces


@pytest.mark.parametrize("content", ["{broken", "[]", "{}", '{"attributes": 3}', "null", "\x00"])
def test_a_damaged_span_costs_its_own_trace_only(
    small_store: Path, opening: Callable[[Path], StoreTraces], content: str
) -> None:
    damaged = [stores.small_traces()[index].info.trace_id for index in (3, 7)]
    for trace_id in damaged:
        execute(
            small_store,
            "UPDATE spans SET content = ? WHERE trace_id = ? AND parent_span_id IS NOT NULL",
            content,
            trace_id,
        )

    read = all_traces(opening(small_store))

    skipped = [each for each in read.values() if isinstance(each, SkippedTrace)]
    assert sorted(each.trace_id for each in skipped) == sorted(damaged)
    assert all("damaged" in each.reason for each in skipped)
    assert len(read) == len(stores.small_traces())


def test_a_row_that_holds_two_spans_is_damaged(
    small_store: Path, opening: Callable[[Path], StoreTraces]
) -> None:
    """Put together with the others of its trace, its text would parse."""
    trace_id = stores.small_traces()[3].info.trace_id
    execute(
        small_store,
        "UPDATE spans SET content = content || ',' || content WHERE trace_id = ?",
        trace_id,
    )

    outcome = all_traces(opening(small_store))[trace_id]

    assert isinstance(outcome, SkippedTrace)
    assert "damaged" in outcome.reason


def test_traces_without_their_spans_are_not_dropped_silently(
    small_store: Path, opening: Callable[[Path], StoreTraces]
) -> None:
    none, some, running = (stores.small_traces()[index].info.trace_id for index in (0, 1, -1))
    execute(small_store, "DELETE FROM spans WHERE trace_id IN (?, ?)", none, running)
    execute(
        small_store,
        "DELETE FROM spans WHERE trace_id = ? AND parent_span_id IS NOT NULL",
        some,
    )
    execute(
        small_store,
        "INSERT INTO trace_request_metadata (request_id, key, value) VALUES (?, ?, ?)",
        some,
        "mlflow.trace.sizeStats",
        '{"num_spans": 3, "total_size_bytes": 9}',
    )

    read = all_traces(opening(small_store))

    assert read[none] == SkippedTrace(none, "No spans are stored for it.")
    assert read[some] == SkippedTrace(some, "Not all of its 3 spans are stored.")
    assert read[running] == SkippedTrace(
        running, "It is still running and its spans are not stored yet."
    )


def test_a_missing_or_damaged_file_of_spans_is_told(file_store: Path, tmp_path: Path) -> None:
    files = sorted(file_store.parent.rglob("traces.json"))
    kept = [file.read_bytes() for file in files[:2]]
    try:
        files[0].unlink()
        files[1].write_text("{broken")

        reasons = {
            outcome.reason
            for outcome in all_traces(opened(file_store)).values()
            if isinstance(outcome, SkippedTrace)
        }
    finally:
        for file, content in zip(files[:2], kept, strict=True):
            file.write_bytes(content)

    assert reasons == {
        "The file with its spans is missing.",
        "The file with its spans is damaged.",
    }


def test_a_trace_deleted_meanwhile_is_skipped_with_the_reason(
    small_store: Path, opening: Callable[[Path], StoreTraces]
) -> None:
    source = opening(small_store)
    infos = all_infos(source)
    gone = infos[4].trace_id
    execute(small_store, "DELETE FROM spans WHERE trace_id = ?", gone)
    execute(small_store, "DELETE FROM trace_info WHERE request_id = ?", gone)

    skipped = [each for each in source.traces(infos) if isinstance(each, SkippedTrace)]

    assert [each.trace_id for each in skipped] == [gone]


def test_a_store_lost_meanwhile_is_a_problem_and_not_a_thousand_skipped_traces(
    small_store: Path,
    opening: Callable[[Path], StoreTraces],
) -> None:
    source = opening(small_store)
    infos = all_infos(source)
    small_store.write_bytes(b"x" * 4096)

    with pytest.raises(ConnectionProblem, match=r"failed|is not a SQLite database"):
        list(source.traces(infos))


def test_a_trace_that_came_without_a_name_has_its_roots(
    small_store: Path, opening: Callable[[Path], StoreTraces]
) -> None:
    trace_id = stores.small_traces()[0].info.trace_id
    execute(
        small_store,
        "UPDATE trace_info SET trace_name = NULL WHERE request_id = ?",
        trace_id,
    )

    outcome = all_traces(opening(small_store))[trace_id]

    assert isinstance(outcome, TraceRecord)
    assert outcome.info.name == "agent"

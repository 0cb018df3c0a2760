"""A listing that is kept up: what is new, changed or gone in a real store, without listing all of it again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import stores
from mlflow_analysis.reading.listing import LATE_MS, Listing, News, news
from mlflow_analysis.records import TraceOutline, TraceRecord
from mlflow_analysis.tracking import reader
from mlflow_analysis.tracking.connection import connect
from mlflow_analysis.tracking.environment import load_mlflow
from mlflow_analysis.tracking.reader import StoreTraces
from trace_factory import EPOCH_MS, feedback, model, trace

DAY_MS = 86_400_000


class Store:
    """A store that is written to, and how a listing of it changes."""

    def __init__(self, path: Path) -> None:
        self.uri = f"sqlite:///{path}"
        self.artifacts = path.parent / "artifacts"
        stores.write([made(number) for number in range(1, 6)], self.uri, "agent", self.artifacts)
        self.source: StoreTraces = connect(self.uri).experiment("agent")
        self.client = load_mlflow().MlflowClient(tracking_uri=self.uri)

    def write(self, *records: TraceRecord) -> None:
        stores.write(records, self.uri, "agent", self.artifacts)

    def look(self, listing: Listing) -> News:
        before = listing.outlines
        return news(before, listing.look())


def made(number: int, at_ms: int = EPOCH_MS + DAY_MS, **details: object) -> TraceRecord:
    record = trace(model("answer"), number=number, **details)  # type: ignore[arg-type]
    return replace(record, info=replace(record.info, start_ms=at_ms + number))


def running(number: int, at_ms: int = EPOCH_MS + DAY_MS) -> TraceRecord:
    """A trace that has not ended: it has no root span yet."""
    record = made(number, at_ms, state="IN_PROGRESS", response="")
    return replace(record, spans=record.spans[1:])


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Its pages are small, so that what is old is on none that is looked at."""
    monkeypatch.setattr(reader, "FIRST_PAGE", 1)
    monkeypatch.setattr(reader, "DIRECT_PAGE", 1)
    return Store(tmp_path / "mlflow.db")


@pytest.fixture
def listing(store: Store, monkeypatch: pytest.MonkeyPatch) -> Listing:
    """A listing that was read once, and from now on may not list everything."""
    listing = Listing(store.source)
    assert len(store.look(listing).new) == 5
    monkeypatch.setattr(Listing, "_all", _not_again)
    return listing


def _not_again(*_: object) -> Iterator[list[TraceOutline]]:
    raise AssertionError("All were listed again.")


def test_nothing_new_is_the_same_listing(store: Store, listing: Listing) -> None:
    before = listing.outlines
    assert listing.look() is before


def test_a_new_trace_is_found(store: Store, listing: Listing) -> None:
    record = made(9)
    store.write(record)
    assert store.look(listing) == News(new=(record.info.trace_id,))
    assert not store.look(listing)


def test_a_trace_that_began_earlier_and_was_stored_when_it_ended_is_found(
    store: Store, listing: Listing
) -> None:
    record = made(9, EPOCH_MS + DAY_MS - LATE_MS // 2)
    store.write(record)
    assert store.look(listing).new == (record.info.trace_id,)


def test_a_running_trace_that_ends_has_changed(store: Store, listing: Listing) -> None:
    begun = running(9, EPOCH_MS)
    late = made(10)
    store.write(begun, late)
    assert store.source.count() == 7
    listing.outlines = {**listing.outlines, **_outlines(store, begun, late)}
    ended = replace(begun, info=replace(begun.info, state="OK", response_preview="Done"))

    experiment_id = store.source.experiment_id
    store.client._tracing_client.start_trace(stores.info_entity(ended, experiment_id))

    assert store.look(listing) == News(changed=(begun.info.trace_id,))
    assert listing.outlines[begun.info.trace_id].state == "OK"
    assert not store.look(listing)


def _outlines(store: Store, *records: TraceRecord) -> dict[str, TraceOutline]:
    found = store.source.outlines_of([each.info.trace_id for each in records])
    return {each.trace_id: each for each in found}


def test_an_assessment_of_an_old_trace_is_a_change(store: Store, listing: Listing) -> None:
    new = made(9, EPOCH_MS + 20 * DAY_MS)
    store.write(new)
    store.look(listing)  # now the others are too old to be among the recent
    old = min(listing.outlines.values(), key=lambda each: each.start_ms).trace_id
    now_ms = int(time.time() * 1000)
    judged = replace(feedback("helpful", False), created_ms=now_ms)

    stores.log_assessment(store.client, old, judged)

    assert store.look(listing) == News(changed=(old,))


def test_traces_that_do_not_add_up_have_all_listed_again(store: Store, tmp_path: Path) -> None:
    listing = Listing(store.source)
    store.look(listing)
    imported = made(9, EPOCH_MS - 30 * DAY_MS)
    store.write(imported)
    assert store.look(listing) == News(new=(imported.info.trace_id,))

    store.client.delete_traces(store.source.experiment_id, trace_ids=[imported.info.trace_id])

    assert store.look(listing) == News(gone=(imported.info.trace_id,))


def test_with_a_filter_the_store_says_each_time_what_passes(store: Store) -> None:
    listing = Listing(store.source, "trace.status = 'IN_PROGRESS'")
    begun = running(9)
    store.write(begun)
    assert store.look(listing).new == (begun.info.trace_id,)
    ended = replace(begun, info=replace(begun.info, state="OK"))

    experiment_id = store.source.experiment_id
    store.client._tracing_client.start_trace(stores.info_entity(ended, experiment_id))

    assert store.look(listing) == News(gone=(begun.info.trace_id,))


def test_a_look_that_is_given_up_changes_nothing(store: Store, listing: Listing) -> None:
    before = listing.outlines
    record = made(9)
    store.write(record)
    assert listing.look(lambda: True) is before
    assert store.look(listing).new == (record.info.trace_id,)


def test_a_tag_on_an_old_trace_is_seen_when_all_are_listed_again(store: Store) -> None:
    now = [0.0]
    listing = Listing(store.source, clock=lambda: now[0])
    store.look(listing)
    store.write(made(9, EPOCH_MS + 20 * DAY_MS))
    store.look(listing)
    old = min(listing.outlines.values(), key=lambda each: each.start_ms).trace_id
    store.client.set_trace_tag(old, "region", "eu")
    assert not store.look(listing)

    now[0] += 600.0

    assert store.look(listing) == News(changed=(old,))

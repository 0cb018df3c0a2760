"""What was read comes into the cache: while reading goes on, and the rest when there is time for it."""

from __future__ import annotations

import pytest
from kept_records import OUTLINES, RECORDS, batch

from mlflow_analysis.features import keeper as keeper_module
from mlflow_analysis.features.cache import FeatureCache
from mlflow_analysis.features.keeper import Keeper


@pytest.fixture
def cache() -> FeatureCache:
    return FeatureCache("sqlite:///traces.db", "1")


def missing(cache: FeatureCache) -> int:
    return len(cache.load(OUTLINES).missing)


def read(cache: FeatureCache) -> Keeper:
    keeper = Keeper(cache)
    for record in RECORDS:
        keeper.add(batch(record))
    keeper.finish(OUTLINES, complete=True, stamp="today")
    return keeper


def test_the_rest_waits_until_it_is_asked_for(cache: FeatureCache) -> None:
    keeper = read(cache)
    keeper._writer.submit(int).result()
    assert missing(cache) == len(RECORDS)
    keeper.write_rest()
    keeper._writer.submit(int).result()
    assert missing(cache) == 0
    assert cache.listing("today") == OUTLINES
    keeper.close()


def test_the_rest_is_written_at_the_latest_in_the_end(cache: FeatureCache) -> None:
    read(cache).close()
    assert missing(cache) == 0
    assert cache.listing("today") == OUTLINES


def test_whole_parts_are_written_while_others_are_read(
    cache: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "PART_TRACES", 15)
    keeper = read(cache)
    keeper._writer.submit(int).result()
    assert missing(cache) == len(RECORDS) - 15
    keeper.close()

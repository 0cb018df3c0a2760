"""Features that were kept: found while a trace is as it was, never afterwards, whatever happened to the files."""

from __future__ import annotations

import logging
import multiprocessing
import os
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from kept_records import OUTLINES, RECORDS, batch, keep_one_by_one

from mlflow_analysis.features import cache as cache_module
from mlflow_analysis.features.build import features_of
from mlflow_analysis.features.cache import (
    SIZE_VARIABLE,
    FeatureCache,
    cache_bytes,
    cache_directory,
)
from mlflow_analysis.features.extract import EXTRACTION
from mlflow_analysis.records import TraceOutline
from mlflow_analysis.source import outline_of


@pytest.fixture
def cache() -> FeatureCache:
    return FeatureCache("sqlite:///traces.db", "1")


def missing(cache: FeatureCache, outlines: list[TraceOutline] = OUTLINES) -> list[str]:
    return [each.trace_id for each in cache.load(outlines).missing]


def test_what_was_kept_gives_the_same_tables(cache: FeatureCache) -> None:
    cache.keep([batch(*RECORDS[:7]), batch(*RECORDS[7:12])])
    cache.keep([batch(*RECORDS[12:])])
    cached = cache.load(OUTLINES)
    assert cached.missing == []
    kept, read = features_of(cached.batches), features_of([batch(*RECORDS)])
    pd.testing.assert_frame_equal(kept.spans.frame, read.spans.frame)
    for name in ("traces", "assessments", "attributes"):
        pd.testing.assert_frame_equal(getattr(kept, name), getattr(read, name))


def test_what_is_read_ahead_is_served_as_if_it_were_read_when_asked_for(
    cache: FeatureCache, caplog: pytest.LogCaptureFixture
) -> None:
    cache.keep([batch(*RECORDS[:7])])
    (damaged,) = cache.folder.glob("part-*")
    (damaged / "spans.parquet").write_bytes(b"no table")
    cache.keep([batch(*RECORDS[5:12])])
    with caplog.at_level(logging.WARNING):
        cache.read_ahead()
        cached = cache.load(OUTLINES[6:])
    assert [each.trace_id for each in OUTLINES[12:]] == [each.trace_id for each in cached.missing]
    kept = [trace_id for each in cached.batches for trace_id in each.traces["trace_id"].to_pylist()]
    assert kept == [each.trace_id for each in OUTLINES[6:12]]
    assert "damaged" in caplog.text
    cache.keep([batch(*RECORDS[12:])])  # is not what was read ahead
    assert missing(cache, OUTLINES[6:]) == []


def test_a_listing_is_served_under_its_stamp_alone(
    cache: FeatureCache, caplog: pytest.LogCaptureFixture
) -> None:
    outlines = [*OUTLINES, OUTLINES[0]._replace(trace_id="tr-é", duration_ms=None, session_id=None)]
    assert cache.listing("1") is None
    cache.keep_listing(outlines, "1")
    assert cache.listing("1") == outlines
    assert cache.listing("2") is None
    cache.keep_listing([], "2")
    assert (cache.listing("1"), cache.listing("2")) == (None, [])
    (kept,) = cache.folder.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert caplog.text == ""
    kept.write_bytes(b"no table")
    assert cache.listing("2") is None
    assert "damaged" in caplog.text


def test_another_experiment_or_store_has_a_cache_of_its_own(cache: FeatureCache) -> None:
    cache.keep([batch(*RECORDS)])
    assert len(missing(FeatureCache("sqlite:///traces.db", "2"))) == len(RECORDS)
    assert len(missing(FeatureCache("sqlite:///other.db", "1"))) == len(RECORDS)
    assert missing(FeatureCache("sqlite:///traces.db", "1")) == []


def test_a_changed_trace_is_read_again_and_then_found(cache: FeatureCache) -> None:
    cache.keep([batch(*RECORDS)])
    info = RECORDS[4].info
    changed = replace(RECORDS[4], info=replace(info, tags={"region": "apac"}))
    outlines = [*OUTLINES[:4], outline_of(changed.info), *OUTLINES[5:]]
    assert missing(cache, outlines) == [info.trace_id]
    cache.keep([batch(changed)])
    cached = cache.load(outlines)
    assert cached.missing == []
    assert features_of(cached.batches).attributes.loc[info.trace_id, "tag.region"] == "apac"
    assert missing(cache) == []  # as it was: still true of what was stored then


def test_a_trace_that_is_gone_is_not_served(cache: FeatureCache) -> None:
    cache.keep([batch(*RECORDS)])
    cached = cache.load(OUTLINES[3:])
    features = features_of(cached.batches)
    assert len(features.traces) == len(RECORDS) - 3
    assert not set(features.spans["trace_id"]) & {each.trace_id for each in OUTLINES[:3]}


def test_a_trace_that_is_gone_leaves_the_disk(cache: FeatureCache) -> None:
    cache.keep([batch(*RECORDS)])
    cache.tidy(OUTLINES[10:], complete=False)  # only some were asked for
    assert missing(cache) == []
    cache.tidy(OUTLINES[10:], complete=True)
    assert missing(cache) == [each.trace_id for each in OUTLINES[:10]]


def test_a_running_trace_is_not_kept(cache: FeatureCache) -> None:
    running = replace(RECORDS[0], info=replace(RECORDS[0].info, state="IN_PROGRESS"))
    cache.keep([batch(running, RECORDS[1])])
    outlines = [outline_of(running.info), OUTLINES[1]]
    assert missing(cache, outlines) == [running.info.trace_id]


@pytest.mark.parametrize("name", ["traces", "spans", "assessments", "attributes"])
@pytest.mark.parametrize("damage", [b"", b"PAR1 but no more", None])
def test_a_damaged_part_is_made_again(
    cache: FeatureCache, name: str, damage: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    cache.keep([batch(*RECORDS[:10])])
    (part,) = cache.folder.glob("part-*")
    cache.keep([batch(*RECORDS[10:])])
    file = part / f"{name}.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    with caplog.at_level(logging.WARNING):
        assert missing(cache) == [each.trace_id for each in OUTLINES[:10]]
    assert "damaged" in caplog.text
    cache.keep([batch(*RECORDS[:10])])
    assert missing(cache) == []


def test_parts_of_another_version_are_not_looked_at(
    cache: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.keep([batch(*RECORDS)])
    monkeypatch.setattr(cache_module, "EXTRACTION", EXTRACTION + 1)
    assert len(missing(FeatureCache("sqlite:///traces.db", "1"))) == len(RECORDS)


def test_many_parts_become_one(cache: FeatureCache) -> None:
    for record in RECORDS:
        cache.keep([batch(record)])
    cache.tidy(OUTLINES, complete=True)
    assert len(list(cache.folder.glob("part-*"))) == len(RECORDS)
    for record in RECORDS:
        cache.keep([batch(record)])
    cache.tidy(OUTLINES[:5], complete=False)
    assert len(list(cache.folder.glob("part-*"))) == 1
    cached = cache.load(OUTLINES)
    assert cached.missing == []
    assert len(features_of(cached.batches).traces) == len(RECORDS)


def test_two_processes_at_once_lose_and_double_nothing(
    cache: FeatureCache,
) -> None:
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(2)
    both = [
        context.Process(target=keep_one_by_one, args=(cache, some, OUTLINES, 4, start))
        for some in (RECORDS[:12], RECORDS[8:])
    ]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert [each.exitcode for each in both] == [0, 0]
    cached = cache.load(OUTLINES)
    traces = features_of(cached.batches).traces
    assert traces.index.is_unique
    assert len(traces) + len(cached.missing) == len(RECORDS)
    cache.keep([batch(*(r for r in RECORDS if r.info.trace_id not in traces.index))])
    assert missing(cache) == []


def test_the_experiments_used_longest_ago_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    caches = [FeatureCache("sqlite:///traces.db", str(number)) for number in range(3)]
    for age, each in zip((30, 10, 20), caches, strict=True):
        each.keep([batch(*RECORDS)])
        os.utime(each.folder, (1_000_000 - age, 1_000_000 - age))
    monkeypatch.setenv(SIZE_VARIABLE, str(cache_bytes() + 100))
    newest = FeatureCache("sqlite:///traces.db", "3")
    newest.keep([batch(*RECORDS)])
    newest.tidy(OUTLINES, complete=True)
    assert [each.folder.exists() for each in (*caches, newest)] == [False, True, True, True]
    caches[2].load(OUTLINES)  # used again
    monkeypatch.setenv(SIZE_VARIABLE, str(cache_bytes() - 100))
    FeatureCache("sqlite:///traces.db", "3").tidy(OUTLINES, complete=True)
    assert [each.folder.exists() for each in caches] == [False, False, True]


def test_the_size_has_to_be_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SIZE_VARIABLE, "2 GB")
    with pytest.raises(ValueError, match="Give a number of bytes"):
        FeatureCache("sqlite:///traces.db", "1")


def test_only_the_user_can_look_into_it(cache: FeatureCache) -> None:
    before = os.umask(0)
    try:
        cache.keep([batch(*RECORDS)])
    finally:
        os.umask(before)
    for path in [cache_directory(), *cache_directory().rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_nothing_of_the_address_shows_in_a_name(cache: FeatureCache) -> None:
    cache.keep([batch(*RECORDS)])
    names = " ".join(
        str(path.relative_to(cache_directory())) for path in Path(cache.folder).rglob("*")
    )
    assert "traces.db" not in names


def test_half_a_part_of_a_killed_process_is_swept_away(cache: FeatureCache) -> None:
    cache.keep([batch(*RECORDS)])
    old, young = cache.folder / "unfinished-a", cache.folder / "unfinished-b"
    for each in (old, young):
        each.mkdir()
    os.utime(old, (1_000_000, 1_000_000))
    cache.tidy(OUTLINES, complete=True)
    assert [old.exists(), young.exists()] == [False, True]


def test_what_goes_away_while_it_is_measured_counts_for_nothing(tmp_path: Path) -> None:
    """Another process puts parts in their place, or tidies up, whenever it likes."""
    for number in range(2_000):
        (tmp_path / f"part-{number}").mkdir()
    cleaner = threading.Thread(target=lambda: [each.rmdir() for each in tmp_path.iterdir()])
    cleaner.start()
    while cleaner.is_alive():
        assert cache_module._size(tmp_path) == 0
    cleaner.join()
    assert cache_module._size(tmp_path / "never-there") == 0

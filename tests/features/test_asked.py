"""What topics are formed of, as it was read, and topics that were formed before."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlflow_analysis.features import asked as asked_module
from mlflow_analysis.features.asked import asked_in
from mlflow_analysis.features.batch import batch_of
from mlflow_analysis.features.build import features_of
from mlflow_analysis.features.cache import FeatureCache
from mlflow_analysis.features.extract import extract
from mlflow_analysis.features.numbered import Numbered
from mlflow_analysis.records import TraceRecord
from trace_factory import model, tool, trace

RECORDS = [
    trace(
        model("answer"),
        request=f"How do I return the shoes that I bought on day {number}, by your return policy"
        if number % 2
        else f"What does shipping a parcel to city {number} cost, is the shipping price fixed",
        response="Within thirty days." if number % 2 else "Ten euros.",
        number=number,
    )
    for number in range(1, 81)
]


def labels_of(records: Sequence[TraceRecord], kept: FeatureCache, seed: int = 0) -> dict[str, str]:
    batches = [batch_of(list(map(extract, some))) for some in (records[:30], records[30:])]
    topics: dict[str, str] = features_of(batches, seed=seed, kept=kept).traces["topic"].to_dict()
    return topics


@pytest.fixture
def kept() -> FeatureCache:
    return FeatureCache("sqlite:///traces.db", "1")


@pytest.fixture
def formed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many requests there were each time that topics were formed."""
    times: list[int] = []
    form = asked_module.topics

    def counted(requests: tuple, answers: tuple, seed: int) -> np.ndarray:
        times.append(len(requests[0]))
        return form(requests, answers, seed)

    monkeypatch.setattr(asked_module, "topics", counted)
    return times


def test_what_is_answered_where_something_failed_is_no_answer() -> None:
    records = [
        trace(tool("search", status="ERROR"), response="It broke."),
        trace(tool("search"), response="Twelve."),
    ]
    codes, texts = asked_in(batch_of([extract(each) for each in records]), np.arange(2)).answers
    assert codes[0] == -1
    assert texts[int(codes[1])].as_py() == "Twelve."


@pytest.mark.skipif(sys.platform != "linux", reason="there is no copy of a process")
def test_a_copy_of_the_process_forms_topics_and_they_are_kept(
    kept: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told_by(requests: Numbered, answers: Numbered, seed: int) -> np.ndarray:
        return np.full(len(requests[0]), str(os.getpid()), dtype=object)

    monkeypatch.setattr(asked_module, "topics", told_by)
    formed, again = (
        features_of([batch_of(list(map(extract, RECORDS)))], kept=kept, in_two=True).traces["topic"]
        for _ in range(2)
    )
    assert set(formed) == set(again)
    assert set(formed) != {str(os.getpid())}


# ---- topics that were formed before ---------------------------------------------------------


def test_topics_are_formed_once_in_whatever_order_traces_are_read(
    kept: FeatureCache, formed: list[int]
) -> None:
    first = labels_of(RECORDS, kept)
    assert len(set(first.values())) == 2
    another = FeatureCache("sqlite:///traces.db", "1")
    assert labels_of(RECORDS[::-1], another) == first
    assert formed == [80]


def _of_a_text(records: list[TraceRecord]) -> list[TraceRecord]:
    return [trace(model("answer"), request="Hello", number=1), *records[1:]]


def _of_an_answer(records: list[TraceRecord]) -> list[TraceRecord]:
    failed = replace(records[0], info=replace(records[0].info, state="ERROR"))
    spans = tuple(replace(span, status="ERROR") for span in failed.spans)
    return [replace(failed, spans=spans), *records[1:]]


def _of_one_more(records: list[TraceRecord]) -> list[TraceRecord]:
    return [*records, trace(model("answer"), request="Hello", number=81)]


@pytest.mark.parametrize("change", [_of_a_text, _of_an_answer, _of_one_more])
def test_they_are_formed_anew_with_any_change(
    change: object, kept: FeatureCache, formed: list[int]
) -> None:
    labels_of(RECORDS, kept)
    changed = change(list(RECORDS))  # type: ignore[operator]
    labels_of(changed, kept)
    assert formed == [80, len(changed)]
    assert labels_of(RECORDS, kept)  # those of the change were kept in their place
    assert len(formed) == 3


@pytest.mark.parametrize("what", ["seed", "code", "library"])
def test_they_are_formed_anew_by_another_way_of_forming_them(
    what: str, kept: FeatureCache, formed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    labels_of(RECORDS, kept)
    if what == "code":
        monkeypatch.setattr(asked_module, "TOPICS", asked_module.TOPICS + 1)
    elif what == "library":
        monkeypatch.setattr(asked_module, "version", lambda name: "0")
    labels_of(RECORDS, kept, seed=int(what == "seed"))
    assert formed == [80, 80]


def test_a_damaged_file_costs_time_only(
    kept: FeatureCache, formed: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    first = labels_of(RECORDS, kept)
    (kept.folder / "topics.parquet").write_bytes(b"no table")
    assert labels_of(RECORDS, kept) == first
    assert "damaged" in caplog.text
    assert labels_of(RECORDS, kept) == first
    assert formed == [80, 80]


def test_a_folder_that_cannot_be_written_costs_time_only(
    kept: FeatureCache, formed: list[int], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    kept.folder = tmp_path / "file" / "folder"
    kept.folder.parent.write_text("in the way")
    with caplog.at_level(logging.WARNING):
        assert labels_of(RECORDS, kept) == labels_of(RECORDS, kept)
    assert "could not be kept" in caplog.text
    assert formed == [80, 80]


def test_no_texts_at_all_have_a_key_too(kept: FeatureCache) -> None:
    assert labels_of([], kept) == {}
    assert labels_of([trace(model("answer"), request="", response="", number=1)], kept)

"""Topics worked out in a process of their own: begun where it is worth it, and the same."""

from __future__ import annotations

import sys
from functools import partial

import pyarrow as pa

from mlflow_analysis.engine import topics_aside
from mlflow_analysis.features.asked import asked_in, topics_of
from mlflow_analysis.features.batch import batch_of
from mlflow_analysis.features.extract import extract
from trace_factory import tool, trace

REQUESTS = [
    text
    for n, word in enumerate(["details", "rules", "terms", "page"] * 10)
    for text in (
        f"How do I return shoes bought on day {n}, return policy {word}",
        f"Parcel {word} to city {n}",
    )
]
RECORDS = [
    trace(tool("search"), request=text, response=f"About {text.split()[0]}", number=number)
    for number, text in enumerate(REQUESTS, 1)
]


def test_it_is_begun_for_many_traces_and_more_than_one_worker_alone() -> None:
    few = topics_aside.FEWEST_TRACES - 1
    assert topics_aside.begun(few, 2) is None
    assert topics_aside.begun(few + 1, 1) is None
    aside = topics_aside.begun(few + 1, 2)
    assert aside is not None
    aside.close()


def _topics_and_what_was_loaded(asked: pa.Table) -> tuple[list[str], list[str]]:
    loaded = set(sys.modules)
    labels = topics_of(asked, 0).tolist()
    return labels, sorted({name.partition(".")[0] for name in set(sys.modules) - loaded})


def test_topics_are_the_same_there_and_nothing_is_left_to_be_loaded() -> None:
    asked = asked_in(batch_of([extract(each) for each in RECORDS]))
    aside = topics_aside.begun(topics_aside.FEWEST_TRACES, 2)
    assert aside is not None
    there, loaded = aside.begin(partial(_topics_and_what_was_loaded, asked))()
    aside.close()
    assert there == topics_of(asked, 0).tolist()
    assert len(set(there)) > 1
    assert not {"pandas", "sklearn"} & set(loaded)

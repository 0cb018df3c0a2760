"""Searches that find nothing, or nothing to the point."""

from typing import Any

import pytest

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.hypotheses.quality.retrieval_miss import RetrievalMiss
from mlflow_analysis.records import TraceRecord
from trace_factory import Planned, affected_traces, features_of, retriever, tool, trace

QUERY = "How long is the warranty of a kettle?"


def search(outputs: Any, query: Any = QUERY, **details: Any) -> Planned:
    return retriever("articles", inputs={"query": query}, outputs=outputs, **details)


def found(
    score: float = 0.9, text: str = "The warranty of every kettle lasts two years."
) -> list[Any]:
    return [{"page_content": text, "score": score}]


def usual(count: int = 30) -> list[TraceRecord]:
    """Hits with scores from 0.85 to 0.94."""
    return [trace(search(found(0.85 + n % 10 / 100))) for n in range(count)]


@pytest.mark.parametrize(
    ("outputs", "how"),
    [
        ([], "returned no document"),
        (found(0.31), "top score of 0.31; its median is 0.89"),
        (found(text="Opening hours on public holidays"), "without any content word"),
    ],
)
def test_fires_on_searches_that_miss(outputs: Any, how: str) -> None:
    missed = trace(search(outputs))
    (case,) = RetrievalMiss().cases(features_of(*usual(), missed))
    assert list(case.affected["trace_id"]) == [missed.info.trace_id]
    row = case.affected.iloc[0]
    assert how in row["rationale"] and "articles" in row["rationale"]
    assert "warranty" in row["excerpt"] and row["offset"] == -1
    assert row["span_id"] == missed.spans[1].span_id
    assert "1 ×" in case.statement


@pytest.mark.parametrize(
    "calls",
    [
        [search(found())],
        [search([], query="hi")],
        [search([], query="")],
        [retriever("articles", inputs={"query": QUERY, "top_k": 0}, outputs=[])],
        [search([]), search(found(), query="kettle warranty years")],
        [search([], status="ERROR", message="503 Service Unavailable")],
        [search(found(0.8))],
        [search(found(text="It closes at six"), query="opening hours")],
        [tool("lookup", inputs={"query": QUERY}, outputs=[])],
    ],
    ids=[
        "a hit",
        "a greeting needs none",
        "an empty query",
        "nothing asked for",
        "found by a retry",
        "a failed call",
        "a little lower",
        "too few words",
        "no retriever",
    ],
)
def test_other_searches_are_not_flagged(calls: list[Planned]) -> None:
    assert not affected_traces(RetrievalMiss(), features_of(*usual(), trace(*calls)))


def test_a_hit_before_does_not_make_the_miss_good() -> None:
    last = trace(search(found()), search([], query="kettle colours available"))
    assert affected_traces(RetrievalMiss(), features_of(last)) == {last.info.trace_id}


def test_a_retriever_that_never_shares_a_word_speaks_another_language() -> None:
    records = [trace(search(found(text="Zwei Jahre Garantie"))) for _ in range(20)]
    assert not affected_traces(RetrievalMiss(), features_of(*records))


def test_scores_are_held_against_the_same_retriever_only() -> None:
    other = [
        trace(retriever("vectors", inputs={"query": QUERY}, outputs=found(0.3 + n % 10 / 100)))
        for n in range(30)
    ]
    assert not affected_traces(RetrievalMiss(), features_of(*usual(), *other))


def test_it_takes_more_than_a_few_misses() -> None:
    few = [trace(search([])) for _ in range(4)]
    many = [trace(search([])) for _ in range(12)]
    assert not confirmed(RetrievalMiss(), features_of(*usual(96), *few))
    assert confirmed(RetrievalMiss(), features_of(*usual(88), *many))

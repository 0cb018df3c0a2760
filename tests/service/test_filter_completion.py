"""What is offered while a filter is typed: by place, from MLflow's own syntax and the traces that are loaded."""

from __future__ import annotations

from dataclasses import replace

import pytest

import stores
from mlflow_analysis.service.filter_completion import VALUES_KEPT, Vocabulary, suggestions
from mlflow_analysis.tracking.filter_syntax import fault_in
from trace_factory import trace


@pytest.fixture
def vocabulary() -> Vocabulary:
    found = Vocabulary()
    found.learn(record.info for record in stores.small_traces())
    return found


@pytest.mark.parametrize(
    ("text", "replaced", "first"),
    [
        ("trace.st", "trace.st", "trace.status "),
        ("stat", "stat", "trace.status "),
        ("reg", "reg", "tags.region "),
        ("tags.region ", "", "= "),
        ("tags.region il", "il", "ILIKE "),
        ("trace.text ", "", "LIKE "),
        ("tags.region = ", "", "'eu' "),
        ("tags.region='u", "'u", "'us' "),
        ("status = 'E", "'E", "'ERROR' "),
        ("trace.status IN ('OK', ", "", "'OK' "),
        ("tags.region IS ", "", "NULL "),
        ("tags.region = 'eu' ", "", "AND "),
        ("tags.region = 'eu' AND feed", "feed", "feedback.helpful "),
        ("feedback.helpful = ", "", "'false' "),
        ("tags.region = 'eu AND reg", "'eu AND reg", None),
        ("nonsense = 'x", "nonsense = 'x", None),
    ],
)
def test_what_is_offered(
    vocabulary: Vocabulary, text: str, replaced: str, first: str | None
) -> None:
    offer = suggestions(text, len(text), vocabulary)
    assert offer.words[:1] == ((first,) if first else ())
    assert text[offer.start : offer.end] == replaced or first is None


def test_only_what_stands_before_the_cursor_counts(vocabulary: Vocabulary) -> None:
    offer = suggestions("tags.re = 'eu'", len("tags.re"), vocabulary)
    assert (offer.start, offer.end, offer.words) == (0, 7, ("tags.region ",))


def test_following_the_offers_makes_a_filter_that_mlflow_takes(vocabulary: Vocabulary) -> None:
    text = "tags.re"
    for _ in range(3):
        offer = suggestions(text, len(text), vocabulary)
        text = text[: offer.start] + offer.words[0]
    assert text == "tags.region = 'eu' "
    assert fault_in(text) is None


def test_keys_with_odd_characters_are_quoted_and_mlflows_own_come_last() -> None:
    found = Vocabulary()
    found.learn([trace(number=1, tags={"my key": "1", "mlflow.x": "2", "zeta": "3"}).info])
    tags = [field for field in found.fields() if field.startswith("tags.")]
    assert tags == ["tags.`my key`", "tags.zeta", "tags.`mlflow.x`"]
    assert suggestions("tags.`my key` = ", 16, found).words == ("'1' ",)


def test_values_that_cannot_be_typed_are_not_offered_and_frequent_ones_come_first() -> None:
    found = Vocabulary()
    for value in ("rare", "it's", "two\nlines", "often", "often", "x" * 500):
        found.learn([trace(number=1, tags={"k": value}).info])
    assert suggestions("tags.k = ", 9, found).words == ("'often' ", "'rare' ")


def test_of_ids_only_some_are_kept() -> None:
    found = Vocabulary()
    plain = trace(number=1).info
    found.learn(replace(plain, tags={"id": str(number)}) for number in range(10 * VALUES_KEPT))
    assert len(found.values("tags.id")) == VALUES_KEPT

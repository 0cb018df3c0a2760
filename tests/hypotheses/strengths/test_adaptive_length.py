"""Long answers where much is asked, short ones where little is."""

import pytest

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.strengths.adaptive_length import AdaptiveLength
from mlflow_analysis.records import TraceRecord
from trace_factory import affected_traces, features_of, trace

NAMES = [
    f"{first}{second}" for first in "bdfgklmn" for second in ("ako", "elu", "ira", "osti", "umen")
]


def _records(to_simple: int, to_complex: int, names: list[str] = NAMES) -> list[TraceRecord]:
    """Two requests on each thing, with answers of about that many words."""
    return [
        record
        for number, name in enumerate(names)
        for record in (
            trace(
                request=f"Where is the {name}?",
                response=" ".join(["so"] * (to_simple + number % 7)),
            ),
            trace(
                request=f"Please explain step by step how the {name} is cleaned and kept.",
                response=" ".join(["so"] * (to_complex + number % 9)),
            ),
        )
    ]


def _features(to_simple: int, to_complex: int, names: list[str] = NAMES) -> Features:
    return features_of(*_records(to_simple, to_complex, names))


def test_fires_where_length_follows_the_request() -> None:
    records = _records(12, 90)
    features = features_of(*records)
    (case,) = confirmed(AdaptiveLength(), features)
    assert case.contrast is not None and case.contrast.effect.value > 0.6
    assert "15 words to 40 simple questions" in case.statement
    assert affected_traces(AdaptiveLength(), features) == {each.info.trace_id for each in records}
    row = case.affected.iloc[0]
    assert row["rationale"].startswith("A simple question of 4 words got an answer of 12;")
    assert records[0].spans[0].outputs["content"].startswith(row["excerpt"]) and row["offset"] == 0


def test_answers_of_one_length_are_not_claimed() -> None:
    assert not confirmed(AdaptiveLength(), _features(40, 40))


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        (_features(12, 90, NAMES[:14]), "only 28 different requests"),
        (_features(180, 400), "simple questions get 183 words"),
        (_features(60, 66), "the median answer has"),
    ],
    ids=["two wordings", "long with everyone", "a little longer"],
)
def test_it_is_not_decided(features: Features, reason: str) -> None:
    (case,) = AdaptiveLength().cases(features)
    assert reason in case.test_without_effect


def test_numbers_make_no_other_wording() -> None:
    features = features_of(
        *(trace(request=f"Where is parcel {number}?", response="There.") for number in range(40))
    )
    (case,) = AdaptiveLength().cases(features)
    assert "only 1 different requests" in case.test_without_effect

"""Conversations that carry more input with every turn."""

from collections.abc import Sequence

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.performance.token_growth import TokenGrowth
from trace_factory import affected_traces, features_of, model, trace


def _sessions(tokens: Sequence[int], count: int = 10) -> Features:
    return features_of(
        *(trace(model(tokens=(each, 50)), session=f"s{n}") for n in range(count) for each in tokens)
    )


def test_fires_when_every_turn_sends_more() -> None:
    features = _sessions([600, 1300, 2100, 3000])
    (case,) = confirmed(TokenGrowth(), features)
    assert case.affected["unit"].nunique() == 10
    assert "Turn 4 sends 3000 input tokens" in case.affected["rationale"].iloc[0]
    assert case.tokens_lost == 10 * (700 + 1500 + 2400)


def test_one_long_request_is_not_flagged() -> None:
    assert not affected_traces(TokenGrowth(), _sessions([900, 6000, 800, 1900, 700]))


def test_small_histories_are_not_flagged() -> None:
    assert not affected_traces(TokenGrowth(), _sessions([100, 200, 300, 400]))


def test_two_turns_are_not_eligible() -> None:
    assert TokenGrowth().eligible(_sessions([600, 3000])).empty


def test_a_few_growing_sessions_are_not_confirmed() -> None:
    growing = [trace(model(tokens=(each, 50)), session="long") for each in (600, 1300, 2100)]
    steady = [trace(model(tokens=(800, 50)), session=f"s{n}") for n in range(20) for _ in range(3)]
    features = features_of(*growing, *steady)
    assert len(TokenGrowth().affected(features)) == 1
    assert not confirmed(TokenGrowth(), features)

"""Conversations that carry more input with every turn."""

from collections.abc import Sequence

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.performance.token_growth import TokenGrowth
from mlflow_analysis.records import TraceRecord
from trace_factory import affected_traces, features_of, model, trace


def _sessions(tokens: Sequence[int], count: int = 10) -> Features:
    return features_of(
        *(trace(model(tokens=(each, 50)), session=f"s{n}") for n in range(count) for each in tokens)
    )


def test_fires_when_every_turn_sends_more() -> None:
    features = _sessions([600, 1300, 2100, 3000])
    (case,) = confirmed(TokenGrowth(), features)
    assert case.affected["unit"].nunique() == 10
    assert "Turn 4 sends 3,000 input tokens" in case.affected["rationale"].iloc[0]
    assert case.tokens_spared is not None
    assert case.tokens_spared.sum() == 10 * (700 + 1500 + 2400)


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


def _cached(share: float) -> Features:
    def turn(tokens: int, session: str) -> TraceRecord:
        usage = {
            "input_tokens": tokens,
            "output_tokens": 50,
            "total_tokens": tokens + 50,
            "cache_read_input_tokens": tokens * share,
        }
        details = {
            "mlflow.chat.tokenUsage": usage,
            "mlflow.llm.cost": {"input_cost": tokens * 1e-5},
        }
        return trace(model(tokens=None, attributes=details), session=session)

    return features_of(*(turn(t, f"s{n}") for n in range(10) for t in (600, 1300, 2100, 3000)))


def test_growth_that_the_cache_pays_for_is_not_flagged() -> None:
    assert not affected_traces(TokenGrowth(), _cached(0.5))
    assert len(affected_traces(TokenGrowth(), _cached(0.4))) == 10


def test_cached_tokens_that_are_counted_beside_the_input_are_understood() -> None:
    assert not affected_traces(TokenGrowth(), _cached(3.0))


def test_money_is_the_cost_of_the_input_beyond_the_first_turns() -> None:
    (case,) = TokenGrowth().cases(_cached(0.1))
    assert case.money_spared is not None
    assert round(case.money_spared.sum(), 6) == round(10 * (700 + 1500 + 2400) * 1e-5, 6)

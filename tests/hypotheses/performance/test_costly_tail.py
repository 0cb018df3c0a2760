"""Few traces that use most of the tokens."""

import numpy as np
import pytest

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.performance.costly_tail import CostlyTail
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.statistics.concentration import top_share
from trace_factory import features_of, model, trace


def _tokens(counts: np.ndarray) -> Features:
    return features_of(*(trace(model(tokens=(int(count), 0))) for count in counts))


def test_the_effect_is_the_share_of_the_top_tenth() -> None:
    counts = np.full(100, 500)
    counts[:10] = 20_000
    (case,) = CostlyTail().cases(_tokens(counts))
    assert case.contrast is not None
    assert case.contrast.effect.value == pytest.approx(200_000 / 245_000)
    assert set(case.affected["excerpt"]) == {"20,000 tokens"}
    assert case.tokens_spared is not None and case.tokens_spared.sum() == 10 * 19_500


def test_fires_when_a_tenth_uses_most() -> None:
    counts = np.full(300, 500)
    counts[:40] = 20_000
    assert confirmed(CostlyTail(), _tokens(counts))


@pytest.mark.parametrize("sigma", [0.5, 1.0])
def test_an_ordinary_spread_is_not_flagged(sigma: float) -> None:
    draw = np.random.default_rng(2)
    assert not confirmed(CostlyTail(), _tokens(800 * np.exp(draw.normal(0, sigma, 300))))


def test_few_traces_decide_nothing() -> None:
    (case,) = CostlyTail().cases(_tokens(np.full(10, 100)))
    assert "fewer than 50" in case.test_without_effect


def test_cost_is_a_case_of_its_own_where_it_was_recorded() -> None:
    def answered(dollars: float) -> TraceRecord:
        return trace(model(attributes={"mlflow.llm.cost": {"total_cost": dollars}}))

    features = features_of(*(answered(0.9 if n < 15 else 0.01) for n in range(120)))
    tokens, cost = CostlyTail().cases(features)
    assert (tokens.subject, cost.subject) == ("", "cost")
    assert tokens.contrast is not None and cost.contrast is not None
    assert tokens.contrast.effect.value == pytest.approx(0.1)
    assert cost.contrast.effect.value == pytest.approx(12 * 0.9 / (15 * 0.9 + 1.05))
    assert cost.money_spared is not None
    assert cost.money_spared.sum() == pytest.approx(12 * 0.89)
    assert [case.subject for case in confirmed(CostlyTail(), features)] == ["cost"]


def test_the_interval_holds_for_more_sessions_than_are_resampled_one_by_one() -> None:
    draw = np.random.default_rng(4)
    values = np.exp(draw.normal(0, 1.2, 3_000))
    value, (low, high) = top_share(values, np.arange(3_000), 0.1, 0)
    same, (few_low, few_high) = top_share(values[:900], np.arange(900), 0.1, 0)
    assert low < value < high and few_low < same < few_high
    # a third of the spread's square for three times the units, give or take chance
    assert 1.2 < (few_high - few_low) / (high - low) < 2.6

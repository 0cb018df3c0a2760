"""Few traces that use most of the tokens."""

import numpy as np
import pytest

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.performance.costly_tail import CostlyTail
from trace_factory import features_of, model, trace


def _tokens(counts: np.ndarray) -> Features:
    return features_of(*(trace(model(tokens=(int(count), 0))) for count in counts))


def test_the_effect_is_the_share_of_the_top_tenth() -> None:
    counts = np.full(100, 500)
    counts[:10] = 20_000
    (case,) = CostlyTail().cases(_tokens(counts))
    assert case.contrast is not None
    assert case.contrast.effect.value == pytest.approx(200_000 / 245_000)
    assert set(case.affected["excerpt"]) == {"20000 tokens"}
    assert case.tokens_lost == 10 * 19_500


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

"""First calls that take longer than the next."""

import numpy as np
import pytest

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.performance.cold_start import ColdStart
from trace_factory import features_of, tool, trace


def _sessions(first_ms: float, later_ms: float, count: int = 20, seed: int = 0) -> Features:
    draw = np.random.default_rng(seed)
    return features_of(
        *(
            trace(
                tool(
                    "search",
                    ms=(later_ms if turn else first_ms) * float(np.exp(draw.normal(0, 0.3))),
                ),
                session=f"s{n}",
            )
            for n in range(count)
            for turn in range(4)
        )
    )


def test_fires_when_first_calls_take_longer() -> None:
    features = _sessions(2000, 500)
    (case,) = confirmed(ColdStart(), features)
    assert case.subject == "search"
    assert case.contrast is not None and 3 < case.contrast.effect.value < 5
    assert case.affected["unit"].nunique() >= 18
    first_turns = set(features.traces.index[features.traces["turn"] == 1])
    assert set(case.affected["trace_id"]) <= first_turns


@pytest.mark.parametrize("seed", range(4))
def test_equal_calls_are_not_flagged(seed: int) -> None:
    assert not confirmed(ColdStart(), _sessions(500, 500, seed=seed))


def test_differences_nobody_feels_are_not_flagged() -> None:
    assert not confirmed(ColdStart(), _sessions(40, 10))


def test_few_sessions_decide_nothing() -> None:
    (case,) = ColdStart().cases(_sessions(2000, 500, count=5))
    assert case.test_without_effect == "fewer than 12 sessions call search twice or more"

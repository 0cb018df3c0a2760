"""A tail of traces that are slower than the rest can explain."""

import numpy as np
import pytest

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.performance.latency_outliers import LatencyOutliers
from mlflow_analysis.timing.replay import Replay
from trace_factory import features_of, model, trace


def _durations(milliseconds: np.ndarray) -> Features:
    return features_of(*(trace(model(ms=float(ms))) for ms in milliseconds))


def test_fires_on_a_heavy_tail() -> None:
    draw = np.random.default_rng(3)
    durations = 1000 * np.exp(draw.normal(0, 0.4, 300))
    durations[::10] = 20_000
    features = _durations(durations)

    (case,) = confirmed(LatencyOutliers(), features)

    slow = set(features.traces.index[features.traces["duration_ms"] > 19_000])
    assert slow <= set(case.affected["trace_id"])
    assert len(case.affected) < len(slow) + 10
    assert "20.0 s" in case.affected["rationale"].iloc[0]


@pytest.mark.parametrize("sigma", [0.3, 0.6, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_regular_spread_is_not_flagged_however_wide(sigma: float, seed: int) -> None:
    draw = np.random.default_rng(seed)
    assert not confirmed(LatencyOutliers(), _durations(1000 * np.exp(draw.normal(0, sigma, 200))))


def test_a_slow_kind_that_is_a_large_part_is_not_flagged() -> None:
    draw = np.random.default_rng(5)
    durations = np.where(draw.random(200) < 0.4, 8000, 1000) * np.exp(draw.normal(0, 0.3, 200))
    assert not confirmed(LatencyOutliers(), _durations(durations))


def test_few_traces_decide_nothing() -> None:
    (case,) = LatencyOutliers().cases(_durations(np.full(20, 1000.0)))
    assert "fewer than 100" in case.test_without_effect


def test_equal_durations_are_not_flagged() -> None:
    assert not confirmed(LatencyOutliers(), _durations(np.full(120, 1000.0)))


def test_longer_paths_that_many_take_are_not_flagged() -> None:
    draw = np.random.default_rng(6)
    features = features_of(
        *(
            trace(
                *(
                    model(ms=1000 * float(np.exp(draw.normal(0, 0.2))))
                    for _ in range(8 if n % 7 == 0 else 1)
                )
            )
            for n in range(210)
        )
    )
    assert not confirmed(LatencyOutliers(), features)


def test_rare_long_paths_are_flagged() -> None:
    draw = np.random.default_rng(7)
    features = features_of(
        *(
            trace(
                *(
                    model(ms=1000 * float(np.exp(draw.normal(0, 0.2))))
                    for _ in range(12 + n // 12 if n % 12 == 0 else 1)
                )
            )
            for n in range(210)
        )
    )
    assert confirmed(LatencyOutliers(), features)


def test_mending_cuts_the_slow_calls_to_what_is_usual_elsewhere() -> None:
    draw = np.random.default_rng(3)
    durations = 1000 * np.exp(draw.normal(0, 0.4, 300))
    durations[::10] = 20_000
    features = _durations(durations)
    (case,) = LatencyOutliers().cases(features)
    assert case.mended is not None
    saved = Replay(features.spans.frame, features.traces).saved_ms(case.mended)
    affected = features.traces.index.isin(case.affected["trace_id"])
    usual = np.quantile(features.traces["duration_ms"][~affected], 0.95)
    after = features.traces["duration_ms"].to_numpy() - saved
    assert np.allclose(after[affected], usual, atol=0.1) and not saved[~affected].any()

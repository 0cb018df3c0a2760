"""First calls that take longer than the next."""

import numpy as np
import pytest

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.performance.cold_start import ColdStart
from trace_factory import EPOCH_MS, features_of, tool, trace


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


def _paused(pause_ms: float, cold_ms: float) -> Features:
    """Four calls a session, a minute apart but for one pause; after it the call takes ``cold_ms``."""
    draw = np.random.default_rng(3)
    records = []
    for number in range(20):
        at = float(EPOCH_MS) + number * 7_200_000
        for turn in range(4):
            at += pause_ms if turn == 2 else 60_000
            ms = (cold_ms if turn in (0, 2) else 500) * float(np.exp(draw.normal(0, 0.2)))
            records.append(trace(tool("search", ms=ms), session=f"s{number}", start_ms=at))
    return features_of(*records)


def test_a_call_after_a_pause_counts_as_cold() -> None:
    (after_pause,) = ColdStart().cases(_paused(1_200_000, 2_000))
    (without,) = ColdStart().cases(_paused(60_000, 2_000))
    assert after_pause.contrast is not None and without.contrast is not None
    assert after_pause.contrast.effect.value == pytest.approx(4, rel=0.15)
    # taken for a later one, the slow third call would hide half of it
    assert without.contrast.effect.value < 3
    assert after_pause.mended is not None and len(after_pause.mended.durations) == 40


def test_without_sessions_the_calls_of_a_trace_are_compared() -> None:
    draw = np.random.default_rng(3)
    records = [
        trace(
            *(
                tool("search", ms=ms * float(np.exp(draw.normal(0, 0.2))))
                for ms in (2_000, 500, 500)
            )
        )
        for _ in range(20)
    ]
    (case,) = confirmed(ColdStart(), features_of(*records))
    assert set(case.affected["trace_id"]) == {record.info.trace_id for record in records}

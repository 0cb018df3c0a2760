"""Durations that were made up are recognised, those of a constant cache are not taken for it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mlflow_analysis.evidence.weighing import conclude
from mlflow_analysis.features.tables import Field
from mlflow_analysis.findings.kinds import Verdict
from mlflow_analysis.hypotheses.performance.slow_tool import SlowTool
from mlflow_analysis.timing.clock import look_measured
from trace_factory import features_of, model, tool, trace


def _columns(**durations: list[float]) -> tuple[pd.Series, pd.Series]:
    names = [name for name, values in durations.items() for _ in values]
    return pd.Series(names, dtype=object), pd.Series(
        [ms for each in durations.values() for ms in each], dtype=float
    )


def _varied(count: int, seed: int = 0) -> list[float]:
    return list(100 * np.exp(np.random.default_rng(seed).normal(0, 0.5, count)))


def test_one_value_for_each_operation_looks_synthetic() -> None:
    assert not look_measured(*_columns(search=[500.0] * 20, model=[2_000.0] * 20))


def test_a_few_that_differ_do_not_make_it_measured() -> None:
    assert not look_measured(*_columns(search=[500.0] * 15 + _varied(5), model=[1_000.0] * 20))


def test_a_constant_fast_cache_among_operations_that_vary_is_measured() -> None:
    assert look_measured(*_columns(cache=[1.0] * 500, model=_varied(20)))


def test_a_millisecond_clock_is_measured() -> None:
    assert look_measured(*_columns(model=list(np.round(_varied(200)))))


def test_few_calls_and_none_say_nothing() -> None:
    assert look_measured(*_columns(search=[500.0] * 9))
    assert look_measured(*_columns(search=[float("nan")] * 50))
    assert look_measured(*_columns())


def test_claims_about_latency_are_not_testable_on_made_up_durations() -> None:
    features = features_of(*[trace(model(ms=500), tool("search", ms=9_000)) for _ in range(30)])
    assert Field.DURATIONS_MEASURED not in features.present
    (finding,), _ = conclude([SlowTool()], features)
    assert finding.verdict is Verdict.NOT_TESTABLE
    assert "Durations look synthetic" in finding.reason


def test_they_are_testable_where_only_a_cache_is_constant() -> None:
    features = features_of(
        *[trace(model(ms=ms), tool("cache", ms=1)) for ms in _varied(30)],
    )
    assert Field.DURATIONS_MEASURED in features.present
    findings, _ = conclude([SlowTool()], features)
    assert all("synthetic" not in finding.reason for finding in findings)

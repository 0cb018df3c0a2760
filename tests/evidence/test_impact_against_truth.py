"""What a replay predicts, against the same traffic generated without the fault."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_analysis.demo import faults
from mlflow_analysis.demo.faults import Fault
from mlflow_analysis.demo.scenario import generate
from mlflow_analysis.evidence.impact import impact
from mlflow_analysis.evidence.prevalence import places_in
from mlflow_analysis.features.build import build_features
from mlflow_analysis.features.extract import extract
from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.catalogue import by_id

_TRACES = 1_200


def _features(*planted: Fault) -> Features:
    records = generate(2, _TRACES, planted)
    return build_features([extract(record) for record in records], with_topics=False)


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    """Seconds of each trace where nothing is wrong."""
    return _features().traces["duration_ms"].to_numpy(dtype=float) / 1000


@pytest.mark.parametrize(
    ("fault", "hypothesis", "subject"),
    [
        (faults.FAR_INVENTORY, "slow-tool", "inventory_check"),
        (faults.ONE_BY_ONE, "sequential-calls", ""),
        (faults.SEARCH_LOOP, "repeated-call", ""),
        (faults.QUOTE_TIMEOUT, "timeout", ""),
        (faults.FAR_INVENTORY, "latency-outliers", ""),
    ],
)
def test_p95_is_predicted_within_five_percent_and_the_saving_not_overstated(
    fault: Fault, hypothesis: str, subject: str, truth: np.ndarray
) -> None:
    features, claim = _features(fault), by_id(hypothesis)
    (case,) = [each for each in claim.cases(features) if each.subject == subject]
    found = impact(
        claim, case, places_in(features.traces.index, case.affected["trace_id"]), features
    )
    assert found.retimed is not None and found.seconds is not None
    before = features.traces["duration_ms"].to_numpy(dtype=float) / 1000
    assert found.retimed.p95_before_s == pytest.approx(np.percentile(before, 95))
    assert found.retimed.p95_after_s == pytest.approx(np.percentile(truth, 95), rel=0.05)
    assert found.retimed.p50_after_s == pytest.approx(np.percentile(truth, 50), rel=0.05)
    assert 0.3 * (before.sum() - truth.sum()) < found.seconds < before.sum() - truth.sum()

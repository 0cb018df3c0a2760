"""On ordinary traffic no issue about time, tokens or answers is confirmed."""

from functools import cache

import pytest

from hypotheses.ordinary_traffic import confirmed, ordinary_traffic
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.kinds import Category
from mlflow_analysis.hypotheses.base import Hypothesis
from mlflow_analysis.hypotheses.catalogue import catalogue

ISSUES = [each for each in catalogue() if each.category in (Category.PERFORMANCE, Category.QUALITY)]
_of_seed = cache(ordinary_traffic)


@pytest.fixture(scope="module", params=range(3))
def traffic(request: pytest.FixtureRequest) -> Features:
    return _of_seed(request.param)


@pytest.mark.parametrize("hypothesis", ISSUES, ids=lambda each: each.id)
def test_quiet_on_ordinary_traffic(hypothesis: Hypothesis, traffic: Features) -> None:
    if hypothesis.needs <= traffic.present:
        assert not confirmed(hypothesis, traffic)

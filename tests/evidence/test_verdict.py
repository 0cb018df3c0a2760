"""From count and interval to a verdict, for what is plainly recorded."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from mlflow_analysis.evidence.prevalence import Prevalence, prevalence
from mlflow_analysis.evidence.verdict import rule_on
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.kinds import Category, Verdict
from mlflow_analysis.hypotheses.base import Case, Hypothesis, Rule, affected_rows
from trace_factory import features_of, trace


class _Recorded(Hypothesis):
    """Something is recorded."""

    id: ClassVar[str] = "recorded"
    title: ClassVar[str] = "Recorded"
    category: ClassVar[Category] = Category.QUALITY
    rule: ClassVar[Rule] = Rule.FACT

    def eligible(self, features: Features) -> pd.Index:
        return features.complete.index

    def affected(self, features: Features) -> pd.DataFrame:
        return affected_rows(features.complete.index[:1], features.complete.index[:1], "", "", "")


class _Leak(_Recorded):
    """One is enough."""

    fewest_units: ClassVar[int] = 1


def _ruled(hypothesis: Hypothesis, fewest_units: int | None) -> tuple[Verdict, str]:
    features = features_of(*(trace(number=number + 1) for number in range(150)))
    case = Case(
        hypothesis.eligible(features), hypothesis.affected(features), fewest_units=fewest_units
    )
    counted: Prevalence = prevalence(hypothesis, case, features)
    ruled = rule_on(hypothesis, case, counted, None)
    return ruled.verdict, ruled.reason


def test_traces_are_named_by_their_ids_or_by_their_places() -> None:
    features = features_of(
        *(trace(number=number + 1, session=f"s{number % 7}") for number in range(30))
    )
    some = np.arange(0, 30, 2)
    affected = affected_rows(features.traces.index[:5], features.traces.index[:5], "", "", "")
    by_id, by_place = (
        prevalence(_Recorded(), Case(eligible, affected), features)
        for eligible in (features.traces.index[some], pd.Index(some))
    )
    assert (by_place.affected, by_place.eligible) == (3, 15)
    assert list(by_place.units) == list(by_id.units)
    assert list(by_place.shows) == list(by_id.shows)
    assert (by_place.interval, by_place.design_effect) == (by_id.interval, by_id.design_effect)


@pytest.mark.parametrize(
    ("hypothesis", "fewest_units", "verdict", "told"),
    [
        (_Recorded(), None, Verdict.INCONCLUSIVE, "up to"),
        (_Leak(), None, Verdict.CONFIRMED, "one is enough"),
        (_Recorded(), 1, Verdict.CONFIRMED, "one is enough"),
        (_Leak(), 3, Verdict.INCONCLUSIVE, "up to"),
    ],
)
def test_one_unit_of_many_is_a_fact_only_where_it_is_said_so(
    hypothesis: Hypothesis, fewest_units: int | None, verdict: Verdict, told: str
) -> None:
    found, reason = _ruled(hypothesis, fewest_units)
    assert found is verdict
    assert "1 of 150 traces" in reason
    assert told in reason

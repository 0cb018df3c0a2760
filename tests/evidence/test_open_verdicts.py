"""Verdicts with reasons that are sentences, how many units would decide, and all tests counted."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info

from mlflow_analysis.evidence.prevalence import Prevalence
from mlflow_analysis.evidence.verdict import rule_on
from mlflow_analysis.evidence.weighing import Weighing, conclude
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.kinds import Verdict
from mlflow_analysis.hypotheses.base import Case, Contrast, affected_rows
from mlflow_analysis.hypotheses.catalogue import by_id
from mlflow_analysis.hypotheses.quality.truncated_response import TruncatedResponse
from mlflow_analysis.statistics.contrasts import reversed_strata
from mlflow_analysis.statistics.intervals import wilson
from mlflow_analysis.statistics.power import (
    units_beyond_chance,
    units_to_decide,
    units_to_measure,
)
from trace_factory import features_of, tool, trace

NOBODY = affected_rows([], [], "", "", "")  # type: ignore[arg-type]


def counted(affected: int, eligible: int) -> Prevalence:
    shows = np.arange(eligible) < affected
    cluster = np.arange(eligible).astype(object)
    return Prevalence(pd.Index(range(eligible)), shows, cluster, 1.0, wilson(affected, eligible))


def effect(value: float, low: float, high: float, p_value: float | None = None) -> Case:
    contrast = Contrast(Effect("difference of failure rates", value, (low, high)), p_value)
    return Case(pd.Index(range(200)), NOBODY, contrast=contrast)


def test_an_open_share_says_what_would_decide_it() -> None:
    ruled = rule_on(by_id("failing-assessment"), Case(pd.Index([]), NOBODY), counted(3, 40), None)
    threshold = by_id("failing-assessment").minimum_effect
    assert ruled.verdict is Verdict.INCONCLUSIVE
    assert ruled.needs_more == units_to_decide(3, 40, threshold)
    assert ruled.needs_more


def test_an_open_effect_says_what_would_decide_it() -> None:
    ruled = rule_on(by_id("unreliable-tool"), effect(0.12, 0.01, 0.23, 0.03), counted(9, 200), 0.04)
    assert ruled.verdict is Verdict.INCONCLUSIVE
    assert ruled.needs_more == units_to_measure(200, 0.12, (0.01, 0.23), 0.05)
    assert "0.05 is what would matter" in ruled.reason


def test_an_effect_that_chance_may_explain_says_so() -> None:
    ruled = rule_on(by_id("unreliable-tool"), effect(0.2, 0.06, 0.34, 0.03), counted(9, 200), 0.3)
    assert ruled.verdict is Verdict.INCONCLUSIVE
    assert "but q = 0.3 does not rule out chance" in ruled.reason
    assert ruled.needs_more == units_beyond_chance(200, 0.03, 0.01)


@pytest.mark.parametrize(
    ("case", "shown", "q_value"),
    [
        (effect(0.2, 0.1, 0.3, 0.001), counted(9, 200), 0.01),
        (effect(0.2, 0.1, 0.3, 0.1), counted(9, 200), 0.4),
        (effect(0.0, -0.02, 0.02, 0.9), counted(9, 200), 0.9),
        (effect(0.1, -0.1, 0.3, 0.2), counted(9, 200), 0.4),
        (Case(pd.Index([]), NOBODY), counted(0, 0), None),
        (Case(pd.Index([]), NOBODY), counted(5, 50), None),
        (Case(pd.Index([]), NOBODY, test_without_effect="only 2 traces"), counted(0, 2), None),
    ],
)
def test_every_reason_is_a_sentence(case: Case, shown: Prevalence, q_value: float | None) -> None:
    reason = rule_on(by_id("unreliable-tool"), case, shown, q_value).reason
    assert reason.endswith(".")
    assert "nan" not in reason


@pytest.mark.parametrize(("q_value", "told"), [(0.0, "q < 0.001"), (0.0123, "q = 0.012")])
def test_no_q_is_said_to_be_zero(q_value: float, told: str) -> None:
    ruled = rule_on(by_id("unreliable-tool"), effect(0.2, 0.1, 0.3), counted(9, 200), q_value)
    assert ruled.verdict is Verdict.CONFIRMED
    assert ruled.reason.endswith(f", above 0.05, {told}.")


@pytest.mark.parametrize(
    ("hypothesis", "enough"),
    [("rate-limited", "3 spans or 1% are enough."), ("sensitive-data-exposed", "one is enough.")],
)
def test_a_fact_names_the_units_that_are_enough(hypothesis: str, enough: str) -> None:
    ruled = rule_on(by_id(hypothesis), Case(pd.Index([]), NOBODY), counted(5, 50), None)
    assert ruled.verdict is Verdict.CONFIRMED
    assert ruled.reason.endswith(f"; {enough}")


def test_every_test_that_was_run_is_counted_once() -> None:
    records = [
        trace(
            tool("crm", outputs="503 Service Unavailable" if n % 5 == 0 else "ok"),
            user=f"user-{n % 4}",
            number=n,
        )
        for n in range(1, 101)
    ]
    features = features_of(*records)
    chosen = [by_id(name) for name in ("api-failure", "rate-limited", "truncated-response")]
    weighing = Weighing(features)
    for hypothesis in chosen:
        weighing.add(hypothesis)
    _, together = weighing.conclude()
    assert together == sum(conclude([each], features)[1] for each in chosen)
    assert together > 0


class Watched(TruncatedResponse):
    """Looks at what its cases hold, and at how many threads sum while they are made."""

    def __init__(self) -> None:
        self.held: list[weakref.ref[pd.Index]] = []
        self.threads: set[int] = set()

    def cases(self, features: Features) -> Iterable[Case]:
        self.threads |= {each["num_threads"] for each in threadpool_info()}
        for case in super().cases(features):
            self.held.append(weakref.ref(case.eligible))
            yield case


def test_tables_are_let_go_once_a_hypothesis_is_weighed() -> None:
    features = features_of(
        *(trace(response="So:\n```python\nx = 1", number=n) for n in range(1, 41))
    )
    watched, weighing = Watched(), Weighing(features)
    weighing.add(watched)
    gc.collect()
    assert [held() for held in watched.held] == [None]
    (found,), _ = weighing.conclude()
    assert found.affected == len(found.assessments) == 40


def test_small_sums_are_made_by_one_thread() -> None:
    watched = Watched()
    Weighing(features_of(trace(response="Yes."))).add(watched)
    assert watched.threads == {1}


def test_a_sign_that_flips_in_a_stratum_is_named() -> None:
    # with the attribute 80 of 100 and 2 of 100 are affected, without it 20 of 100 and 60 of 100
    blocks = [("a", True, 80), ("b", True, 2), ("a", False, 20), ("b", False, 60)]
    strata = np.repeat([name for name, _, _ in blocks], 100).astype(object)
    group = np.repeat([has for _, has, _ in blocks], 100)
    outcome = np.concatenate([np.arange(100) < affected for _, _, affected in blocks])
    assert reversed_strata(outcome, group, strata) == ["b"]
    assert reversed_strata(outcome, ~group, strata) == ["a"]
    assert reversed_strata(outcome, group, np.full(400, "", dtype=object)) == []


def test_a_cause_that_is_none_in_one_topic_says_so() -> None:
    records, topics = [], []
    worse_with_new = [(name, 24, 5) for name in ("refund", "order", "login", "price")]
    cells = [
        (topic, release, affected)
        for topic, new, old in (*worse_with_new, ("delivery", 0, 14))
        for release, affected in (("new", new), ("old", old))
    ]
    for topic, release, affected in cells:
        for place in range(40):
            topics.append(topic)
            answer = "503 Service Unavailable" if place < affected else "ok"
            records.append(
                trace(tool("crm", outputs=answer), tags={"release": release}, number=len(topics))
            )
    features = features_of(*records)
    features.traces["topic"] = topics
    (found,) = conclude([by_id("api-failure")], features)[0]
    mechanism = next(
        each.mechanism
        for each in found.root_causes
        if (each.attribute, each.value) == ("app_version", "new")
    )
    assert mechanism == (
        "associated with app_version = new; but the other way round for the topic delivery"
    )

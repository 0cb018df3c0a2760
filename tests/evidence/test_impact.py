"""What mending would give: seconds by replay, traces rescued, tokens, money, and the rank."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mlflow_analysis.evidence.impact import impact, in_rank_order
from mlflow_analysis.evidence.prevalence import Places, places_in
from mlflow_analysis.evidence.weighing import conclude
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.impact import Impact
from mlflow_analysis.findings.kinds import Category, Severity
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.operational.authentication_failure import AuthenticationFailure
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.statistics.totals import lower_total
from mlflow_analysis.timing.replay import Mend
from trace_factory import features_of, model, tool, trace


class _Slow(Hypothesis):
    """Searches are slow."""

    id, title, category, severity = "slow", "Slow", Category.PERFORMANCE, Severity.MEDIUM

    def eligible(self, features: Features) -> pd.Index:
        return features.complete.index

    def affected(self, features: Features) -> pd.DataFrame:
        calls = features.calls[features.calls["tool"] == "search"]
        return affected_rows(calls["trace_id"], calls["trace_id"], calls["span_id"], "", "slow")


def _records(count: int = 40, slow_every: int = 4) -> list[TraceRecord]:
    draw = np.random.default_rng(5)
    return [
        trace(
            model(ms=float(500 * np.exp(draw.normal(0, 0.3)))),
            *([tool("search", ms=3_000.0 + number)] if number % slow_every == 0 else []),
            ms=None,
        )
        for number in range(count)
    ]


def _places(case: Case, features: Features) -> Places:
    return places_in(features.traces.index, case.affected["trace_id"])


def _weighed(features: Features, **details: object) -> Impact:
    hypothesis = _Slow()
    case = Case(hypothesis.eligible(features), hypothesis.affected(features))
    return impact(hypothesis, replace(case, **details), _places(case, features), features)  # type: ignore[arg-type]


def _at(features: Features, ms: float) -> Mend:
    return Mend(f"search at {ms:.0f} ms", durations=features.calls["duration_ms"] * 0 + ms)


def test_seconds_are_the_lower_bound_of_what_a_replay_saves() -> None:
    features = features_of(*_records())
    found = _weighed(features, mended=_at(features, 1_000), seconds_lost=99.0)
    saved = [2.0 + number / 1000 for number in range(0, 40, 4)]
    assert found.seconds is not None and found.retimed is not None
    assert found.seconds == pytest.approx(lower_total(saved, [str(each) for each in saved]))
    assert 9 < found.seconds < sum(saved)
    durations = features.traces["duration_ms"] / 1000
    assert found.retimed.p95_before_s == pytest.approx(np.percentile(durations, 95))
    assert found.retimed.p95_after_s == pytest.approx(found.retimed.p95_before_s - 2.03, abs=0.02)
    assert found.retimed.p50_before_s == pytest.approx(found.retimed.p50_after_s, abs=0.2)
    assert found.retimed.traces == 10
    assert "40 of 40 traces replay to their recorded duration within 1 ms" in found.reason


def test_it_is_unavailable_where_a_replay_does_not_give_the_recorded_durations() -> None:
    records = _records()
    off = [replace(record, info=replace(record.info, duration_ms=9e5)) for record in records[:2]]
    features = features_of(*off, *records[2:])
    found = _weighed(features, mended=_at(features, 1_000), seconds_lost=99.0)
    assert found.seconds is None and found.retimed is None
    assert "unavailable: with no change 38 of 40 traces" in found.reason
    assert "99% would be needed" in found.reason


def test_traces_in_progress_are_neither_checked_nor_counted() -> None:
    features = features_of(*_records(), trace(tool("search", ms=9_000), state="IN_PROGRESS"))
    found = _weighed(features, mended=_at(features, 1_000))
    assert found.retimed is not None and found.retimed.traces == 10
    assert "40 of 40" in found.reason


def test_without_a_mend_recorded_seconds_are_told_as_such() -> None:
    found = _weighed(features_of(*_records()), seconds_lost=12.0)
    assert found.seconds == 12.0 and found.retimed is None
    assert "not replayed" in found.reason


def test_made_up_durations_save_nothing() -> None:
    features = features_of(*[trace(model(ms=500), tool("search", ms=3_000)) for _ in range(20)])
    for details in ({"mended": _at(features, 1_000)}, {"seconds_lost": 60.0}):
        found = _weighed(features, **details)
        assert found.seconds is None and found.retimed is None
        assert "unavailable: durations look synthetic" in found.reason


def test_tokens_and_money_are_lower_bounds_and_unknown_without_a_record() -> None:
    features = features_of(*_records())
    ids = features.traces.index
    found = _weighed(
        features, tokens_spared=pd.Series(100.0, index=ids), money_spared=pd.Series(0.5, index=ids)
    )
    # Garwood's lower limit of a count of 40 is 28.58
    assert found.tokens == 2857
    assert found.money == pytest.approx(0.5 * 28.577, rel=1e-3)
    nothing = _weighed(features, money_spared=pd.Series(np.nan, index=ids))
    assert nothing.money is None and nothing.tokens is None


def test_costs_that_were_recorded_reach_the_tables() -> None:
    cost = {"mlflow.llm.cost": {"input_cost": 0.01, "output_cost": 0.02, "total_cost": 0.03}}
    spans = features_of(trace(model(attributes=cost), model(attributes=cost), tool("search")))
    assert spans.traces["cost"].tolist() == [0.06] and spans.traces["input_cost"].tolist() == [0.02]
    assert spans.model_calls["cost"].tolist() == [0.03, 0.03] and spans.calls["cost"].isna().all()
    told = trace(model(), metadata={"mlflow.trace.cost": '{"input_cost": 1.0, "output_cost": 2.0}'})
    assert features_of(told).traces["cost"].tolist() == [3.0]
    assert features_of(trace(model())).traces["cost"].isna().all()


def test_traces_rescued_are_failures_that_began_with_the_affected_span() -> None:
    refused = {"status": "ERROR", "message": "401 Unauthorized: token expired"}
    records = [
        *(trace(tool("crm", **refused), state="ERROR") for _ in range(8)),
        *(
            trace(
                tool("ledger", status="ERROR", message="boom"),
                tool("crm", **refused),
                state="ERROR",
            )
            for _ in range(4)
        ),
        *(trace(tool("crm", **refused)) for _ in range(4)),
        *(trace(tool("crm")) for _ in range(20)),
    ]
    findings, _ = conclude([AuthenticationFailure()], features_of(*records))
    (found,) = [each.impact for each in findings]
    assert found is not None
    assert "In 8 failed traces it is the first span that failed." in found.reason
    assert 3.5 < found.rescued < 8


def test_speed_rescues_nobody() -> None:
    features = features_of(*[trace(tool("search", status="ERROR"), state="ERROR")] * 1)
    assert _weighed(features).rescued == 0


def test_rank_is_the_lower_bound_times_the_weight_of_the_severity() -> None:
    features = features_of(*_records())
    found = _weighed(features)
    assert found.severity_weight == 2.0
    assert found.score == pytest.approx(found.traces * 2.0, abs=1e-3)
    assert 5 < found.traces < 10


def test_the_order_is_that_of_the_score_and_ties_are_broken_by_name() -> None:
    def finding(name: str, score: float) -> Finding:
        (made,), _ = conclude([_Slow()], features_of(*_records()))
        return replace(made, hypothesis=name, impact=Impact(1.0, score=score))

    ranked = in_rank_order([finding("b", 1.0), finding("c", 2.0), finding("a", 1.0)])
    assert [each.hypothesis for each in ranked] == ["c", "a", "b"]


def test_the_lower_total_covers_the_true_mean_and_is_never_negative() -> None:
    draw, below = np.random.default_rng(0), 0
    for _ in range(400):
        amounts = draw.exponential(10, draw.poisson(30))
        below += lower_total(amounts, np.arange(len(amounts))) <= 300
    assert below / 400 >= 0.96
    assert lower_total([0.0, np.nan, -3.0], ["a", "b", "c"]) == 0.0
    assert lower_total([5.0], ["a"]) > 0


def test_the_lower_total_is_lower_where_amounts_come_in_clusters() -> None:
    amounts = np.full(100, 2.0)
    single = lower_total(amounts, np.arange(100))
    clustered = lower_total(amounts, np.arange(100) // 10)
    assert clustered < single < 200

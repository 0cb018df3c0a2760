"""A model that writes slowly."""

import numpy as np

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.hypotheses.performance.slow_model import SlowModel
from mlflow_analysis.records import TraceRecord
from trace_factory import features_of, model, tool, trace


def _calls(name: str, count: int, tokens_per_second: float, tokens: int = 60) -> list[TraceRecord]:
    draw = np.random.default_rng(len(name))
    return [
        trace(
            model(model=name, tokens=(200, tokens), ms=1000 * tokens / tokens_per_second * np.exp(draw.normal(0, 0.2))),
            tool("lookup", ms=200),
        )
        for _ in range(count)
    ]  # fmt: skip


def test_fires_on_the_model_that_is_slower_than_the_others() -> None:
    features = features_of(*_calls("adagio", 30, 10), *_calls("presto", 30, 60))
    (case,) = confirmed(SlowModel(), features)
    assert case.subject == "adagio"
    assert "output tokens a second" in case.statement


def test_fires_on_a_lone_model_that_writes_slower_than_people_read() -> None:
    assert confirmed(SlowModel(), features_of(*_calls("largo", 30, 4)))


def test_holding_most_of_the_path_at_a_usual_speed_is_not_flagged() -> None:
    features = features_of(*_calls("sonata", 40, 40), *_calls("rondo", 40, 50))
    cases = list(SlowModel().cases(features))
    assert not confirmed(SlowModel(), features)
    assert all(case.affected.empty for case in cases)


def test_long_answers_are_not_flagged() -> None:
    features = features_of(*_calls("sonata", 40, 40), *_calls("sonata", 15, 40, tokens=900))
    assert not confirmed(SlowModel(), features)
    assert all(case.affected.empty for case in SlowModel().cases(features))


def test_fires_on_periods_in_which_a_model_is_slower_than_itself() -> None:
    features = features_of(*_calls("sonata", 40, 40), *_calls("sonata", 15, 6))
    (case,) = confirmed(SlowModel(), features)
    assert len(case.affected) == 15


def test_few_traces_decide_nothing() -> None:
    (case,) = SlowModel().cases(features_of(*_calls("largo", 5, 4)))
    assert case.test_without_effect == "fewer than 10 traces call largo"

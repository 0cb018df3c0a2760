"""Kinds of request that go well."""

import numpy as np

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.strengths.reliable_topic import ReliableTopic
from trace_factory import features_of, trace


def _traces(failing_parcels: int, failing_magazines: int) -> Features:
    parcels = [
        trace(request="Where is my parcel today?", state="ERROR" if n < failing_parcels else "OK")
        for n in range(60)
    ]
    magazines = [
        trace(
            request="Cancel the yearly magazine subscription",
            state="ERROR" if n < failing_magazines else "OK",
        )
        for n in range(60)
    ]
    features = features_of(*parcels, *magazines)
    about_parcels = features.traces["request"].str.contains("parcel")
    features.traces["topic"] = np.where(about_parcels, "parcel", "magazine")
    return features


def test_fires_for_the_topic_that_goes_better() -> None:
    (case,) = confirmed(ReliableTopic(), _traces(1, 24))
    assert case.subject == "parcel"
    assert len(case.affected) == 59
    assert "98.3% of 60" in case.statement


def test_topics_that_go_alike_are_not_claimed() -> None:
    assert not confirmed(ReliableTopic(), _traces(5, 5))


def test_nothing_is_better_than_the_rest_where_all_is_well() -> None:
    assert not confirmed(ReliableTopic(), _traces(0, 0))

"""Assessments held by column are what a tuple of them is."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from mlflow_analysis.contract.writing import analysis_to_json
from mlflow_analysis.findings.assessed import Assessments, columns_of
from mlflow_analysis.findings.examples import TraceAssessment
from mlflow_analysis.protocol.packed import packed_assessments
from mlflow_analysis.review import Review
from mlflow_analysis.secrets import masked
from sample_analysis import analysis, finding

ONE_BY_ONE = (
    TraceAssessment("tr-1", "1", "rate_limited", "It answered 429."),
    TraceAssessment("tr-2", "", "rate_limited", "It answered 429."),
    TraceAssessment("tr-3", "7", "rate_limited", "It waited 3 s."),
)
HELD = Assessments(
    ("tr-1", "tr-2", "tr-3"),
    ("1", "", "7"),
    "rate_limited",
    ("It answered 429.", "It answered 429.", "It waited 3 s."),
)


def test_they_are_read_as_a_tuple_is() -> None:
    assert tuple(HELD) == ONE_BY_ONE
    assert (HELD[0], HELD[-1], HELD[1:]) == (ONE_BY_ONE[0], ONE_BY_ONE[-1], ONE_BY_ONE[1:])
    assert len(HELD) == 3 and ONE_BY_ONE[1] in HELD
    with pytest.raises(IndexError):
        HELD[3]


def test_they_equal_a_tuple_of_the_same_and_no_other() -> None:
    assert HELD == ONE_BY_ONE and ONE_BY_ONE == HELD
    assert hash(HELD) == hash(ONE_BY_ONE)
    assert ONE_BY_ONE[:2] != HELD
    assert replace(HELD, name="timeout") != HELD


def test_they_travel_whole_and_packed() -> None:
    assert pickle.loads(pickle.dumps(HELD)) == HELD
    assert packed_assessments(HELD) == HELD
    assert packed_assessments(HELD) == packed_assessments(ONE_BY_ONE)


def test_columns_are_the_same_whoever_holds_them() -> None:
    assert [*map(tuple, columns_of(HELD))] == [*map(tuple, columns_of(ONE_BY_ONE))]
    assert [*map(tuple, columns_of(()))] == [(), (), (), ()]


def test_they_are_written_and_masked_as_each_alone_would_be() -> None:
    secret = "It sent sk-" + "a1B2" * 8
    leaking = replace(HELD, rationales=(*HELD.rationales[:2], secret))
    held, alone = (
        masked(analysis(replace(finding(), assessments=each))) for each in (leaking, tuple(leaking))
    )

    assert held.findings[0].assessments[2].rationale == "It sent sk-a…[masked]"
    assert masked(HELD) is HELD
    review = Review(None, "")
    assert analysis_to_json(held, review) == analysis_to_json(alone, review)

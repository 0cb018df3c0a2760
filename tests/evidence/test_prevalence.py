"""Counts of a case, whichever way it names its units."""

from __future__ import annotations

import pandas as pd

from mlflow_analysis.evidence.prevalence import prevalence
from mlflow_analysis.hypotheses.base import Case, affected_rows
from mlflow_analysis.hypotheses.operational.rate_limited import RateLimited
from mlflow_analysis.hypotheses.strengths.fast_path import FastPath
from trace_factory import features_of, tool, trace

FEATURES = features_of(*(trace(tool("a"), tool("b"), session=f"s{n % 2}") for n in range(4)))


def test_traces_named_by_their_places_count_as_those_named_by_their_ids() -> None:
    ids = FEATURES.traces.index
    some, shown = [0, 1, 3], [3, 0]
    by_id = Case(ids[some], affected_rows(ids[shown], ids[shown], "", "", ""))
    by_place = Case(pd.Index(some), affected_rows(pd.Index(shown), ids[shown], "", "", ""))
    expected, found = (prevalence(FastPath(), case, FEATURES) for case in (by_id, by_place))

    assert list(found.units) == list(expected.units) == [ids[0], ids[1], ids[3]]
    assert found.shows.tolist() == expected.shows.tolist() == [True, False, True]
    assert found.unit_of_row.tolist() == expected.unit_of_row.tolist() == [2, 0]
    assert found.figures == expected.figures


def test_what_is_not_eligible_is_no_unit() -> None:
    ids = FEATURES.traces.index
    case = Case(pd.Index([1, 2]), affected_rows(pd.Index([0, 2]), ids[[0, 2]], "", "", ""))
    found = prevalence(FastPath(), case, FEATURES)

    assert (found.affected, found.eligible) == (1, 2)
    assert found.unit_of_row.tolist() == [-1, 1]


def test_spans_are_named_by_their_numbers() -> None:
    calls = FEATURES.calls.index
    case = Case(calls, affected_rows(calls[1:2], FEATURES.traces.index[:1], "", "", ""))
    found = prevalence(RateLimited(), case, FEATURES)

    assert found.shows.tolist() == [False, True] + [False] * 6

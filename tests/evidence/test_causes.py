"""The planted cause comes first, alone or in combination, and restatements stay out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mlflow_analysis.evidence.attributes import Literal
from mlflow_analysis.evidence.causes import search_causes
from mlflow_analysis.evidence.prevalence import Prevalence
from mlflow_analysis.evidence.weighing import conclude
from mlflow_analysis.findings import Verdict
from mlflow_analysis.hypotheses.catalogue import by_id
from trace_factory import features_of, tool, trace

N = 600
GENERATOR = np.random.default_rng(11)
TOOL = GENERATOR.integers(0, 4, N)
HOUR = GENERATOR.integers(0, 8, N)
REGION = GENERATOR.integers(0, 3, N)


def counted(shows: np.ndarray) -> Prevalence:
    return Prevalence(pd.Index(range(N)), shows, np.arange(N).astype(object), 1.0, (0.0, 1.0))


def literals() -> list[Literal]:
    columns = {"hour": HOUR, "region": REGION, "tool": TOOL}
    return [
        Literal(name, str(value), column == value)
        for name, column in columns.items()
        for value in sorted(set(column))
    ]


def test_a_single_cause_comes_first() -> None:
    search = search_causes(counted((TOOL == 2) & (GENERATOR.random(N) < 0.3)), literals())
    best = search.candidates[0]
    assert (best.attribute, best.value) == ("tool", "2")
    assert best.share == 1.0
    assert best.lift > 3
    assert len(search.p_values) >= len(search.candidates)


def test_a_combination_beats_its_parts() -> None:
    search = search_causes(counted((TOOL == 1) & (HOUR == 3)), literals())
    best = search.candidates[0]
    assert {(each.attribute, each.value) for each in best.literals} == {
        ("tool", "1"),
        ("hour", "3"),
    }


def test_chance_adds_no_literal() -> None:
    search = search_causes(counted((TOOL == 0) & (GENERATOR.random(N) < 0.5)), literals())
    assert len(search.candidates[0].literals) == 1


def test_fewer_than_five_affected_units_are_not_explained() -> None:
    shows = np.zeros(N, dtype=bool)
    shows[:4] = True
    assert search_causes(counted(shows), literals()).candidates == ()


def test_what_only_failing_units_have_is_no_cause_of_failing() -> None:
    shows = TOOL == 2
    restating = Literal("error_template", "boom", shows)
    search = search_causes(counted(shows), [restating, *literals()])
    assert search.candidates[0].attribute == "tool"
    assert "error_template" not in {each.attribute for each in search.candidates}


def test_because_is_said_only_where_the_trace_shows_it() -> None:
    records = [
        trace(
            tool(
                "crm" if n % 2 else "kb",
                outputs="503 Service Unavailable" if n % 2 and n % 3 == 0 else "ok",
            ),
            number=n,
        )
        for n in range(1, 121)
    ]
    findings, tests = conclude([by_id("api-failure")], features_of(*records))
    found = findings[0]
    assert found.verdict is Verdict.CONFIRMED
    assert found.root_causes[0].mechanism.startswith(
        "because crm itself failed with status 503 in 20 of 20"
    )
    assert tests >= 1
    assert found.impact is not None
    assert found.impact.traces < 20

"""The planted cause comes first, alone or in combination, and restatements stay out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlflow_analysis.evidence.attributes import Literal, comparable
from mlflow_analysis.evidence.causes import search_causes
from mlflow_analysis.evidence.prevalence import Prevalence
from mlflow_analysis.evidence.weighing import conclude
from mlflow_analysis.findings.kinds import Unit, Verdict
from mlflow_analysis.hypotheses.catalogue import by_id
from trace_factory import features_of, model, tool, trace

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


def blamed_with(effect: float, seed: int) -> set[str]:
    """What is named where a release gets the requests of the bad tool and fails ``effect`` times as often."""
    draw = np.random.default_rng(seed)
    bad = draw.random(N) < 0.3
    release = draw.random(N) < np.where(bad, 0.8, 0.15)
    shows = draw.random(N) < np.where(bad, 0.5, 0.06) * np.where(release, effect, 1.0)
    search = search_causes(
        counted(shows), [Literal("app_version", "2", release), Literal("tool", "bad", bad)]
    )
    return {each.attribute for each in search.candidates}


@pytest.mark.parametrize("seed", range(5))
def test_a_release_that_gets_the_hard_requests_is_not_blamed(seed: int) -> None:
    assert blamed_with(0.7, seed) == {"tool"}


def test_a_release_that_is_worse_beside_a_bad_tool_is_named_too() -> None:
    assert any("app_version" in name for name in blamed_with(1.9, 0))


def test_of_two_names_for_the_same_units_the_length_comes_before_the_topic() -> None:
    long = TOOL == 3
    columns = [Literal("topic", "stories", long), Literal("request_length", "long", long)]
    search = search_causes(counted(long & (GENERATOR.random(N) < 0.5)), columns)
    assert [each.attribute for each in search.candidates] == ["request_length"]


def test_what_could_not_show_a_cause_is_no_test() -> None:
    """Nearly all are affected: no value of a few units can stand out."""
    shows = np.arange(N) > 5
    few = [Literal("user", str(n), np.arange(N) // 20 == n) for n in range(30)]
    assert search_causes(counted(shows), few).p_values == ()


def test_calls_of_tools_are_compared_with_calls_of_tools() -> None:
    records = [
        trace(
            tool("kb", outputs="503 Service Unavailable" if n % 4 == 0 else "ok"), model(), number=n
        )
        for n in range(1, 41)
    ]
    features = features_of(*records)
    spans = features.spans.index[features.spans["kind"].isin(["TOOL", "CHAT_MODEL"])]
    of_tool = features.spans["tool"][spans].to_numpy() != ""
    places = features.spans.index.get_indexer(spans)

    def among(shows: np.ndarray) -> np.ndarray | None:
        case = Prevalence(spans, shows, np.arange(len(spans)), 1.0, (0.0, 1.0), places)
        return comparable(Unit.SPAN, case, features)

    only_tools = among(of_tool & (np.arange(len(spans)) % 3 == 0))
    assert only_tools is not None
    assert (only_tools == of_tool).all()
    assert among(np.arange(len(spans)) % 7 == 0) is None


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


def test_a_combination_is_tested_by_what_each_part_adds() -> None:
    """Failing calls of one prompt's sessions: the sandbox is theirs alone, the prompt the session's."""
    sessions = np.repeat(np.arange(40), 15)
    prompt = np.isin(sessions, np.arange(0, 40, 4))
    sandbox = np.arange(N) % 5 == 0
    shows = prompt & sandbox & (np.arange(N) % 10 == 0)
    case = Prevalence(pd.Index(range(N)), shows, sessions, 1.0, (0.0, 1.0))
    columns = [Literal("prompt_version", "7", prompt), Literal("tool", "sandbox", sandbox)]
    best = search_causes(case, columns).candidates[0]
    assert {each.attribute for each in best.literals} == {"prompt_version", "tool"}
    assert best.p_value < 1e-3

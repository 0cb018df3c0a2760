"""What every hypothesis must be, whatever it claims: documented, and at home in thin tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlflow_analysis.evidence.weighing import conclude, missing_field
from mlflow_analysis.features.build import build_features
from mlflow_analysis.features.extract import extract_info
from mlflow_analysis.findings.kinds import Category, Verdict
from mlflow_analysis.hypotheses.base import AFFECTED_COLUMNS, Hypothesis
from mlflow_analysis.hypotheses.catalogue import by_id, catalogue, in_order_of_work
from mlflow_analysis.hypotheses.reference import reference
from trace_factory import chain, features_of, feedback, model, retriever, tool, trace

THIN_TABLES = {
    "no traces": lambda: build_features([]),
    "one trace without spans read": lambda: build_features([extract_info(trace().info)]),
    "one trace with a root only": lambda: features_of(trace()),
    "one trace in progress": lambda: features_of(trace(model(), state="IN_PROGRESS")),
    "one trace without texts": lambda: features_of(trace(model(), request="", response="")),
    "one healthy trace": lambda: features_of(
        trace(model(), tool("search", inputs={"q": "a"}, outputs="found it"), model())
    ),
    "one failing trace": lambda: features_of(
        trace(tool("search", status="ERROR", exception=("ValueError", "boom")), state="ERROR")
    ),
    "two turns with everything": lambda: features_of(
        *(
            trace(
                chain(
                    "plan",
                    model(),
                    retriever("docs", outputs=[{"page_content": "x", "metadata": {}}]),
                ),
                tool("search", inputs={"q": str(turn)}, outputs={"hits": 3}),
                session="s",
                user="u",
                metadata={"app_version": "1", "prompt_version": "p"},
                tags={"region": "eu"},
                assessments=[feedback("helpful", True)],
            )
            for turn in range(2)
        )
    ),
}


@pytest.mark.parametrize("tables", THIN_TABLES.values(), ids=THIN_TABLES.keys())
@pytest.mark.parametrize("hypothesis", catalogue(), ids=lambda each: each.id)
def test_thin_tables_are_no_trouble(hypothesis: Hypothesis, tables) -> None:
    features = tables()
    if missing_field(hypothesis, features):
        return
    for case in hypothesis.cases(features):
        assert list(case.affected.columns) == AFFECTED_COLUMNS
        assert case.eligible.is_unique


@pytest.mark.parametrize("tables", THIN_TABLES.values(), ids=THIN_TABLES.keys())
def test_the_whole_catalogue_concludes_on_thin_tables(tables) -> None:
    findings, _ = conclude(catalogue(), tables())
    assert {each.hypothesis for each in findings} == {each.id for each in catalogue()}
    assert not [each.hypothesis for each in findings if "did not run" in each.reason]


@pytest.mark.parametrize("hypothesis", catalogue(), ids=lambda each: each.id)
def test_documentation_is_whole(hypothesis: Hypothesis) -> None:
    documentation = hypothesis.documentation()
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", hypothesis.id)
    for section in ("claim", "why", "test", "not_flagged", "recommendation", "sources"):
        assert getattr(documentation, section), f"{hypothesis.id} says nothing under {section}"
    assert hypothesis.documentation().claim.endswith(".")


def test_all_four_families_are_there() -> None:
    families = {each.category for each in catalogue()}
    assert families == {
        Category.OPERATIONAL,
        Category.PERFORMANCE,
        Category.QUALITY,
        Category.STRENGTH,
    }
    assert len(catalogue()) >= 20


def test_what_rests_on_the_same_work_is_tested_one_after_the_other() -> None:
    order = [each.id for each in in_order_of_work(catalogue())]
    counterparts = {each.id: each.counterpart for each in catalogue() if each.counterpart}
    assert counterparts["handles-follow-ups"] == "context-lost"
    for one, other in counterparts.items():
        assert order.index(other) == order.index(one) - 1
    moved = set(counterparts.values())
    assert [each for each in order if each not in moved] == [
        each.id for each in catalogue() if each.id not in moved
    ]


def test_one_without_its_counterpart_stays_where_it_is() -> None:
    some = [by_id("rate-limited"), by_id("handles-follow-ups"), by_id("timeout")]
    assert in_order_of_work(some) == some


def test_an_unknown_id_is_named() -> None:
    with pytest.raises(KeyError, match="no-such-claim"):
        by_id("no-such-claim")


def test_a_missing_field_is_named() -> None:
    findings, _ = conclude(catalogue(), features_of(trace(request="", response="")))
    untested = [each for each in findings if each.verdict is Verdict.NOT_TESTABLE]
    assert "No span is a tool call." in {each.reason for each in untested}


def test_the_reference_in_docs_is_in_step() -> None:
    kept = Path(__file__).parents[2] / "docs" / "hypotheses.md"
    assert kept.read_text(encoding="utf-8") == reference(), "run `make docs`"

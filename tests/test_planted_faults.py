"""From made traces to verdicts: what was planted is found with its cause, and nothing else is."""

from __future__ import annotations

from functools import cache

import pytest

from mlflow_analysis.demo.faults import ALL_FAULTS, CARRIER_RETRY, Fault
from mlflow_analysis.demo.manifest import Manifest
from mlflow_analysis.demo.scenario import make_scenario
from mlflow_analysis.demo.scoring import (
    cause_ranked_first,
    finding_of,
    unexplained,
)
from mlflow_analysis.engine.options import AnalysisOptions
from mlflow_analysis.engine.run import analyze
from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.kinds import Unit, Verdict
from mlflow_analysis.hypotheses.catalogue import catalogue
from mlflow_analysis.source import RecordedTraces

NULL_SEEDS = (1, 2)
"""The benchmark takes twenty."""


@cache
def analysed(seed: int, faults: tuple[Fault, ...], traces: int = 1500) -> tuple[Analysis, Manifest]:
    scenario = make_scenario(seed, traces, faults)
    *_, last = analyze(RecordedTraces(scenario.records), AnalysisOptions(seed=seed))
    assert isinstance(last, AnalysisReady)
    return last.analysis, scenario.manifest


@pytest.mark.parametrize("fault", ALL_FAULTS, ids=lambda fault: fault.id)
def test_a_planted_fault_is_confirmed_with_its_cause_first(fault: Fault) -> None:
    analysis, manifest = analysed(0, ALL_FAULTS)
    planted = manifest.by_hypothesis(fault.hypothesis)
    finding = finding_of(analysis, planted)
    assert finding is not None, [
        (each.verdict, each.subject, each.reason)
        for each in analysis.findings
        if each.hypothesis == fault.hypothesis
    ]
    assert cause_ranked_first(finding, planted), finding.root_causes


def test_nothing_else_is_confirmed_with_the_faults_planted() -> None:
    analysis, manifest = analysed(0, ALL_FAULTS)
    assert [(each.hypothesis, each.statement) for each in unexplained(analysis, manifest)] == []


@pytest.mark.parametrize("seed", NULL_SEEDS)
def test_without_faults_no_issue_is_confirmed(seed: int) -> None:
    analysis, manifest = analysed(seed, (), 700)
    assert manifest.expected == frozenset()
    assert [(each.hypothesis, each.statement) for each in unexplained(analysis, manifest)] == []


def test_a_fault_alone_is_found_without_company() -> None:
    analysis, manifest = analysed(0, (CARRIER_RETRY,), 700)
    finding = finding_of(analysis, manifest.planted[0])
    assert finding is not None
    assert not finding.is_issue
    assert unexplained(analysis, manifest) == []


def test_every_hypothesis_runs_on_the_demo() -> None:
    analysis, _ = analysed(0, ALL_FAULTS)
    broken = [
        (each.hypothesis, each.reason)
        for each in analysis.findings
        if each.verdict is Verdict.NOT_TESTABLE and "did not run" in each.reason
    ]
    assert broken == []
    # a hypothesis about subjects (tools, assessments) may have none to speak of
    assert {each.hypothesis for each in analysis.findings} <= {each.id for each in catalogue()}


def test_affected_traces_are_mostly_the_planted_ones() -> None:
    analysis, manifest = analysed(0, ALL_FAULTS)
    for planted in manifest.planted:
        finding = finding_of(analysis, planted)
        assert finding is not None
        # Of contradicting answers only the rarer ones count, and only to questions asked twice.
        if planted.fault.strength or finding.unit is Unit.REQUEST_GROUP:
            continue
        shared = set(finding.trace_ids) & set(planted.trace_ids)
        assert len(shared) >= 0.5 * len(planted.trace_ids), planted.fault.id

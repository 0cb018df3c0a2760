"""On traces in which nothing is planted the contrasts stay quiet, and no hypothesis stumbles."""

from __future__ import annotations

import pytest
from quiet_traces import confirmed_subjects, quiet_features, quiet_traces

from mlflow_analysis.evidence.prevalence import prevalence
from mlflow_analysis.features.build import build_features
from mlflow_analysis.features.extract import extract_info
from mlflow_analysis.findings.kinds import Category
from mlflow_analysis.hypotheses.base import AFFECTED_COLUMNS, Rule
from mlflow_analysis.hypotheses.catalogue import catalogue
from trace_factory import features_of, trace

OPERATIONAL = [each for each in catalogue() if each.category is Category.OPERATIONAL]
CONTRASTS = [each for each in OPERATIONAL if each.rule is Rule.EFFECT]
SEEDS = 12


@pytest.fixture(scope="module")
def quiet():
    return [
        quiet_features(seed, sessions=60, days=0.7 if seed % 2 else 3.0) for seed in range(SEEDS)
    ]


@pytest.mark.parametrize("hypothesis", CONTRASTS, ids=lambda each: each.id)
def test_a_contrast_stays_quiet(hypothesis, quiet):
    # one false alarm in twelve at p < 0.05 is chance; q < 0.10 over the whole report is stricter still
    alarms = [subject for features in quiet for subject in confirmed_subjects(hypothesis, features)]
    assert len(alarms) <= 1


@pytest.mark.parametrize("hypothesis", OPERATIONAL, ids=lambda each: each.id)
def test_cases_are_well_formed(hypothesis, quiet):
    for case in hypothesis.cases(quiet[0]):
        assert list(case.affected.columns) == AFFECTED_COLUMNS
        assert case.eligible.is_unique
        assert (prevalence(hypothesis, case, quiet[0]).unit_of_row >= 0).all()
        assert case.affected["rationale"].map(lambda text: text.endswith(".")).all()
        assert case.statement.endswith(".") or case.test_without_effect


@pytest.mark.parametrize("hypothesis", OPERATIONAL, ids=lambda each: each.id)
def test_the_same_traces_give_the_same_cases(hypothesis, quiet):
    again = quiet_features(0, sessions=60, days=3.0)
    for first, second in zip(hypothesis.cases(quiet[0]), hypothesis.cases(again), strict=True):
        assert first.affected.equals(second.affected)
        assert (first.subject, first.statement, first.contrast) == (
            second.subject,
            second.statement,
            second.contrast,
        )


@pytest.mark.parametrize("hypothesis", OPERATIONAL, ids=lambda each: each.id)
def test_an_experiment_with_little_in_it_is_no_problem(hypothesis):
    infos = [extract_info(each.info) for each in quiet_traces(1, sessions=3)]
    for features in (build_features([]), build_features(infos), features_of(trace())):
        for case in hypothesis.cases(features):
            assert case.affected.empty


@pytest.mark.parametrize("hypothesis", OPERATIONAL, ids=lambda each: each.id)
def test_every_part_of_the_documentation_is_there(hypothesis):
    parts = hypothesis.documentation()
    assert all(
        [parts.claim, parts.why, parts.test, parts.not_flagged, parts.recommendation, parts.sources]
    )
    assert parts.claim.endswith(".")

"""What an experiment holds, for a person who looks for the right one."""

from __future__ import annotations

from dataclasses import replace

from mlflow_analysis.evidence.weighing import missing_field
from mlflow_analysis.features.build import build_features
from mlflow_analysis.features.extract import extract, extract_info
from mlflow_analysis.hypotheses.catalogue import catalogue
from mlflow_analysis.protocol import ExperimentSummary
from mlflow_analysis.tracking.survey import Survey, summary


def summarised(survey: Survey) -> ExperimentSummary:
    """What an experiment holds, and which hypotheses its data allow to test."""
    with_spans = {record.info.trace_id for record in survey.records}
    features = build_features(
        [extract(record) for record in survey.records]
        + [extract_info(info) for info in survey.infos if info.trace_id not in with_spans],
        with_topics=False,
    )
    missing = {hypothesis.id: missing_field(hypothesis, features) for hypothesis in catalogue()}
    return replace(
        summary(survey),
        testable=tuple(each for each, field in missing.items() if not field),
        not_testable=tuple((each, field) for each, field in missing.items() if field),
    )

"""Every claim about quality, performance and strengths bears traces with next to nothing in them."""

import pytest

from mlflow_analysis.evidence.prevalence import prevalence
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.kinds import Category
from mlflow_analysis.hypotheses.base import AFFECTED_COLUMNS, Case, Hypothesis
from mlflow_analysis.hypotheses.catalogue import catalogue
from trace_factory import chain, features_of, feedback, model, tool, trace

CLAIMS = [each for each in catalogue() if each.category is not Category.OPERATIONAL]
SPARSE = {
    "nothing": features_of(),
    "running": features_of(trace(model(), state="IN_PROGRESS", response="")),
    "no text": features_of(
        trace(tool("t"), request="", response=""), trace(request="", response="")
    ),
    "no calls": features_of(trace(chain("step")), trace()),
    "no tokens": features_of(trace(model(tokens=None)), trace(model(tokens=(0, 0), ms=0))),
    "all failed": features_of(
        *(trace(tool("t", status="ERROR"), state="ERROR", session="s") for _ in range(3))
    ),
    "one session": features_of(*(trace(model(), tool("t"), session="s") for _ in range(30))),
    "judged": features_of(trace(assessments=[feedback("a", None, error="no"), feedback("b", 3)])),
}


@pytest.mark.parametrize("features", SPARSE.values(), ids=SPARSE.keys())
@pytest.mark.parametrize("hypothesis", CLAIMS, ids=lambda each: each.id)
def test_bears_sparse_traces(hypothesis: Hypothesis, features: Features) -> None:
    for case in hypothesis.cases(features):
        assert list(case.affected.columns) == AFFECTED_COLUMNS
        assert (prevalence(hypothesis, case, features).unit_of_row >= 0).all()
        assert set(case.affected["trace_id"]) <= set(features.traces.index)
    whole = Case(hypothesis.eligible(features), hypothesis.affected(features))
    assert (prevalence(hypothesis, whole, features).unit_of_row >= 0).all()

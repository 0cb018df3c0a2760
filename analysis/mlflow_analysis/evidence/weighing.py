"""Weigh every hypothesis on the same tables: count, contrast, causes; then correct and conclude.

Two passes, because Benjamini-Hochberg needs the p-values of *all* tests before any verdict is given.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from mlflow_analysis.evidence.attributes import literals, trace_attributes
from mlflow_analysis.evidence.causes import Search, search_causes
from mlflow_analysis.evidence.composition import Weighed, finding_of, not_testable
from mlflow_analysis.evidence.examples import evidence_rows, in_time_order
from mlflow_analysis.evidence.impact import in_rank_order
from mlflow_analysis.evidence.prevalence import prevalence
from mlflow_analysis.evidence.verdict import may_be_confirmed
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings import Finding
from mlflow_analysis.hypotheses.base import Case, Hypothesis
from mlflow_analysis.statistics.multiple_testing import benjamini_hochberg

logger = logging.getLogger(__name__)


def missing_field(hypothesis: Hypothesis, features: Features) -> str:
    """Why the hypothesis can't be tested on these tables; "" if it can."""
    return next(
        (
            need.value
            for need in sorted(hypothesis.needs, key=lambda each: each.name)
            if need not in features.present
        ),
        "",
    )


class Weighing:
    """One set of tables, and what the hypotheses weighed so far have shown on it."""

    def __init__(self, features: Features) -> None:
        self._features = features
        self._attributes = trace_attributes(features)
        self._weighed: list[Weighed] = []
        self._untested: list[Finding] = []

    def add(self, hypothesis: Hypothesis) -> None:
        """Count, contrast and search one hypothesis."""
        reason = missing_field(hypothesis, self._features)
        cases: list[Weighed] = []
        if not reason:
            try:
                cases = [self._weigh(hypothesis, case) for case in hypothesis.cases(self._features)]
            except Exception as error:  # one broken test must not cost the other findings
                logger.exception("Hypothesis %s did not run", hypothesis.id)
                reason = f"its test did not run ({type(error).__name__}; details are in the log)"
        if not cases:
            reason = reason or f"no {hypothesis.unit.value} could show it"
            self._untested.append(not_testable(hypothesis, reason))
        self._weighed += cases

    def conclude(self) -> tuple[list[Finding], int]:
        """Findings in rank order, and how many tests were run for them."""
        own = [each.case.contrast.p_value if each.case.contrast else None for each in self._weighed]
        p_values = [p for p in own if p is not None]
        p_values += [p for each in self._weighed for p in each.search.p_values]
        q_values = iter(benjamini_hochberg(p_values))
        q_own = [None if p is None else next(q_values) for p in own]
        findings = list(self._untested)
        for each, p_value, q_value in zip(self._weighed, own, q_own, strict=True):
            q_of = {p: next(q_values) for p in each.search.p_values}
            findings.append(finding_of(each, p_value, q_value, q_of, self._features))
        return in_rank_order(findings), len(p_values)

    def _weigh(self, hypothesis: Hypothesis, case: Case) -> Weighed:
        counted = prevalence(hypothesis, case, self._features)
        rows = in_time_order(evidence_rows(case, counted), self._features)
        search = Search((), ())
        if may_be_confirmed(hypothesis, case, counted):
            # nothing is explained that is not there; fewer tests also leave more power to the rest
            candidates = literals(
                hypothesis.unit,
                counted.units,
                case,
                self._features,
                self._attributes,
                hypothesis.not_causes,
            )
            search = search_causes(counted, candidates)
        return Weighed(hypothesis, case, counted, rows, search)


def conclude(hypotheses: Sequence[Hypothesis], features: Features) -> tuple[list[Finding], int]:
    """Weigh ``hypotheses`` and conclude, in one go."""
    weighing = Weighing(features)
    for hypothesis in hypotheses:
        weighing.add(hypothesis)
    return weighing.conclude()

"""Weigh every hypothesis on the same tables: count, contrast, causes; then correct and conclude.

Two passes, because Benjamini-Hochberg needs the p-values of *all* tests before any verdict is given.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from threadpoolctl import ThreadpoolController

from mlflow_analysis.evidence.attributes import comparable, literals, trace_attributes
from mlflow_analysis.evidence.causes import Search, search_causes
from mlflow_analysis.evidence.composition import (
    Examined,
    Weighed,
    finding_of,
    not_testable,
    weighed,
)
from mlflow_analysis.evidence.durations import durations
from mlflow_analysis.evidence.examples import evidence_rows
from mlflow_analysis.evidence.impact import in_rank_order
from mlflow_analysis.evidence.merging import merged
from mlflow_analysis.evidence.outcomes import Contrasted, Outcomes
from mlflow_analysis.evidence.prevalence import members, prevalence
from mlflow_analysis.evidence.replication import Replication, Split
from mlflow_analysis.evidence.verdict import may_be_confirmed
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.evidence import Durations
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category
from mlflow_analysis.hypotheses.base import Case, Hypothesis
from mlflow_analysis.statistics.multiple_testing import benjamini_hochberg

logger = logging.getLogger(__name__)


def missing_field(hypothesis: Hypothesis, features: Features) -> str:
    """Why the hypothesis can't be tested on these tables; "" if it can."""
    return next(
        (
            need.value
            for need in sorted(hypothesis.needs, key=lambda each: each.name)
            if not features.has(need)
        ),
        "",
    )


@dataclass(frozen=True)
class Shown:
    """What one hypothesis has shown: its cases, or why there is none."""

    cases: tuple[Weighed, ...]
    untested: Finding | None = None


class Weighing:
    """One set of tables, and what the hypotheses weighed so far have shown on it."""

    def __init__(self, features: Features) -> None:
        self._threads = ThreadpoolController()
        self._features = features
        self._attributes = trace_attributes(features)
        self._split = Split(features)
        self._outcomes = Outcomes(features)
        self._weighed: list[Weighed] = []
        self._untested: list[Finding] = []

    def add(self, hypothesis: Hypothesis) -> None:
        """Count, contrast and search one hypothesis."""
        self.take(self.weigh(hypothesis))

    def take(self, tested: Shown) -> None:
        """Add what was weighed, here or in another process that holds the same tables."""
        self._weighed += tested.cases
        if tested.untested is not None:
            self._untested.append(tested.untested)

    def weigh(self, hypothesis: Hypothesis) -> Shown:
        """Count, contrast and search one hypothesis, without adding it."""
        # the sums are small: more threads would wait for each other for longer than they work
        with self._threads.limit(limits=1):
            return self._tested(hypothesis)

    def _tested(self, hypothesis: Hypothesis) -> Shown:
        reason = missing_field(hypothesis, self._features)
        cases: list[Weighed] = []
        if not reason:
            try:
                found = list(self._cases(hypothesis))
                replications = self._split.replications(hypothesis, found)
                cases = [
                    self._weigh(hypothesis, case, replications[case.subject]) for case in found
                ]
            except Exception as error:  # one broken test must not cost the other findings
                logger.exception("Hypothesis %s did not run", hypothesis.id)
                reason = f"its test did not run ({type(error).__name__}; details are in the log)"
        if cases:
            return Shown(tuple(cases))
        reason = reason or f"no {hypothesis.unit.value} could show it"
        return Shown((), not_testable(hypothesis, reason))

    def _cases(self, hypothesis: Hypothesis) -> Iterable[Case]:
        """Where a half of the sessions decides, no p-value of all of them is asked."""
        if hypothesis.formed_from_data and self._split.held_out:
            return hypothesis.estimates(self._features)
        return hypothesis.cases(self._features)

    @property
    def ended(self) -> tuple[str, ...]:
        """Ids of the traces that ended."""
        return tuple(self._features.complete.index)

    def forget(self, category: Category) -> None:
        """Take back what was added of one family."""
        self._weighed = [each for each in self._weighed if each.hypothesis.category is not category]
        self._untested = [each for each in self._untested if each.category is not category]

    def conclude(self) -> tuple[list[Finding], int]:
        """Findings in rank order, and how many tests were run for them.

        The user's own claims are corrected for all tests, the others for those of the catalogue: what a
        user asks takes no power from the rest, and its answer is held to the stricter rate.
        """
        catalogued = [
            each for each in self._weighed if each.hypothesis.category is not Category.USER
        ]
        asked = [each for each in self._weighed if each.hypothesis.category is Category.USER]
        findings = self._untested + self._corrected(catalogued, catalogued)
        findings += self._corrected(self._weighed, asked)
        by_fingerprint = {each.draft.fingerprint: each for each in self._weighed}
        ranked = merged(in_rank_order(findings), by_fingerprint, len(self._features.traces))
        return ranked, sum(len(each.p_values) for each in self._weighed)

    def _corrected(self, family: Sequence[Weighed], wanted: Sequence[Weighed]) -> list[Finding]:
        """The findings of ``wanted``, with q-values over all tests of ``family``."""
        if not wanted:
            return []
        p_values = [p for each in family for p in each.p_values]
        q_of = dict(zip(p_values, benjamini_hochberg(p_values), strict=True))
        return [finding_of(each, q_of) for each in wanted]

    def _weigh(
        self, hypothesis: Hypothesis, case: Case, replication: Replication | None
    ) -> Weighed:
        counted = prevalence(hypothesis, case, self._features)
        rows = evidence_rows(hypothesis.unit, case, counted, self._features)
        pairs = members(hypothesis.unit, counted, case, self._features)
        search = Search((), ())
        outcomes: tuple[Contrasted, ...] = ()
        took: Durations | None = None
        explained, explained_pairs = counted, pairs
        if case.explained is not None:
            explained = prevalence(hypothesis, case.explained, self._features)
            explained_pairs = members(hypothesis.unit, explained, case.explained, self._features)
        first = pairs.first(counted.eligible)
        first_explained = explained_pairs.first(explained.eligible)
        if may_be_confirmed(hypothesis, case, counted, replication):
            # nothing is explained that is not there; fewer tests also leave more power to the rest
            candidates = literals(
                hypothesis.unit,
                explained,
                explained_pairs,
                self._features,
                self._attributes,
                hypothesis.not_causes,
            )
            halves = self._split.halves(first_explained)
            among = comparable(hypothesis.unit, explained, self._features)
            search = search_causes(explained, candidates, halves, among)
            outcomes = self._outcomes.contrasts(hypothesis, case, pairs.trace, rows.trace)
            took = durations(rows, explained_pairs, self._features)
        examined = Examined(
            hypothesis,
            case,
            counted,
            rows,
            search,
            explained,
            first,
            first_explained,
            explained_pairs,
            replication,
            outcomes,
            took,
        )
        return weighed(examined, self._features)


def conclude(hypotheses: Sequence[Hypothesis], features: Features) -> tuple[list[Finding], int]:
    """Weigh ``hypotheses`` and conclude, in one go."""
    weighing = Weighing(features)
    for hypothesis in hypotheses:
        weighing.add(hypothesis)
    return weighing.conclude()

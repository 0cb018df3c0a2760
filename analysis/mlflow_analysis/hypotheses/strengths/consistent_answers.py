"""The same question, the same evidence, the same answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.request_groups import compared


class ConsistentAnswers(Hypothesis):
    """Repeated questions get answers that agree.

    ## Why it matters
    Users compare, and a second answer that agrees with the first is what makes both believable.

    ## Test
    Unit: groups of two answers or more to the same question on the same tool outputs (as for
    inconsistent-answers) in which at least two answers state the same kind of fact (a number with a unit,
    a price, a date, a decision). Affected (in the good sense): no two answers give disjoint values for one fact.
    Confirmed if the lower bound of the share of groups (Wilson) is above 80 %.

    ## Not flagged
    Answers without anything that could contradict; a question asked once; open-ended requests.

    ## Recommendation
    Keep these questions with their answers as a regression set for the next model or prompt.

    ## Sources
    Elazar et al. 2021, Measuring and Improving Consistency in Pretrained Language Models, TACL 9.
    """

    id: ClassVar[str] = "consistent-answers"
    title: ClassVar[str] = "Consistent answers"
    category: ClassVar[Category] = Category.STRENGTH
    counterpart: ClassVar[str] = "inconsistent-answers"
    unit: ClassVar[Unit] = Unit.REQUEST_GROUP
    severity: ClassVar[Severity] = Severity.LOW
    minimum_effect: ClassVar[float] = 0.80
    needs: ClassVar[frozenset[Field]] = frozenset({Field.REQUESTS, Field.RESPONSES})
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Ids of the groups whose answers state facts."""
        return next(iter(self.cases(features))).eligible

    def affected(self, features: Features) -> pd.DataFrame:
        """The answers of groups that agree."""
        return next(iter(self.cases(features))).affected

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, with the members of every group."""
        traces = features.traces
        groups = [group for group in compared(features).groups if group.comparable]
        rows = [
            (
                group.group_id,
                member,
                f"{len(group.members)} answers to this question agree in every fact.",
            )
            for group in groups
            if group.conflict is None
            for member in group.members
        ]
        columns = list(zip(*rows, strict=True)) or [()] * 3
        units, members, rationales = (pd.Series(list(column), dtype=object) for column in columns)
        answers = traces.reindex(members)
        yield Case(
            pd.Index([group.group_id for group in groups], dtype=object),
            affected_rows(
                units,
                members,
                answers["root_span_id"],
                answers["response"].str.slice(0, 240),
                rationales,
                offset=0,
            ),
            members=pd.Series(
                [member for group in groups for member in group.members],
                index=pd.Index(
                    [group.group_id for group in groups for _ in group.members], dtype=object
                ),
                dtype=object,
            ),
            statement=f"{len(groups):,} repeated questions were answered {sum(len(g.members) for g in groups):,} "
            "times on the same evidence; the answers agree in their facts.",
        )

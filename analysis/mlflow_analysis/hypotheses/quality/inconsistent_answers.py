"""The same question, the same evidence, another answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.request_groups import (
    RequestGroup,
    conflicts_by_chance,
    request_groups,
)

_EXCERPT = 160


class InconsistentAnswers(Hypothesis):
    """The same question on the same evidence gets contradicting answers.

    ## Why it matters
    At least one of two contradicting answers is wrong, and users who compare notes stop trusting both.

    ## Test
    Unit: a group of two answers or more to the same question (the same words apart from order, case,
    filler words and plural s; another number or name is another question) whose tool calls returned the
    same outputs. Affected: groups in which answers give disjoint values for the same kind of fact: a
    number with the same unit, a price, a share, a date, a weekday, a decision (yes or no, allowed or
    not, eligible or not …), or another name in otherwise identical wording. Confirmed if the lower bound
    of the share of groups (Wilson) is above 5 %; the statement tells how often random pairs conflict.

    ## Not flagged
    Questions with different order numbers, dates or names; groups whose tools returned something else
    (the world changed); answers of other length or wording with the same facts; open-ended requests
    (ideas, stories), what is true only "now" or "today", and follow-ups that point back; one answer that
    says more than the other; failed traces.

    ## Recommendation
    Ground the answer in a source and quote it, lower the temperature, and put the fact in question into
    the prompt or a tool; use the two versions shown as a regression test.

    ## Sources
    Elazar et al. 2021, Measuring and Improving Consistency in Pretrained Language Models, TACL 9.
    Manakul et al. 2023, SelfCheckGPT, arXiv:2303.08896. Farquhar et al. 2024, Detecting hallucinations
    in large language models using semantic entropy, Nature 630.
    """

    id: ClassVar[str] = "inconsistent-answers"
    title: ClassVar[str] = "Contradicting answers to the same question"
    category: ClassVar[Category] = Category.QUALITY
    unit: ClassVar[Unit] = Unit.REQUEST_GROUP
    severity: ClassVar[Severity] = Severity.HIGH
    minimum_effect: ClassVar[float] = 0.05
    needs: ClassVar[frozenset[Field]] = frozenset({Field.REQUESTS, Field.RESPONSES})
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Ids of the groups."""
        return pd.Index([group.group_id for group in request_groups(features)], dtype=object)

    def affected(self, features: Features) -> pd.DataFrame:
        """The answers that dissent from the commonest one of their group."""
        return _dissenters(request_groups(features), features)

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, with the members of every group."""
        groups = request_groups(features)
        answers = sum(len(group.members) for group in groups)
        members = pd.Series(
            [trace_id for group in groups for trace_id in group.members],
            index=pd.Index(
                [group.group_id for group in groups for _ in group.members], dtype=object
            ),
            dtype=object,
        )
        yield Case(
            pd.Index([group.group_id for group in groups], dtype=object),
            _dissenters(groups, features),
            members=members,
            statement=f"{answers} answers to {len(groups)} repeated questions on the same evidence were "
            "compared; some give contradicting numbers, dates, names or decisions. Random pairs of "
            f"answers conflict in {conflicts_by_chance(features):.0%} of the cases.",
        )


def _dissenters(groups: list[RequestGroup], features: Features) -> pd.DataFrame:
    responses = features.traces["response"]
    roots = features.traces["root_span_id"]
    rows: list[tuple[str, str, str, str, str]] = []
    for group in groups:
        conflict = group.conflict
        if conflict is None:
            continue
        told = "; ".join(
            f"{count} {'answer gives' if count == 1 else 'answers give'} {version}"
            for version, count in conflict.versions[:4]
        )
        usual = str(responses[conflict.counterpart])[:_EXCERPT]
        rows += [
            (
                group.group_id,
                trace_id,
                str(roots[trace_id]),
                f"“{str(responses[trace_id])[:_EXCERPT]}” but in {conflict.counterpart}: “{usual}”",
                f"Of {len(group.members)} answers to this question on the same evidence, for the "
                f"{conflict.fact}: {told}.",
            )
            for trace_id in conflict.traces
        ]
    columns = list(zip(*rows, strict=True)) or [()] * 5
    unit, trace_ids, spans, excerpts, rationales = (
        pd.Series(list(c), dtype=object) for c in columns
    )
    return affected_rows(unit, trace_ids, spans, excerpts, rationales)

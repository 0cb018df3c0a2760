"""The same question, the same evidence, another answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.conflicts import ChancePairs
from mlflow_analysis.hypotheses.quality.request_groups import RequestGroup, compared

_EXCERPT = 160


class InconsistentAnswers(Hypothesis):
    """The same question on the same evidence gets contradicting answers.

    ## Why it matters
    At least one of two contradicting answers is wrong, and users who compare notes stop trusting both.

    ## Test
    Unit: a group of two answers or more to the same question whose tool calls returned the same outputs
    (equal hashes, in any order). The same question: the same content words (case, order, filler words
    and a plural s apart; of several sentences the only one with a question mark, with the numbers and
    names of the others). Eligible are groups in which two answers state the same kind of fact: a
    number with the same unit, a price, a share, a date, a weekday, a decision such as yes or no, allowed or
    not. Affected: groups in which an answer gives values disjoint from those of the commonest version
    for one kind, or another name in otherwise identical wording. A conflict must also stand out against
    random pairs: 1,000 pairs are drawn among 400 random answers (fixed seed), and those to unrelated
    requests kept (different topics, no tool in common, Jaccard of their words at most 0.2); the sentences
    that state the two versions must have more words in common (Jaccard) than 95 % of those drawn pairs
    that differ in a fact, so that a conflict by chance passes in 5 % of the cases at most (no such test
    below 20 pairs that differ), or be the same words but for the value. Confirmed if the lower bound of
    the share of groups (Wilson) is above 5 %.

    ## Not flagged
    Questions with different order numbers, dates or names; what different users (without user ids:
    sessions) ask about themselves ("I", "my", "our"; "how do I …" is the same for all), and such
    questions without a tool that looks it up; groups whose tools returned something else (the world
    changed); answers of other length or wording with the same facts; open-ended requests (ideas,
    stories), what is true only "now" or "today", and follow-ups that point back; one answer that says
    more than the other; failed traces.

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
    not_causes: ClassVar[frozenset[str]] = frozenset({"tool"})
    """The answers of a group rest on the same tools and outputs: these can't tell them apart."""
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Ids of the groups."""
        return pd.Index([group.group_id for group in _eligible(features)], dtype=object)

    def affected(self, features: Features) -> pd.DataFrame:
        """The answers that dissent from the commonest one of their group."""
        return _dissenters(_eligible(features), features)

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, with the members of every group."""
        groups, chance = _eligible(features), compared(features).chance
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
            f"compared.{_against_chance(chance)}",
        )


def _eligible(features: Features) -> list[RequestGroup]:
    return [group for group in compared(features).groups if group.comparable]


def _against_chance(chance: ChancePairs) -> str:
    if chance.threshold < 0:
        return " There are too few other answers to hold conflicts against."
    return (
        f" Of {chance.pairs} random pairs of answers to unrelated requests {chance.conflicting} differ in a "
        f"fact; a conflict counts if its sentences have more words in common than 95% of those "
        f"({chance.threshold:.0%})."
    )


def _dissenters(groups: Sequence[RequestGroup], features: Features) -> pd.DataFrame:
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

"""Rules of the system prompt that answers do not keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.instructions import PromptRule, broken, rules_of
from mlflow_analysis.hypotheses.quality.requested_format import TEXT_LIMIT
from mlflow_analysis.hypotheses.quality.system_prompt import Reply, replies
from mlflow_analysis.hypotheses.quality.wording import cut_out, tells_failure

_MOST_RULES = 20
_SHORT = 200


class ConflictingInstructionsIgnored(Hypothesis):
    """Answers do not keep an explicit rule of the system prompt.

    ## Why it matters
    Rules in a prompt are there because a program, a law or a brand depends on them. One that is kept most
    of the time is found out late, and is often in conflict with another part of the prompt.

    ## Test
    Unit: traces whose answer is the reply of their last model call, and where the instructions of that
    call state a rule; one case for each rule (the 20 that concern most traces). Rules: at most so many
    words, characters or sentences; a quoted text at the beginning or end, or anywhere; a required tag; a
    forbidden quoted word; no emoji; no Markdown; a language. Affected: the answer breaks it: 10 % more
    words or characters, 2 sentences more (1 where one is allowed); the text is missing, in the answer as
    well as in the reply as recorded; the word is there; the language is plainly another (stop words,
    script). Confirmed if the lower bound of the share (Wilson) is above 5 %.

    ## Not flagged
    Rules with a condition, an exception or a choice ("if", "unless", "or"), hedged ones ("about"), and
    those about a part of the answer; rules of another agent or call of the trace; words that the request
    used; another language than the one told if the user asked for it; short messages that something did
    not work; failed traces; JSON, tables and lists (see format-mismatch).

    ## Recommendation
    Check the rule in code and retry or mend the answer there. Look for what in the prompt speaks against
    it, put the rule last and next to an example, and cut rules that nobody needs.

    ## Sources
    Zhou et al. 2023, Instruction-Following Evaluation for Large Language Models (IFEval),
    arXiv:2311.07911. Wallace et al. 2024, The Instruction Hierarchy, arXiv:2404.13208. Qin et al. 2024,
    SysBench, arXiv:2408.10943.
    """

    id: ClassVar[str] = "conflicting-instructions-ignored"
    title: ClassVar[str] = "Rules of the system prompt not kept"
    category: ClassVar[Category] = Category.QUALITY
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.MEDIUM
    minimum_effect: ClassVar[float] = 0.05
    needs: ClassVar[frozenset[Field]] = frozenset({Field.MODEL_SPANS, Field.RESPONSES})
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Traces whose answer is under a rule."""
        return pd.Index(dict.fromkeys(each.trace_id for each in _checked(features)), dtype=object)

    def affected(self, features: Features) -> pd.DataFrame:
        """Those whose answer breaks one."""
        return _rows([each for each in _checked(features) if each.how])

    def cases(self, features: Features) -> Iterable[Case]:
        """One case for each rule."""
        by_rule: dict[str, list[_Checked]] = {}
        for each in _checked(features):
            by_rule.setdefault(each.rule.name, []).append(each)
        most = sorted(by_rule.items(), key=lambda item: (-len(item[1]), item[0]))[:_MOST_RULES]
        for name, answers in most:
            wrong = [each for each in answers if each.how]
            yield Case(
                pd.Index([each.trace_id for each in answers], dtype=object),
                _rows(wrong),
                subject=name,
                statement=f"The system prompt says “{answers[0].rule.quote[:160]}”, and answers do not keep it.",
            )


@dataclass(frozen=True)
class _Checked:
    trace_id: str
    span_id: str
    rule: PromptRule
    answer: str
    how: str
    start: int
    end: int


def _checked(features: Features) -> list[_Checked]:
    """Every answer with every rule it is under, in the order of traces."""
    return [
        checked
        for reply in replies(features, lambda text: bool(rules_of(text)))
        for checked in _check(reply, features.complete)
    ]


def _check(reply: Reply, traces: pd.DataFrame) -> Iterator[_Checked]:
    trace_id = reply.trace_id
    answer, request = str(traces.at[trace_id, "response"]), str(traces.at[trace_id, "request"])
    if len(answer) >= TEXT_LIMIT or (len(answer) < _SHORT and tells_failure(answer)):
        return
    span_id = str(traces.at[trace_id, "root_span_id"])
    for rule in rules_of(reply.instructions):
        shown = broken(rule, answer, request)
        # what the program cut off around the answer was there
        if shown and rule.kind in ("end", "begin", "include", "tag"):
            shown = shown if broken(rule, reply.reply, request) else None
        how, start, end = shown or ("", 0, 0)
        yield _Checked(trace_id, span_id, rule, answer, how, start, end)


def _rows(wrong: list[_Checked]) -> pd.DataFrame:
    cuts = [
        cut_out(each.answer, each.start, each.end)
        if each.end - each.start < len(each.answer)
        else (each.answer[:240], 0)
        for each in wrong
    ]
    ids = [each.trace_id for each in wrong]
    return affected_rows(
        pd.Index(ids, dtype=object),
        pd.Index(ids, dtype=object),
        pd.Series([each.span_id for each in wrong], dtype=object),
        pd.Series([excerpt for excerpt, _ in cuts], dtype=object),
        pd.Series(
            [
                f"The system prompt says “{each.rule.quote[:200]}”; of the answer: {each.how}."
                for each in wrong
            ],
            dtype=object,
        ),
        pd.Series([offset for _, offset in cuts], dtype=int),
    )

"""Answers that stop in the middle."""

from __future__ import annotations

import json
import re
from typing import ClassVar

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Hypothesis, Rule, affected_rows
from mlflow_analysis.hypotheses.quality.requested_format import TEXT_LIMIT
from mlflow_analysis.hypotheses.quality.screening import answers

_LENGTH_REASONS = frozenset(
    {"length", "max_tokens", "max_output_tokens", "model_length", "token_limit", "incomplete"}
)
_FINISHED = re.compile(r"[.!?…:;)\]}>\"'”’`*|。！？]\s*$")
_MAY_BE_OPEN = r"```|^[\x00-\x20]*[\[{]"
"""What every answer that is left open holds: a fence, or a bracket before all else."""
_SAME_LIMIT = 3
_SHORT_WORDS = 20


class TruncatedResponse(Hypothesis):
    """Answers are cut off before their end.

    ## Why it matters
    The user gets half an answer, a program gets JSON that does not parse, and the conclusion, which
    stands last, is what is missing.

    ## Test
    Eligible: ended traces with an answer that did not fail. Affected, in order: the last model call of the
    trace says that it stopped for length (finish reason ``length``, ``max_tokens``, ``max_output_tokens``,
    ``model_length``, ``token_limit`` or ``incomplete``); or the answer has an odd number of code-fence
    lines, or is a JSON object or array from its first character on that ends before it is closed; or that
    call produced exactly the largest number of output tokens that any call of its model did, at least 3
    calls of the model reached that number, the model's calls had more than 2 different numbers, and the
    answer has at least 20 words and ends without a closing mark. A recorded fact: confirmed from 3
    traces or 1 % on.

    ## Not flagged
    Provider errors because the *input* was too long (context-length-exceeded); inner model calls that
    were cut while the answer is whole; answers without a final full stop but far below the limit; texts
    that were cut by logging at the size that is kept.

    ## Recommendation
    Raise the output limit, ask for shorter answers, or continue the generation when the finish reason is
    ``length``; never pass a cut answer on as if it were whole.

    ## Sources
    OpenAI API reference, chat completion object, ``finish_reason``. Anthropic API reference,
    ``stop_reason``. OpenTelemetry semantic conventions, ``gen_ai.response.finish_reasons``.
    """

    id: ClassVar[str] = "truncated-response"
    title: ClassVar[str] = "Answers cut off"
    category: ClassVar[Category] = Category.QUALITY
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.MEDIUM
    rule: ClassVar[Rule] = Rule.FACT
    needs: ClassVar[frozenset[Field]] = frozenset({Field.RESPONSES})

    def eligible(self, features: Features) -> pd.Index:
        """Traces with an answer."""
        return pd.Index(_answered(features)["place"])

    def affected(self, features: Features) -> pd.DataFrame:
        """Those whose answer is cut off."""
        answered = _answered(features)
        calls = features.model_calls
        has_answer = np.zeros(len(features.traces), dtype=bool)
        has_answer[answered["place"]] = True
        calls = calls[has_answer[calls["trace"]]]
        # the spans of a trace stand together, in their order
        is_last = np.diff(calls["trace"], append=-1) != 0
        last = calls[is_last][["trace_id", "span_id", "model", "output_tokens", "finish_reason"]]
        shown: dict[str, tuple[str, str]] = {}
        reasons = {
            text: reason
            for text in answers(features).holding(_MAY_BE_OPEN)
            if (reason := _left_open(text))
        }
        left_open = answered[answered["response"].isin(reasons)]
        for trace_id, text, root in zip(
            left_open.index, left_open["response"], left_open["root_span_id"], strict=True
        ):
            shown[str(trace_id)] = (reasons[text], str(root))
        for_length = {each for each in last["finish_reason"].unique() if _is_length(str(each))}
        limit = last["model"].map(_limits(calls[["model", "output_tokens"]]))
        last = last[last["finish_reason"].isin(for_length) | (last["output_tokens"] == limit)]
        for trace_id, span_id, model, tokens, finish in zip(
            last["trace_id"], last["span_id"], last["model"], last["output_tokens"], last["finish_reason"],
            strict=True,
        ):  # fmt: skip
            if finish in for_length:
                count = f" after {tokens:,.0f} output tokens" if pd.notna(tokens) else ""
                shown[str(trace_id)] = (
                    f"the last model call stopped with finish reason “{finish}”{count}",
                    str(span_id),
                )
            elif _mid_sentence(str(answered.at[trace_id, "response"])):
                shown.setdefault(
                    str(trace_id),
                    (
                        f"it ends in mid-sentence at {tokens:,.0f} output tokens, the most that "
                        f"{model or 'the model'} ever gave",
                        str(span_id),
                    ),
                )
        cut = answered.loc[[trace_id for trace_id in answered.index if trace_id in shown]]
        length = cut["response"].str.len()
        return affected_rows(
            cut["place"],
            cut.index,
            pd.Series([shown[trace_id][1] for trace_id in cut.index], dtype=object),
            cut["response"].str.slice(-200),
            pd.Series(
                [f"The answer is cut off: {shown[trace_id][0]}." for trace_id in cut.index],
                dtype=object,
            ),
            (length - 200).clip(lower=0).astype(int),
        )

    def recommend(self, finding: Finding) -> str:
        """The documented advice, with how many answers it concerns."""
        return f"{finding.affected:,} answers are cut off. {self.documentation().recommendation}"


def _answered(features: Features) -> pd.DataFrame:
    traces = features.complete[["place", "failed", "response", "root_span_id"]]
    return traces[~traces["failed"] & (traces["response"] != "")]


def _is_length(finish_reason: str) -> bool:
    return finish_reason.casefold().removeprefix("finishreason.") in _LENGTH_REASONS


def _limits(calls: pd.DataFrame) -> dict[str, float]:
    """The largest number of output tokens by model, where it was reached several times."""
    times = calls.value_counts()  # of each model and number of tokens, where that is known
    limits = {}
    for model, of_model in times.groupby(level="model"):
        most = of_model.index.get_level_values("output_tokens").max()
        if len(of_model) > 2 and of_model[model, most] >= _SAME_LIMIT:
            limits[str(model)] = float(most)
    return limits


def _mid_sentence(text: str) -> bool:
    return (
        len(text) < TEXT_LIMIT and len(text.split()) >= _SHORT_WORDS and not _FINISHED.search(text)
    )


def _left_open(text: str) -> str:
    if len(text) >= TEXT_LIMIT:
        return ""
    if (
        "```" in text
        and len([line for line in text.splitlines() if line.lstrip().startswith("```")]) % 2
    ):
        return "a code fence is opened and not closed"
    stripped = text.strip()
    if (
        stripped[:1] in ("{", "[")
        and len(stripped) > 1
        and stripped[1:].lstrip()[:1] in ('"', "{", "[")
    ):
        try:
            json.loads(stripped)
        except json.JSONDecodeError as problem:
            if problem.pos >= len(stripped) - 1 or problem.msg.startswith("Unterminated string"):
                return f"its JSON is not closed (it ends at character {len(stripped)})"
    return ""

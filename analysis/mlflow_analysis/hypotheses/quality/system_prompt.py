"""The system prompt behind an answer: which call gave it, and which of its sentences are rules for all answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mlflow_analysis.features.conversation import answer_text
from mlflow_analysis.features.extract import LONGEST_OUTPUT
from mlflow_analysis.features.tables import Features

_CONDITION = re.compile(
    r"(?i)\b(?:if|when|whenever|unless|except|until|once|while|where|for (?:example|instance|questions?"
    r"|requests?|each|simple|complex|short|long)|e\.g|i\.e|such as|after|before|otherwise|or|may|might|can"
    r"|could|should you|in case|depending|first|final step|last step|each (?:step|item|bullet|section|word"
    r"|sentence|paragraph)|per|try to|ideally|usually|generally|typically|prefer\w*|about|around|roughly)\b"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"“*#-])|\n+")
_SHORTEST_RULE, _LONGEST_SENTENCE = 12, 300


@dataclass(frozen=True)
class Reply:
    """The answer of a trace that is the reply of its last model call, and that call's instructions."""

    trace_id: str
    instructions: str
    reply: str
    """The whole reply, of which the answer is all or a part."""


def sentences_of(instructions: str) -> list[str]:
    """The sentences of a prompt that may be rules, without bullets."""
    parts = (part.strip(" \t-*•") for part in _SENTENCE.split(instructions))
    return [part for part in parts if _SHORTEST_RULE <= len(part) <= _LONGEST_SENTENCE]


def unconditional(sentence: str) -> bool:
    """Whether a sentence has no condition, exception, choice or hedge, and speaks of no part."""
    return not _CONDITION.search(sentence)


def replies(features: Features, concerns: Callable[[str], bool]) -> list[Reply]:
    """Answers of well-ended traces whose last model call had instructions that ``concerns`` holds for.

    Left out: answers that are not in that call's reply (another call or the program wrote them), and
    replies too long to be kept whole.
    """
    traces = features.complete
    traces = traces[~traces["failed"] & (traces["response"] != "")]
    calls = features.model_calls[["trace_id", "instructions", "output"]]
    calls = calls[calls["trace_id"].isin(traces.index)]
    last = calls[~calls.duplicated("trace_id", keep="last").to_numpy()]
    concerned = [text for text in sorted(set(last["instructions"]) - {""}) if concerns(text)]
    last = last[last["instructions"].isin(concerned).to_numpy()]
    found = []
    for trace_id, told, output in zip(
        last["trace_id"], last["instructions"], last["output"], strict=True
    ):
        if len(output) < LONGEST_OUTPUT:
            reply = answer_text(output)
            if str(traces.at[trace_id, "response"]).strip() in reply:
                found.append(Reply(trace_id, told, reply))
    return found

"""The system prompt behind an answer: which call gave it, and which of its sentences are rules for all answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

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
    traces = features.traces
    well = traces["complete"] & ~traces["failed"] & (traces["response"] != "")
    at = features.model_calls["trace"].to_numpy()
    # the calls of a trace stand together
    last = features.model_calls.take(np.flatnonzero(np.diff(at, append=-1) != 0))
    last = last[well.to_numpy(dtype=bool)[last["trace"]]]
    told = last["instructions"]
    concerned = [text for text in sorted(set(told) - {""}) if concerns(text)]
    last = last[told.isin(concerned)]
    found = []
    for place, instructions, output in zip(
        last["trace"], last["instructions"], last["output"], strict=True
    ):
        if len(output) < LONGEST_OUTPUT:
            reply = answer_text(output)
            if str(traces["response"].iat[place]).strip() in reply:
                found.append(Reply(str(traces.index[place]), instructions, reply))
    return found

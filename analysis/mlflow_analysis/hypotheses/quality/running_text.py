"""The running text of answers, and its sentences: worked out once for all who look at wording."""

from __future__ import annotations

from functools import cached_property

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.quality.screening import worth_a_look
from mlflow_analysis.hypotheses.quality.wording import MAY_NOT_BE_PROSE, prose, sentences

LONGEST = 8_000
"""Characters of an answer that are looked at."""


class RunningText:
    """An answer without code, tables, lists and headings."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def words(self) -> list[str]:
        """In lower case, as between spaces."""
        return self._text.lower().split()

    @cached_property
    def sentences(self) -> list[str]:
        """Stripped, none empty."""
        return sentences(self._text)


def running_text(features: Features) -> dict[str, RunningText]:
    """By answer, for each distinct answer of the traces that ended."""
    return features.shared(_running_text)


def _running_text(features: Features) -> dict[str, RunningText]:
    responses = list(dict.fromkeys(features.complete["response"]))
    mixed = worth_a_look(responses, MAY_NOT_BE_PROSE)
    return {
        response: RunningText(
            prose(response[:LONGEST]) if response in mixed else response[:LONGEST]
        )
        for response in responses
    }

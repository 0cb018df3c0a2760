"""The running text of answers, and its sentences: worked out once for all who look at wording."""

from __future__ import annotations

from dataclasses import dataclass

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.quality.wording import prose, sentences
from mlflow_analysis.hypotheses.remembered import remembered

LONGEST = 8_000
"""Characters of an answer that are looked at."""


@dataclass(frozen=True, slots=True)
class RunningText:
    """An answer without code, tables, lists and headings."""

    words: tuple[str, ...]
    """In lower case, as between spaces."""
    sentences: tuple[str, ...]


@remembered
def running_text(features: Features) -> dict[str, RunningText]:
    """By answer, for each distinct answer of the traces that ended."""
    found = {}
    for response in features.complete["response"].unique():
        text = prose(response[:LONGEST])
        found[response] = RunningText(tuple(text.lower().split()), tuple(sentences(text)))
    return found

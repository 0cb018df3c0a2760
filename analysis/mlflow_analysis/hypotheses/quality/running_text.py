"""The running text of answers: worked out once for all who look at their wording."""

from __future__ import annotations

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.quality.screening import answers
from mlflow_analysis.hypotheses.quality.wording import MAY_NOT_BE_PROSE, prose

LONGEST = 8_000
"""Characters of an answer that are looked at."""


def running_text(features: Features) -> dict[str, str]:
    """By answer, for each distinct answer of the traces that ended: it without code, tables, lists, headings."""
    return features.shared(_running_text)


def _running_text(features: Features) -> dict[str, str]:
    mixed = answers(features).holding(MAY_NOT_BE_PROSE)
    return {
        answer: prose(answer[:LONGEST]) if answer in mixed else answer[:LONGEST]
        for answer in answers(features).distinct
    }

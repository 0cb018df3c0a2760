"""How much a request asks for: what the length of its answer is held against."""

from __future__ import annotations

import re

import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.quality.screening import Texts
from mlflow_analysis.hypotheses.quality.well_answered import well_answered
from mlflow_analysis.hypotheses.quality.wording import ASKS_FOR_LENGTH
from mlflow_analysis.hypotheses.remembered import remembered

SIMPLE_WORDS = 15
_LONGEST = 2_000
_ASKS_FOR_LENGTH = re.compile(ASKS_FOR_LENGTH.removeprefix("(?i)"))
_ASKS = re.compile(
    r"\W*(?:what|when|where|who|whose|which|is|are|was|were|am|do|does|did|can|could|will|would|may|has|have"
    r"|how (?:much|many|long|far|old|late|often))\b"
)
_NUMBER = re.compile(r"\d+")


@remembered
def answered(features: Features) -> pd.DataFrame:
    """The answered requests of traces that did not fail, with two columns more.

    ``simple``: at most 15 words in one line with one question (a question mark, or a question word at the
    start) that ask for nothing long. ``complexity``: words of the request × number of question marks
    (at least 1) × 2 if it asks for something long (a list, an explanation, steps …).
    """
    traces = well_answered(features)
    cut = [text[:_LONGEST] for text in traces["request"]]
    texts = Texts(cut)
    long = texts.holding(ASKS_FOR_LENGTH)
    parsed = {text: _look(text, text in long) for text in texts.distinct}
    looks = [parsed[text] for text in cut]
    words = traces["request_words"].clip(lower=1)
    return traces.assign(
        simple=pd.Series([look[0] for look in looks], index=traces.index, dtype=bool)
        & (words <= SIMPLE_WORDS),
        complexity=words * pd.Series([look[1] for look in looks], index=traces.index, dtype=float),
    )


def wording(request: str) -> str:
    """A request in lower case with its numbers masked."""
    return _NUMBER.sub("0", request[:_LONGEST].strip().lower())


def _look(request: str, maybe_long: bool) -> tuple[bool, float]:
    lower = request.strip().lower()
    marks = lower.count("?")
    asks_for_length = maybe_long and _ASKS_FOR_LENGTH.search(lower) is not None
    one_question = marks == 1 or (marks == 0 and _ASKS.match(lower) is not None)
    simple = one_question and "\n" not in lower and not asks_for_length
    return simple, max(marks, 1) * (2.0 if asks_for_length else 1.0)

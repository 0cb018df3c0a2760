"""How much a request asks for: what the length of its answer is held against."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.quality.screening import Texts
from mlflow_analysis.hypotheses.quality.well_answered import well_answered
from mlflow_analysis.hypotheses.quality.wording import ASKS_FOR_LENGTH
from mlflow_analysis.hypotheses.remembered import remembered

SIMPLE_WORDS = 15
_LONGEST = 2_000
_ASKS_FOR_LENGTH = re.compile(ASKS_FOR_LENGTH)
_ASKS = re.compile(
    r"(?i)^\W*(?:what|when|where|who|whose|which|is|are|was|were|am|do|does|did|can|could|will|would|may|has|have"
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
    marks = np.array([text.count("?") for text in texts.distinct], dtype=np.int64)
    one_line = np.array(["\n" not in text.strip() for text in texts.distinct], dtype=bool)
    long = texts.finds(_ASKS_FOR_LENGTH)
    simple = ((marks == 1) | ((marks == 0) & texts.finds(_ASKS))) & one_line & ~long
    factor = np.maximum(marks, 1) * np.where(long, 2.0, 1.0)
    number = dict(zip(texts.distinct, range(len(texts.distinct)), strict=True))
    at = np.fromiter(map(number.__getitem__, cut), dtype=np.int64, count=len(cut))
    words = traces["request_words"].clip(lower=1)
    return traces.assign(simple=simple[at] & (words <= SIMPLE_WORDS), complexity=words * factor[at])


def wording(request: str) -> str:
    """A request in lower case with its numbers masked."""
    return _NUMBER.sub("0", request[:_LONGEST].strip().lower())

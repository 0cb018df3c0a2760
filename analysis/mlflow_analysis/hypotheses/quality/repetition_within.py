"""Answers that say the same thing twice."""

from __future__ import annotations

import re
from collections import Counter
from typing import ClassVar

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.running_text import running_text
from mlflow_analysis.hypotheses.quality.screening import requests
from mlflow_analysis.hypotheses.quality.wording import sentences

_GRAM = 4
_DUPLICATE_SHARE = 0.20
_SHORTEST_SENTENCE = 5
_SHORTEST_ANSWER = 30
_ON_REQUEST = re.compile(r"(?i)\b(?:repeat|times|over and over|twice|verbatim)\b")


class RepetitionWithin(Hypothesis):
    """Answers repeat themselves.

    ## Why it matters
    Repetition makes answers longer without saying more, and a loop of it is the usual sign of a model
    that degenerates: decoding without a penalty, or the same text several times in the prompt.

    ## Test
    Eligible: answers of ended traces with at least 30 words of running text (code, tables, lists and
    headings apart, in the first 8,000 characters). Affected: more than 20 % of the 4-grams of words are
    duplicates (1 - distinct / all; words between spaces, case apart), or one sentence of at least 5 words
    stands there twice (case apart). Confirmed if the lower bound of the share (Wilson) is above 5 %.

    ## Not flagged
    Code, tables and lists, whose lines resemble each other by nature; short phrases; answers to requests
    that speak of repeating ("repeat", "twice", "verbatim" …); the same sentence in several answers
    (repetition-across).

    ## Recommendation
    Look for the repeated text in the prompt or in tool outputs first (two copies of a document give two
    copies of the answer); then a repetition or frequency penalty, and a shorter output limit.

    ## Sources
    Holtzman et al. 2020, The Curious Case of Neural Text Degeneration, arXiv:1904.09751. Welleck et al.
    2020, Neural Text Generation with Unlikelihood Training, arXiv:1908.04319 (seq-rep-4: the share of
    duplicate 4-grams).
    """

    id: ClassVar[str] = "repetition-within"
    title: ClassVar[str] = "Answers repeat themselves"
    category: ClassVar[Category] = Category.QUALITY
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.LOW
    minimum_effect: ClassVar[float] = 0.05
    needs: ClassVar[frozenset[Field]] = frozenset({Field.RESPONSES})
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Answers with enough running text."""
        return pd.Index(_running(features)["place"])

    def affected(self, features: Features) -> pd.DataFrame:
        """Those that repeat themselves."""
        answers = _running(features)["response"]
        text = running_text(features)
        looked = {each: _repetition(text[each]) for each in dict.fromkeys(answers)}
        found = pd.Series([looked[each] for each in answers], index=answers.index, dtype=object)
        found = found[found.notna()]
        traces = features.traces.loc[found.index]
        excerpts = [excerpt for excerpt, _ in found]
        offsets = [
            text.find(excerpt) for text, excerpt in zip(traces["response"], excerpts, strict=True)
        ]
        return affected_rows(
            traces["place"],
            found.index,
            traces["root_span_id"],
            pd.Series(excerpts, dtype=object),
            pd.Series([rationale for _, rationale in found], dtype=object),
            pd.Series(offsets, dtype=int),
        )


def _running(features: Features) -> pd.DataFrame:
    """The eligible answers, as they are, and the ``place`` of their traces."""
    traces = features.complete
    columns = ["place", "request", "response"]
    answers = traces.loc[traces["response_words"] >= _SHORTEST_ANSWER, columns]
    text = running_text(features)
    long = [
        text[each] is each or len(text[each].split()) >= _SHORTEST_ANSWER
        for each in answers["response"]
    ]
    answers = answers[np.array(long, dtype=bool)]
    on_request = answers["request"].isin(requests(features).finding(_ON_REQUEST))
    return answers.loc[~on_request, ["place", "response"]]


def _repetition(text: str) -> tuple[str, str] | None:
    """The repeated text and the rationale. ``text`` is running text; words are what stands between spaces."""
    words = text.lower().split()
    grams = len(words) - _GRAM + 1
    distinct = len(set(zip(words, words[1:], words[2:], words[3:], strict=False)))
    share = 1 - distinct / grams
    twice, count = "", 0
    if distinct < grams:
        lower = [sentence.lower() for sentence in sentences(text)]
        seen = Counter(each for each in lower if each.count(" ") >= _SHORTEST_SENTENCE - 1)
        twice, count = max(seen.items(), key=lambda item: item[1], default=("", 0))
    if count > 1:
        original = next(each for each in sentences(text) if each.lower() == twice)
        return (
            original,
            f"One sentence stands {count} times in the answer; {share:.0%} of its 4-grams are duplicates.",
        )
    if share > _DUPLICATE_SHARE:
        return (
            sentences(text)[0][:200],
            f"{share:.0%} of the 4-grams of {len(words)} words are duplicates.",
        )
    return None

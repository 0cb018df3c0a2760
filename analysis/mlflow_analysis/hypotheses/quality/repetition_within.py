"""Answers that say the same thing twice."""

from __future__ import annotations

import re
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.wording import prose, sentences

_WORDS = re.compile(r"\w+(?:['’]\w+)*")
_GRAM = 4
_DUPLICATE_SHARE = 0.20
_SHORTEST_SENTENCE = 5
_SHORTEST_ANSWER = 30


class RepetitionWithin(Hypothesis):
    """Answers repeat themselves.

    ## Why it matters
    Repetition makes answers longer without saying more, and a loop of it is the usual sign of a model
    that degenerates: decoding without a penalty, or the same text several times in the prompt.

    ## Test
    Eligible: answers of at least 30 words of running text (code, tables, lists and headings apart).
    Affected: more than 20 % of the 4-grams of words are duplicates, or one sentence of at least 5 words
    stands there twice. Confirmed if the lower bound of the share (Wilson) is above 5 %.

    ## Not flagged
    Code, tables and lists, whose lines resemble each other by nature; short phrases; texts that the user
    asked to have repeated; the same sentence in several answers (repetition-across).

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
        return _running_text(features).index

    def affected(self, features: Features) -> pd.DataFrame:
        """Those that repeat themselves."""
        found = _running_text(features).map(_repetition)
        found = found[found.notna()]
        traces = features.traces.loc[found.index]
        excerpts = [excerpt for excerpt, _ in found]
        offsets = [
            text.find(excerpt) for text, excerpt in zip(traces["response"], excerpts, strict=True)
        ]
        return affected_rows(
            found.index,
            found.index,
            traces["root_span_id"],
            pd.Series(excerpts, dtype=object),
            pd.Series([rationale for _, rationale in found], dtype=object),
            pd.Series(offsets, dtype=int),
        )


def _running_text(features: Features) -> pd.Series:
    traces = features.complete
    traces = traces[(traces["response"] != "") & (traces["response_words"] >= _SHORTEST_ANSWER)]
    traces = traces[
        ~traces["request"].str.contains(r"(?i)\b(?:repeat|times|over and over|twice|verbatim)\b")
    ]
    text = traces["response"].map(prose)
    return text[text.str.count(r"\w+") >= _SHORTEST_ANSWER]


def _repetition(text: str) -> tuple[str, str] | None:
    """The repeated text and the rationale."""
    seen: dict[str, int] = {}
    originals: dict[str, str] = {}
    for sentence in sentences(text):
        words = _WORDS.findall(sentence.casefold())
        if len(words) >= _SHORTEST_SENTENCE:
            plain = " ".join(words)
            seen[plain] = seen.get(plain, 0) + 1
            originals.setdefault(plain, sentence)
    twice = max(seen, key=lambda plain: seen[plain], default="")
    words = _WORDS.findall(text.casefold())
    grams = [tuple(words[at : at + _GRAM]) for at in range(len(words) - _GRAM + 1)]
    share = 1 - len(set(grams)) / len(grams) if grams else 0.0
    if twice and seen[twice] > 1:
        return (
            originals[twice],
            f"One sentence stands {seen[twice]} times in the answer; {share:.0%} of its 4-grams are duplicates.",
        )
    if share > _DUPLICATE_SHARE:
        return text.strip()[
            :200
        ], f"{share:.0%} of the 4-grams of {len(words)} words are duplicates."
    return None

"""Long answers to simple questions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.wording import ASKS_FOR_LENGTH

SIMPLE_WORDS = 15
LONG_WORDS = 150
_FOLLOWS_COMPLEXITY = 0.6
_ENOUGH_COMPLEX = 10
_TOKENS_PER_WORD = 4 / 3


class VerboseResponse(Hypothesis):
    """Simple questions get long answers.

    ## Why it matters
    A user who asks one short thing reads the answer for one short thing: every further sentence costs
    reading time, hides the answer, and is paid for in output tokens and waiting.

    ## Test
    Eligible: answered requests of at most 15 words with at most one question, that do not ask for
    something long. Affected: answers of 150 words or more. Answer length must also fail to follow the
    complexity of the request: where at least 10 other requests (longer, or asking for detail) were
    answered, the answer must have at least 60 % of the words of their median answer. Confirmed if the
    lower bound of the share (Wilson) is above 10 %.

    ## Not flagged
    Requests that ask for a list, an explanation, a comparison, steps, a text or code; "how" and "why"
    questions; requests of several lines; applications whose answers are much longer still to complex
    requests.

    ## Recommendation
    Give the prompt a rule for length by kind of request ("one or two sentences for a single fact; offer
    the details"), with an example of a short answer, and set the output limit accordingly.

    ## Sources
    Zhang et al. 2024, Verbosity ≠ Veracity: Demystify Verbosity Compensation Behavior of Large Language
    Models, arXiv:2411.07858. Saito et al. 2023, Verbosity Bias in Preference Labeling by Large Language
    Models, arXiv:2310.10076. Grice 1975, Logic and Conversation (maxim of quantity).
    """

    id: ClassVar[str] = "verbose-response"
    title: ClassVar[str] = "Long answers to simple questions"
    category: ClassVar[Category] = Category.QUALITY
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.MEDIUM
    minimum_effect: ClassVar[float] = 0.10
    needs: ClassVar[frozenset[Field]] = frozenset({Field.REQUESTS, Field.RESPONSES})

    def eligible(self, features: Features) -> pd.Index:
        """Answered simple requests."""
        answered = _answered(features)
        return answered.index[_is_simple(answered)]

    def affected(self, features: Features) -> pd.DataFrame:
        """Simple requests whose answer is as long as one to a complex request."""
        long = self._long(features)
        words = long["response_words"].astype(int).astype(str)
        return affected_rows(
            long.index,
            long.index,
            long["root_span_id"],
            long["response"].str.slice(0, 240),
            "The answer has "
            + words
            + " words to a request of "
            + long["request_words"].astype(int).astype(str)
            + ".",
            offset=0,
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, with the tokens that short answers would have saved."""
        long = self._long(features)
        answered = _answered(features)
        simple = answered[_is_simple(answered)]
        saved = (long["response_words"] - LONG_WORDS / 3).sum() * _TOKENS_PER_WORD
        median = simple["response_words"].median() if len(simple) else 0.0
        yield Case(
            simple.index,
            self.affected(features),
            statement=f"Simple questions (at most {SIMPLE_WORDS} words) get answers of {LONG_WORDS} "
            f"words or more; their median answer has {median:.0f} words.",
            tokens_lost=int(saved),
        )

    @staticmethod
    def _long(features: Features) -> pd.DataFrame:
        answered = _answered(features)
        simple = _is_simple(answered)
        complex_words = answered.loc[~simple, "response_words"]
        threshold = float(LONG_WORDS)
        if len(complex_words) >= _ENOUGH_COMPLEX:
            threshold = max(threshold, _FOLLOWS_COMPLEXITY * float(complex_words.median()))
        return answered[simple & (answered["response_words"] >= threshold)]


def _answered(features: Features) -> pd.DataFrame:
    traces = features.complete
    return traces[~traces["failed"] & (traces["request"] != "") & (traces["response"] != "")]


def _is_simple(answered: pd.DataFrame) -> pd.Series:
    request = answered["request"].str.strip()
    return (
        (answered["request_words"] <= SIMPLE_WORDS)
        & (request.str.count(r"\?") <= 1)
        & ~request.str.contains("\n", regex=False)
        & ~request.str.contains(ASKS_FOR_LENGTH)
    )

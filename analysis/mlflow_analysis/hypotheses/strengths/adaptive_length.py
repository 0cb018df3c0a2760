"""Long answers where much is asked, short ones where little is."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Rule, affected_rows
from mlflow_analysis.hypotheses.quality.request_complexity import answered, wording
from mlflow_analysis.statistics.rank_correlation import rank_correlation

_FEWEST = 30
_SHORT_WORDS = 150
_SHORTER = 1.25


class AdaptiveLength(Hypothesis):
    """Answers are longer the more a request asks for.

    ## Why it matters
    A short question gets a short answer and a long one is not cut short: users read no more than they
    need, and tokens go where they are of use.

    ## Test
    Eligible: answered requests of traces that did not fail; at least 30 with different wording (numbers
    masked), and at least 10 simple ones (as for verbose-response) and 10 others. Statistic: Spearman's
    correlation of answer words with the request's complexity (its words × its question marks, at least
    1, × 2 if it asks for something long such as a list, an explanation or steps). Interval: Fisher's z ±
    1.96 standard errors from 200 bootstrap samples of whole sessions. Confirmed if the lower bound is above
    0.3 and q < 0.10, refuted if the upper bound is below. Not decided where simple questions get answers
    of 150 words or more at the median, or answers to the others are not at least 1.25 times as long. Affected
    (in the good sense): simple requests with an answer below the median of all, and others with one above.

    ## Not flagged
    Length that follows one or two kinds of request only (fewer than 30 wordings); applications that are long
    with everyone and a little longer with some.

    ## Recommendation
    Keep the prompt's rule for length, and put one short and one long request into the regression set.

    ## Sources
    Grice 1975, Logic and Conversation (maxim of quantity). Field and Welsh 2007, Bootstrapping clustered
    data, J. R. Stat. Soc. B 69. Cohen 1988, Statistical Power Analysis, ch. 3 (0.3: a medium correlation).
    """

    id: ClassVar[str] = "adaptive-length"
    title: ClassVar[str] = "Answer length follows the request"
    category: ClassVar[Category] = Category.STRENGTH
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.LOW
    rule: ClassVar[Rule] = Rule.EFFECT
    minimum_effect: ClassVar[float] = 0.3
    needs: ClassVar[frozenset[Field]] = frozenset({Field.REQUESTS, Field.RESPONSES})
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Answered requests."""
        return pd.Index(answered(features)["place"])

    def affected(self, features: Features) -> pd.DataFrame:
        """Short answers to simple requests and long ones to the others."""
        table = answered(features)
        middle = table["response_words"].median() if len(table) else 0.0
        short = table["simple"] & (table["response_words"] < middle)
        long = ~table["simple"] & (table["response_words"] > middle)
        lengths = ["simple", "request_words", "response_words"]
        fitting = table.loc[short | long, ["place", "root_span_id", "response", *lengths]]

        @cache  # many are as long
        def told(simple: bool, asked: int, given: int) -> str:
            return (
                f"A {'simple question' if simple else 'request'} of {asked} words got an answer of {given}; "
                f"the median answer has {middle:,.0f}."
            )

        return affected_rows(
            fitting["place"],
            fitting.index,
            fitting["root_span_id"],
            [response[:240] for response in fitting["response"]],
            list(map(told, *(fitting[name].tolist() for name in lengths))),
            offset=0,
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case about all answers."""
        table = answered(features)
        simple, other = table[table["simple"]], table[~table["simple"]]
        few = _not_decided(table, simple, other)
        if few:
            yield Case(self.eligible(features), self.affected(features), test_without_effect=few)
            return
        found = rank_correlation(
            table["complexity"], table["response_words"], table["session"], features.seed
        )
        yield Case(
            self.eligible(features),
            self.affected(features),
            contrast=Contrast(
                Effect("rank correlation", found.value, found.interval, None), found.p_value
            ),
            statement="Answer length follows what the request asks for: the median answer has "
            f"{simple['response_words'].median():,.0f} words to {len(simple):,} simple questions and "
            f"{other['response_words'].median():,.0f} to {len(other):,} other requests.",
        )


def _not_decided(table: pd.DataFrame, simple: pd.DataFrame, other: pd.DataFrame) -> str:
    wordings = _wordings(table["request"])
    if wordings < _FEWEST:
        return f"only {wordings} different requests; {_FEWEST} are needed"
    if min(len(simple), len(other)) < _FEWEST // 3:
        return f"fewer than {_FEWEST // 3} simple or other requests"
    of_simple, of_other = simple["response_words"].median(), other["response_words"].median()
    if of_simple >= _SHORT_WORDS:
        return f"simple questions get {of_simple:,.0f} words at the median"
    if of_other < _SHORTER * of_simple:
        return f"the median answer has {of_simple:,.0f} words to simple questions and {of_other:,.0f} to others"
    return ""


def _wordings(requests: pd.Series) -> int:
    """How many different wordings there are, up to as many as are needed."""
    seen: set[str] = set()
    for request in requests:
        seen.add(wording(request))
        if len(seen) == _FEWEST:
            break
    return len(seen)

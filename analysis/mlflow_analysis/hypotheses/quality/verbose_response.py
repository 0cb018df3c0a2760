"""Long answers to simple questions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import pandas as pd
import scipy

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.request_complexity import SIMPLE_WORDS, answered
from mlflow_analysis.hypotheses.remembered import remembered

LONG_WORDS = 150
_FOLLOWS = 0.3
_FEWEST = 10
_TOKENS_PER_WORD = 4 / 3


class VerboseResponse(Hypothesis):
    """Simple questions get long answers.

    ## Why it matters
    A user who asks one short thing reads the answer for one short thing: every further sentence costs
    reading time, hides the answer, and is paid for in output tokens and waiting.

    ## Test
    Eligible: answered requests of traces that did not fail, of at most 15 words in one line, with one
    question (one question mark, or none and a question word at the start), that ask for nothing long.
    Affected: answers of at least 150 words, in a configuration where that is the rule: the prompt
    version (if none is recorded the application's, else the model) with at least 10 eligible requests
    whose median answer has at least 150 words and in which answer length does not follow the request's
    complexity: Spearman's correlation of answer words with complexity over all its answered requests is
    below 0.3. Complexity is the request's words × its question marks (at least 1) × 2 if it asks for
    something long. Confirmed if the lower bound of the share of eligible requests (Wilson) is above 10 %.

    ## Not flagged
    Requests that ask for a list, an explanation, a comparison, steps, a text or code; "how to" and
    "why" questions; requests of several lines; statements; single long answers where the median is
    short; applications whose answers are longer the more the request asks for.

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
        table = answered(features)
        return pd.Index(table.loc[table["simple"], "place"])

    def affected(self, features: Features) -> pd.DataFrame:
        """Simple requests with a long answer where long answers to them are the rule."""
        long = _long(features)
        words = long["response_words"].astype(str)
        return affected_rows(
            long["place"],
            long.index,
            long["root_span_id"],
            long["response"].str.slice(0, 240),
            "The answer has "
            + words
            + " words to a question of "
            + long["request_words"].astype(str)
            + "; the median answer to simple questions"
            + long["where"].astype(str)
            + " has "
            + long["median"].round().astype(int).map("{:,}".format).astype(str)
            + ".",
            offset=0,
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, with the tokens that short answers would have saved."""
        table, long = answered(features), _long(features)
        simple = table[table["simple"]]
        saved = (long["response_words"] - LONG_WORDS / 3).sum() * _TOKENS_PER_WORD
        median = simple["response_words"].median() if len(simple) else 0.0
        yield Case(
            self.eligible(features),
            self.affected(features),
            statement=f"Simple questions (at most {SIMPLE_WORDS} words) get answers of {LONG_WORDS} "
            f"words or more as a rule{_named(long)}; over all of them the median answer has {median:,.0f} words.",
            tokens_lost=int(saved),
        )


@remembered
def _long(features: Features) -> pd.DataFrame:
    """The affected traces, with ``median`` (words) of their configuration and ``where`` (its name)."""
    table = answered(features)
    where = _configuration(table)
    parts = [table.iloc[:0].assign(median=0.0, where="")]
    for name, group in table.groupby(where, sort=True):
        simple = group[group["simple"]]
        median = float(simple["response_words"].median()) if len(simple) else 0.0
        if len(simple) < _FEWEST or median < LONG_WORDS or _follows(group):
            continue
        parts.append(
            simple[simple["response_words"] >= LONG_WORDS].assign(median=median, where=name)
        )
    return pd.concat([part for part in parts if len(part)] or parts[:1]).reindex(
        table.index[table.index.isin([each for part in parts for each in part.index])]
    )


def _configuration(table: pd.DataFrame) -> pd.Series:
    for column, words in (
        ("prompt_version", " with prompt "),
        ("app_version", " in version "),
        ("model", " with model "),
    ):
        if (table[column] != "").any():
            return (words + table[column].astype(str)).where(table[column] != "", "")
    return pd.Series("", index=table.index, dtype=object)


def _follows(group: pd.DataFrame) -> bool:
    """Whether answers are the longer the more is asked for."""
    if group["complexity"].nunique() < 2 or group["response_words"].nunique() < 2:
        return False
    return (
        float(scipy.stats.spearmanr(group["complexity"], group["response_words"]).statistic)
        >= _FOLLOWS
    )


def _named(long: pd.DataFrame) -> str:
    names = sorted(set(long["where"]) - {""})
    return "," + " and".join(names[:3]) if names else ""

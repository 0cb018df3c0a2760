"""Answers that refuse or send the user to somebody else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.features.topics import NO_SUBJECT
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.screening import answers
from mlflow_analysis.hypotheses.quality.well_answered import well_answered
from mlflow_analysis.hypotheses.quality.wording import (
    MAY_DECLINE,
    MAY_HAND_OFF,
    cut_out,
    declined,
    handed_off,
)
from mlflow_analysis.hypotheses.remembered import remembered

LEXICON_VERSION = 2
_WHOLE_ANSWER_WORDS = 80
_FEWEST_OF_TOPIC = 10
_WILL_NOT = re.compile(r"(?i)won't|will not|not allowed|not permitted|do not|don't")


class Refusal(Hypothesis):
    """The application refuses requests or hands them off.

    ## Why it matters
    Where a refused kind of request belongs to the application's job, the user leaves without an answer;
    where it does not, users do not know what the application is for.

    ## Test
    Eligible: answered requests of traces that did not fail and in which no call failed. Affected: answers
    of at most 80 words in whose first 240 characters the application says that it cannot do it or that it is
    out of its scope (unsupported: "I'm unable to", "I can't help", "outside my scope"), or that it will
    not or may not (declined: "I won't", "I'm not allowed to"); or that anywhere send the user to a
    person or another office (handed off: "please contact our support", "I'll transfer you"). English,
    lexicon version 2. Confirmed if the lower bound of the share (Wilson) is above 5 %: this says that the
    pattern is there. The statement counts each way and names the topic with the highest share of at
    least 10 eligible requests. Whether it goes with worse outcomes is contrasted as for every finding.

    ## Not flagged
    Requests that the user of this program says are out of scope; provider filters (content-blocked);
    apologies followed by an answer; "not found" and "not available"
    after a lookup; answers after a failed call, which tell of the failure; long answers with a closing
    "contact support".

    ## Recommendation
    Look at the topics that are refused most: give the application the tool or the text for what is in
    scope, say early and with an alternative what is not, and route the rest with the details filled in.

    ## Sources
    Röttger et al. 2024, XSTest: identifying exaggerated safety behaviours, arXiv:2308.01263. Cui et al.
    2024, OR-Bench: An Over-Refusal Benchmark, arXiv:2405.20947.
    """

    id: ClassVar[str] = "refusal"
    title: ClassVar[str] = "Refusals and hand-offs"
    category: ClassVar[Category] = Category.QUALITY
    text_cue = True
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.LOW
    minimum_effect: ClassVar[float] = 0.05
    version: ClassVar[int] = LEXICON_VERSION
    needs: ClassVar[frozenset[Field]] = frozenset({Field.REQUESTS, Field.RESPONSES})

    def eligible(self, features: Features) -> pd.Index:
        """Answered requests without a failed call."""
        return pd.Index(_answered(features)["place"])

    def affected(self, features: Features) -> pd.DataFrame:
        """Those refused or handed off."""
        return _rows(_refused(features), features)

    def cases(self, features: Features) -> Iterable[Case]:
        """One case; the statement tells the ways and the topic."""
        refused = _refused(features)
        ways = refused["how"].value_counts().sort_index()
        told = ", ".join(f"{how} {count:,}" for how, count in ways.items())
        yield Case(
            self.eligible(features),
            _rows(refused, features),
            statement="Answers say that a request is unsupported, decline it or hand it off"
            + (f" ({told}{_most_refused(features, refused)})" if told else "")
            + ". The pattern alone says nothing of harm.",
        )


def _answered(features: Features) -> pd.DataFrame:
    traces = well_answered(features)[["place", "response", "response_words", "topic"]]
    with_failed_call = features.traces_with(features.spans["failed"].to_numpy(dtype=bool))
    fine = ~with_failed_call[traces["place"]]
    return traces[fine & ~traces.index.isin(features.out_of_scope)]


@remembered
def _refused(features: Features) -> pd.DataFrame:
    """The affected traces (index) with ``how``, ``start`` and ``end`` of what says so."""
    answered = _answered(features)
    short = answered[answered["response_words"] <= _WHOLE_ANSWER_WORDS]
    texts = short["response"].tolist()
    dubious = answers(features).holding(MAY_DECLINE) | answers(features).holding(MAY_HAND_OFF)
    said = {text: _said(text) for text in dubious.intersection(texts)}
    found = [said.get(text) for text in texts]
    rows = [each for each in found if each is not None]
    index = short.index[[each is not None for each in found]]
    return pd.DataFrame(rows, columns=["how", "start", "end"], index=index)


def _said(text: str) -> tuple[str, int, int] | None:
    said = declined(text)
    if said is not None:
        how = "declined" if _WILL_NOT.search(said.group()) else "unsupported"
        return how, said.start(), said.end()
    said = handed_off(text)
    return None if said is None else ("handed off", said.start(), said.end())


def _most_refused(features: Features, refused: pd.DataFrame) -> str:
    topic = _answered(features)["topic"]
    topic = topic[~topic.isin(NO_SUBJECT)]
    shares = topic.index.isin(refused.index)
    by_topic = pd.Series(shares, index=topic.index).groupby(topic.to_numpy()).agg(["sum", "size"])
    by_topic = by_topic[(by_topic["size"] >= _FEWEST_OF_TOPIC) & (by_topic["sum"] > 0)]
    if by_topic.empty:
        return ""
    name = (by_topic["sum"] / by_topic["size"]).idxmax()
    count, size = by_topic.loc[name, "sum"], by_topic.loc[name, "size"]
    return f"; most on “{name}”, {count:,} of {size:,}"


def _rows(refused: pd.DataFrame, features: Features) -> pd.DataFrame:
    traces = features.traces.loc[refused.index]
    cuts = [
        cut_out(text, start, end)
        for text, start, end in zip(
            traces["response"], refused["start"], refused["end"], strict=True
        )
    ]
    said = [
        text[start:end][:100]
        for text, start, end in zip(
            traces["response"], refused["start"], refused["end"], strict=True
        )
    ]
    return affected_rows(
        traces["place"],
        traces.index,
        traces["root_span_id"],
        pd.Series([excerpt for excerpt, _ in cuts], dtype=object),
        pd.Series(
            [
                f"The request was {how} in an answer of {words} words: “{quote}”."
                for how, words, quote in zip(
                    refused["how"], traces["response_words"], said, strict=True
                )
            ],
            dtype=object,
        ),
        pd.Series([offset for _, offset in cuts], dtype=int),
    )

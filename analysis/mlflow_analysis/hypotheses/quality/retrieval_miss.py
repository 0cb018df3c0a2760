"""Searches that find nothing, or nothing to the point."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.remembered import remembered

_COLUMNS = [
    "trace_id", "span_id", "tool", "position", "arguments", "output", "output_key", "documents", "top_score",
]  # fmt: skip
_FEWEST_SCORES = 20
_DEVIATIONS = 3.0
_SHARE_OF_MEDIAN = 0.75
_FEWEST_WORDS = 3
_USUALLY_WITHOUT = 0.5
_PREFIX = 5
_LONGEST = 1_000
_KEY = re.compile(r'"[\w.-]+"\s*:')
_NOTHING_WANTED = re.compile(
    r'"(?:k|top_?k|limit|n_results|max_results|num_results|size)"\s*:\s*"?0\b'
)
_WORD = re.compile(r"[^\W_]{4,}")
_STOP_WORDS = (
    "about after also been being both could does doing down each from have having here into itself just like "
    "many more most much must only other over please same should some such tell than that their them then "
    "there these they this those under until very want were what when where which while will with would your"
)
_STOP = frozenset(_STOP_WORDS.split())


class RetrievalMiss(Hypothesis):
    """The retriever finds nothing, or nothing that fits the query.

    ## Why it matters
    The model then answers from memory or gives up: what reads as a weakness of the model is a gap in
    the index or a query that does not match how the documents are written.

    ## Test
    Unit: ended traces with a retriever call (span kind RETRIEVER) that did not fail and had a query of at
    least one content word (four letters or more, stop words apart; of the arguments, else the request).
    A call misses if (1) it returned 0 documents; or (2) its top score is low for this retriever: below its
    median by more than 3 × 1.4826 × the median absolute deviation (of at least 20 calls with a score) and
    below 0.75 of the median; or (3) none of the query's content words (at least 3, compared by their first
    five letters) stands in what it returned, for a retriever that shares a word with at least half of such
    queries. Affected: traces with a miss after which no retriever call of the trace hit. Confirmed if the
    lower bound of the share (Wilson) is above 5 %. Whether it goes with worse outcomes is contrasted
    as for every finding.

    ## Not flagged
    Requests that need no retrieval (a greeting: no content word in the query); calls that ask for nothing (an
    empty query, a limit of 0); retries that found something later in the trace; failed calls (the failure
    claims tell of them); retrievers whose scores all lie close together, or whose documents are in another
    language or only ids (rule 3 is left out for them).

    ## Recommendation
    Read the queries that miss: add the documents that are missing, index in smaller chunks with their
    headings, search by words and by meaning together, and rewrite queries into the documents' terms. Where
    nothing was found, let the answer say so.

    ## Sources
    Barnett et al. 2024, Seven Failure Points When Engineering a Retrieval Augmented Generation System,
    arXiv:2401.05856. Furnas et al. 1987, The Vocabulary Problem in Human-System Communication, CACM 30.
    Leys et al. 2013, Detecting outliers: use the median absolute deviation, J. Exp. Soc. Psychol. 49.
    """

    id: ClassVar[str] = "retrieval-miss"
    title: ClassVar[str] = "Retrieval misses"
    category: ClassVar[Category] = Category.QUALITY
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.MEDIUM
    minimum_effect: ClassVar[float] = 0.05
    needs: ClassVar[frozenset[Field]] = frozenset({Field.RETRIEVER_SPANS})

    def eligible(self, features: Features) -> pd.Index:
        """Traces that search for something."""
        return pd.Index(_searches(features)["trace_id"].unique(), dtype=object)

    def affected(self, features: Features) -> pd.DataFrame:
        """The misses that no later search made good."""
        calls = _searches(features)
        hits = calls[calls["how"] == ""].groupby("trace_id")["position"].max()
        last_hit = calls["trace_id"].map(hits).fillna(-1)
        missed = calls[(calls["how"] != "") & (calls["position"] > last_hit)]
        return affected_rows(
            missed["trace_id"],
            missed["trace_id"],
            missed["span_id"],
            missed["query"].str.slice(0, 200),
            missed["tool"] + " " + missed["how"] + ".",
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case; the statement counts the ways."""
        kinds = _searches(features).loc[lambda calls: calls["how"] != "", "kind"].value_counts()
        told = "; ".join(f"{count:,} × {kind}" for kind, count in sorted(kinds.items()))
        yield Case(
            self.eligible(features),
            self.affected(features),
            statement=f"The retriever finds nothing, or nothing that fits{f' ({told})' if told else ''}.",
        )


@remembered
def _searches(features: Features) -> pd.DataFrame:
    """The retriever calls that ask for something, with ``query``, ``kind`` of the miss and ``how`` ("" is a hit)."""
    spans = features.spans
    searching = spans.coded("kind").among("RETRIEVER") & features.ended
    calls = spans[searching & ~spans["failed"].to_numpy(dtype=bool)][_COLUMNS]
    request = features.traces["request"].reindex(calls["trace_id"]).to_numpy()
    query = calls["arguments"].where(calls["arguments"] != "", request).str.slice(0, _LONGEST)
    words = {text: _content_words(_KEY.sub(" ", text)) for text in query.unique()}
    wanted = np.asarray([bool(words[text]) for text in query], dtype=bool)
    wanted &= ~query.str.contains(_NOTHING_WANTED.pattern).to_numpy(dtype=bool)
    calls = calls.assign(query=query, kind="", how="")[wanted]
    for _, of_tool in calls.groupby("tool", sort=True):
        _mark(calls, of_tool, words)
    return calls


def _mark(calls: pd.DataFrame, of_tool: pd.DataFrame, words: dict[str, frozenset[str]]) -> None:
    score = of_tool["top_score"]
    empty = of_tool["documents"] == 0
    low, median = pd.Series(False, index=of_tool.index), 0.0
    if score.notna().sum() >= _FEWEST_SCORES:
        median = float(score.median())
        spread = 1.4826 * float((score - median).abs().median())
        below = median - _DEVIATIONS * spread
        low = (score < below) & (score < _SHARE_OF_MEDIAN * median) & (spread > 0)
    several = np.asarray(
        [len(words[query]) >= _FEWEST_WORDS for query in of_tool["query"]], dtype=bool
    )
    comparable = several & ~empty.to_numpy() & (of_tool["output"] != "").to_numpy()
    pairs = {
        (query, key): text
        for query, key, text in zip(
            of_tool.loc[comparable, "query"],
            of_tool.loc[comparable, "output_key"],
            of_tool.loc[comparable, "output"],
            strict=True,
        )
    }
    shared = {
        (query, key): any(word in lower for word in words[query])
        for (query, key), text in pairs.items()
        for lower in (text.lower(),)
    }
    apart = pd.Series(
        [
            use and not shared[query, key]
            for use, query, key in zip(
                comparable, of_tool["query"], of_tool["output_key"], strict=True
            )
        ],
        index=of_tool.index,
        dtype=bool,
    )
    if comparable.sum() and apart.sum() > _USUALLY_WITHOUT * comparable.sum():
        apart[:] = False
    for shows, kind, how in (
        (apart, "no word in common", "returned documents without any content word of the query"),
        (low, "low score", f"found a top score of {{score:.3g}}; its median is {median:.3g}"),
        (empty, "nothing found", "returned no document"),
    ):
        calls.loc[shows.index[shows], "kind"] = kind
        calls.loc[shows.index[shows], "how"] = [how.format(score=each) for each in score[shows]]


def _content_words(text: str) -> frozenset[str]:
    """The first letters of the words of ``text`` that say what it is about."""
    return frozenset(word[:_PREFIX] for word in _WORD.findall(text.lower()) if word not in _STOP)

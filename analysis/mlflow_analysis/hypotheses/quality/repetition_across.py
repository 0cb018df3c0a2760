"""The same sentences in answers to quite different requests."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import ClassVar

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.request_complexity import answered, wording
from mlflow_analysis.hypotheses.quality.running_text import running_text
from mlflow_analysis.hypotheses.quality.screening import Texts
from mlflow_analysis.hypotheses.quality.wording import sentences
from mlflow_analysis.hypotheses.remembered import remembered

_SHARE = 0.30
_SHORTEST = 5
_FEWEST = 20
_FEWEST_WORDINGS = 10
_UNRELATED = 0.2
_PAIRS = 200
_QUOTES_LOOKED_AT = 50
_QUOTED = 0.5
_LONGEST_SENTENCE = 400
_TOKENS_PER_WORD = 4 / 3
_MARKS = ".!?:;,*_\"'“”’() "
_LETTERS = re.compile(r"[^\W\d_]{3,}")
_DIGITS = re.compile(r"\d+")


class RepetitionAcross(Hypothesis):
    """The same sentences stand in answers to unrelated requests.

    ## Why it matters
    What is said to everybody says nothing to anybody: readers learn to skip it, the part that answers is
    harder to find, and every repetition is paid for in tokens and waiting.

    ## Test
    Unit: answered requests of ended traces that did not fail, at least 20 of them. A sentence (outside
    code, tables, lists and headings, in the first 8,000 characters; compared in lower case with numbers
    masked and without the marks at its ends) of at least 5 words and at most 400 characters is
    boilerplate if at least 30 % of the answers hold it and the requests they answer are unrelated: at least
    10 different wordings (numbers masked), and over 200 random pairs of them (fixed seed) a median Jaccard
    similarity of their words of at most 0.2. Affected: answers that hold a boilerplate sentence.
    Confirmed if the lower bound of their share (Wilson) is above 30 %.

    ## Not flagged
    Greetings and sign-offs of fewer than 5 words; sentences that the system prompt holds (a notice that
    the law or the product requires); sentences that stand in an output of a call in at least half of
    (up to 50 of) the traces that give them: quotes of one document; answers to similar requests.

    ## Recommendation
    Put what everybody should know into the user interface once, take the sentence out of the prompt's
    examples, and ask for the answer alone.

    ## Sources
    Zhang et al. 2024, Verbosity ≠ Veracity, arXiv:2411.07858. Shaib et al. 2024, Detection and Measurement
    of Syntactic Templates in Generated Text, arXiv:2407.00211.
    """

    id: ClassVar[str] = "repetition-across"
    title: ClassVar[str] = "The same sentences in unrelated answers"
    category: ClassVar[Category] = Category.QUALITY
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.LOW
    minimum_effect: ClassVar[float] = _SHARE
    needs: ClassVar[frozenset[Field]] = frozenset({Field.REQUESTS, Field.RESPONSES})
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Answered requests, where there are enough."""
        table = answered(features)
        return pd.Index(table["place"] if len(table) >= _FEWEST else table["place"][:0])

    def affected(self, features: Features) -> pd.DataFrame:
        """Answers with a boilerplate sentence: the commonest one of each."""
        held = _boilerplate(features).drop_duplicates("trace_id")
        traces = features.traces.loc[held["trace_id"]]
        offsets = [
            text.find(sentence)
            for text, sentence in zip(traces["response"], held["sentence"], strict=True)
        ]
        return affected_rows(
            traces["place"],
            traces.index,
            traces["root_span_id"],
            held["sentence"].reset_index(drop=True),
            pd.Series(
                [
                    f"The answer holds a sentence that stands in {count:,} answers ({share:.0%}), to unrelated "
                    "requests."
                    for count, share in zip(held["count"], held["share"], strict=True)
                ],
                dtype=object,
            ),
            pd.Series(offsets, dtype=int),
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, with the commonest sentences and what they cost in tokens."""
        held = _boilerplate(features)
        commonest = held.drop_duplicates("plain").head(3)
        told = "; ".join(
            f"“{sentence[:120]}” in {share:.0%}"
            for sentence, share in zip(commonest["sentence"], commonest["share"], strict=True)
        )
        words = int(held["sentence"].str.count(r"\S+").sum())
        yield Case(
            self.eligible(features),
            self.affected(features),
            statement="The same sentences stand in answers to unrelated requests"
            + (f": {told}." if told else "."),
            tokens_lost=int(words * _TOKENS_PER_WORD),
        )


@remembered
def _boilerplate(features: Features) -> pd.DataFrame:
    """One row for each answer and boilerplate sentence in it, commonest sentence first.

    Columns ``trace_id``, ``sentence`` (as it stands there), ``plain``, ``count`` and ``share`` of answers.
    """
    table = answered(features)
    none = pd.DataFrame({"trace_id": [], "sentence": [], "plain": [], "count": [], "share": []})
    none = none.astype({"trace_id": object, "sentence": object, "plain": object})
    if len(table) < _FEWEST:
        return none
    running = running_text(features)
    texts = [running[response] for response in table["response"]]
    times_of, fewest = Counter(texts), _SHARE * len(table)
    plain_of = {text: _plain_sentences(text) for text in _with_usual_sentence(times_of, fewest)}
    counts = Counter[str]()
    for text, held in plain_of.items():
        for plain in held:
            counts[plain] += times_of[text]
    common = {plain for plain, count in counts.items() if count >= fewest}
    rows = [
        (trace_id, sentence, plain)
        for trace_id, text in zip(table.index, texts, strict=True)
        for plain, sentence in plain_of.get(text, {}).items()
        if plain in common
    ]
    found = pd.DataFrame(rows, columns=["trace_id", "sentence", "plain"], dtype=object)
    if not rows:
        return none
    notices = "\n".join(_plain(text) for text in features.spans["instructions"].unique() if text)
    kept = [
        plain
        for plain, rows in found.groupby("plain", sort=True)
        if str(plain) not in notices
        and _unrelated(table.loc[rows["trace_id"]], features.seed)
        and not _quoted(rows, features)
    ]
    found = found[found["plain"].isin(kept)]
    count = found["plain"].map(counts).fillna(0).astype(int)
    found = found.assign(count=count, share=count / len(table))
    return found.sort_values(["count", "plain"], ascending=[False, True], kind="stable")


def _with_usual_sentence(times_of: Mapping[str, int], fewest: float) -> list[str]:
    """The texts with a sentence that, as far as its letters go, ``fewest`` texts hold: most hold none."""
    texts = Texts(times_of)
    masked = pc.replace_substring_regex(pc.ascii_lower(texts.plain), "[0-9]+", "0")
    parts = pc.split_pattern_regex(masked, r"[.!?] |\n")
    sentence = parts.flatten().dictionary_encode()
    letters = pc.replace_substring_regex(sentence.dictionary, "[^a-z0]+", "").dictionary_encode()
    is_long = pc.greater_equal(pc.count_substring(sentence.dictionary, " "), _SHORTEST - 1)
    which = sentence.indices.to_numpy()
    chosen = is_long.to_numpy(zero_copy_only=False)[which]
    text = pc.list_parent_indices(parts).to_numpy()[chosen]
    kind = letters.indices.to_numpy()[which[chosen]]
    # each text once for each kind of sentence that it holds
    text, kind = np.divmod(pd.unique(text * len(letters) + kind), len(letters))
    times = np.bincount(kind, np.fromiter(times_of.values(), float, len(times_of))[text])
    return [texts.distinct[at] for at in np.unique(text[times[kind] >= fewest])]


def _plain_sentences(text: str) -> dict[str, str]:
    """Its sentences of enough words: as compared, and as the first of them stands there."""
    found: dict[str, str] = {}
    for sentence in sentences(text):
        if sentence.count(" ") >= _SHORTEST - 1 and len(sentence) <= _LONGEST_SENTENCE:
            found.setdefault(_plain(sentence), sentence)
    return found


def _plain(text: str) -> str:
    """In lower case, numbers masked, without the marks at its ends."""
    lower = text.lower()
    if _DIGITS.search(lower):
        lower = _DIGITS.sub("0", lower)
    return " ".join(lower.split()).strip(_MARKS)


def _unrelated(table: pd.DataFrame, seed: int) -> bool:
    asked = [wording(request) for request in table["request"]]
    if len(set(asked)) < _FEWEST_WORDINGS:
        return False
    words = [frozenset(_LETTERS.findall(text)) for text in asked]
    drawn = np.random.default_rng(seed).integers(0, len(words), size=(_PAIRS, 2)).tolist()
    alike = [
        len(words[one] & words[other]) / max(len(words[one] | words[other]), 1)
        for one, other in drawn
        if one != other
    ]
    return bool(alike) and float(np.median(alike)) <= _UNRELATED


def _quoted(rows: pd.DataFrame, features: Features) -> bool:
    """Whether the sentence comes from what calls returned."""
    sample = rows.iloc[:: max(1, len(rows) // _QUOTES_LOOKED_AT)].head(_QUOTES_LOOKED_AT)
    calls = features.calls
    calls = calls[calls["trace_id"].isin(sample["trace_id"])]
    outputs = calls[["trace_id", "output"]].groupby("trace_id")["output"].agg(" ".join)
    quoted = sum(
        str(plain) in _plain(str(outputs.get(trace_id, "")))
        for trace_id, plain in zip(sample["trace_id"], sample["plain"], strict=True)
    )
    return quoted >= _QUOTED * len(sample)

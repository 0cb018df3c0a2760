"""Whether answers that should agree contradict each other, held against pairs that have no reason to."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mlflow_analysis.hypotheses.quality.facts import NAME, Facts, facts, facts_of
from mlflow_analysis.hypotheses.quality.wording import sentences

_MOST_ANSWERS = 30
_ANSWERS = 400
_PAIRS = 1_000
_FEWEST_PAIRS = 20
_ALIKE = 0.95
_SAME_WORDS = 1.0
_NO_TEST = -1.0
_UNRELATED = 0.2
_LONGEST = 2_000
_WORDS = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True)
class Conflict:
    """Two versions of one fact within a group of equal requests."""

    traces: tuple[str, ...]
    """Those that gave the rarer versions."""
    counterpart: str
    """A trace that gave the commonest version."""
    fact: str
    versions: tuple[tuple[str, int], ...]
    """Each version and how many answers give it, commonest first."""


@dataclass(frozen=True)
class ChancePairs:
    """Random pairs of answers to unrelated requests: what a conflict is held against."""

    pairs: int
    """How many were drawn."""
    conflicting: int
    """How many give disjoint values for one kind of fact."""
    threshold: float
    """Likeness of the two sentences that 95 % of the conflicting ones don't exceed; -1 if too few."""


def chance_pairs(traces: pd.DataFrame, calls: pd.DataFrame, seed: int) -> ChancePairs:
    """1,000 random pairs among 400 random answers of ``traces``, those to unrelated requests.

    Unrelated: of different topics (where both have one), without a tool in common (``calls``: spans that
    call one), and with at most a fifth of their words in common.
    """
    if len(traces) < 2:
        return ChancePairs(0, 0, _NO_TEST)
    generator = np.random.default_rng(seed)
    traces = traces.iloc[np.sort(generator.permutation(len(traces))[:_ANSWERS])]
    drawn = generator.integers(0, len(traces), size=(_PAIRS, 2))
    request, response, topic = (
        traces[column].tolist() for column in ("request", "response", "topic")
    )
    used = _tools(traces.index, calls)
    asked = [_words(text) for text in request]
    unrelated = [
        (first, second)
        for first, second in drawn.tolist()
        if not (topic[first] and topic[first] == topic[second])
        and not used[first] & used[second]
        and _overlap(asked[first], asked[second]) <= _UNRELATED
    ]
    looked_at = sorted({each for pair in unrelated for each in pair})
    told = facts_of([(response[each], request[each]) for each in looked_at])
    stated: dict[int, Facts] = dict(zip(looked_at, told, strict=True))
    likeness = []
    for first, second in unrelated:
        one, other = stated[first], stated[second]
        kind = next(
            (kind for kind in sorted(one) if other.get(kind, one[kind]).isdisjoint(one[kind])), ""
        )
        if kind:
            likeness.append(_alike(kind, response[first], one[kind], response[second], other[kind]))
    threshold = float(np.quantile(likeness, _ALIKE)) if len(likeness) >= _FEWEST_PAIRS else _NO_TEST
    return ChancePairs(len(unrelated), len(likeness), threshold)


def _tools(trace_ids: pd.Index, calls: pd.DataFrame) -> list[set[str]]:
    """The tools that each of the traces calls."""
    used: dict[str, set[str]] = {str(trace_id): set() for trace_id in trace_ids}
    here = calls["trace_id"].isin(trace_ids)
    for trace_id, tool in zip(calls.loc[here, "trace_id"], calls.loc[here, "tool"], strict=True):
        used[trace_id].add(tool)
    return list(used.values())


def conflict_among(
    by_text: Mapping[str, list[str]], stated: Mapping[str, Facts], request: str, threshold: float
) -> Conflict | None:
    """The conflict with the most dissenting answers, if any.

    ``by_text`` has the trace ids by answer, ``stated`` its facts. Sentences that state the two versions
    must be about the same thing: more alike than ``threshold``, or the same words but for the value.
    """
    if len(by_text) < 2:
        return None
    texts = sorted(by_text, key=lambda text: (-len(by_text[text]), text))[:_MOST_ANSWERS]
    best: Conflict | None = None
    for kind in sorted({kind for text in texts for kind in stated[text]}):
        candidate = _dissent(kind, texts, stated, by_text, threshold)
        if candidate and (best is None or len(candidate.traces) > len(best.traces)):
            best = candidate
    return best or _other_name(texts, by_text, request)


def _dissent(
    kind: str,
    texts: list[str],
    stated: Mapping[str, Facts],
    by_text: Mapping[str, list[str]],
    threshold: float,
) -> Conflict | None:
    versions = Counter[frozenset[str]]()
    for text in texts:
        if kind in stated[text]:
            versions[stated[text][kind]] += len(by_text[text])
    ranked = sorted(versions, key=lambda version: (-versions[version], sorted(version)))
    if len(ranked) < 2:
        return None
    usual = ranked[0]
    usual_text = next(text for text in texts if stated[text].get(kind) == usual)
    stating = _words(_stating(kind, usual_text, usual))
    holders = [
        text
        for text in texts
        if not (said := stated[text].get(kind, usual)) & usual
        and _is_about_the_same(_overlap(_words(_stating(kind, text, said)), stating), threshold)
    ]
    if not holders:
        return None
    counts = Counter[frozenset[str]]()
    for text in holders:
        counts[stated[text][kind]] += len(by_text[text])
    other = sorted(counts, key=lambda version: (-counts[version], sorted(version)))
    return Conflict(
        tuple(trace_id for text in holders for trace_id in by_text[text]),
        by_text[usual_text][0],
        kind,
        (
            (", ".join(sorted(usual)), versions[usual]),
            *((", ".join(sorted(version)), counts[version]) for version in other),
        ),
    )


def _other_name(
    texts: list[str], by_text: Mapping[str, list[str]], request: str
) -> Conflict | None:
    """Answers that are word for word the same but for the name they give."""
    by_frame: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    outlines = [_outline(text[:_LONGEST]) for text in texts]
    seen = Counter(outlines)
    for text, outline in zip(texts, outlines, strict=True):
        if seen[outline] < 2:
            continue
        names = [name for name in NAME.findall(text[:_LONGEST]) if name not in request]
        if names:
            by_frame[NAME.sub("·", text[:_LONGEST])][", ".join(names)] += by_text[text]
    for frame, versions in sorted(by_frame.items()):
        if len(versions) > 1 and "·" in frame:
            ranked = sorted(versions, key=lambda name: (-len(versions[name]), name))
            rarer = tuple(itertools.chain.from_iterable(versions[name] for name in ranked[1:]))
            counts = tuple((name, len(versions[name])) for name in ranked)
            return Conflict(rarer, versions[ranked[0]][0], "name", counts)
    return None


def _outline(text: str) -> tuple[str, ...]:
    """What is equal in texts that only differ in names, and quickly had: no name has one of these signs."""
    return (*text.split(None, 1)[:1], *(str(text.count(sign)) for sign in ".,:$?!()"))


def _alike(
    kind: str, first: str, said: frozenset[str], second: str, other: frozenset[str]
) -> float:
    """Words in common (Jaccard) of the sentences that state the two versions."""
    return _overlap(_words(_stating(kind, first, said)), _words(_stating(kind, second, other)))


def _is_about_the_same(alike: float, threshold: float) -> bool:
    # where all answers follow one pattern, unrelated ones may be as alike as can be
    return alike > threshold or alike == _SAME_WORDS


def _stating(kind: str, answer: str, values: frozenset[str]) -> str:
    """The first sentence of ``answer`` that states one of ``values``."""
    parts = sentences(answer[:_LONGEST]) or [answer]
    return next((part for part in parts if values & facts(part).get(kind, frozenset())), parts[0])


def _words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORDS.findall(text[:_LONGEST]))


def _overlap(first: frozenset[str], second: frozenset[str]) -> float:
    return len(first & second) / len(first | second) if first and second else 0.0

"""The same question asked several times on the same evidence, and whether the answers agree.

What ``inconsistent-answers`` and the strength ``consistent-answers`` stand on.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import compress

import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.quality.conflicts import (
    ChancePairs,
    Conflict,
    chance_pairs,
    conflict_among,
)
from mlflow_analysis.hypotheses.quality.facts import NAME, facts_of
from mlflow_analysis.hypotheses.quality.numbers import numbers as numbers_in
from mlflow_analysis.hypotheses.quality.numbers import numbers_of_requests
from mlflow_analysis.hypotheses.quality.screening import Texts
from mlflow_analysis.hypotheses.quality.well_answered import well_answered
from mlflow_analysis.hypotheses.quality.wording import sentences
from mlflow_analysis.hypotheses.remembered import remembered

_WORD = re.compile(r"[#$€£]?\w+(?:[.,:/'’-]\w+)*%?")
_DIGIT = re.compile(r"\d")
_POSSESSIVE = re.compile(r"['’](?:s|re|ve|ll|d|m)\b")
_FILLER_WORDS = (
    "a an the of to in on at for from by with and or is are was were be been do does did can could will "
    "would shall should may might must have has had got get i me we us you your yours what which who "
    "please tell kindly just hi hello hey thanks thank know like want need there any about this that "
    "so okay ok also exactly actually currently"
)
_FILLER = frozenset(_FILLER_WORDS.split())
_PERSONAL_WORDS = "my mine our ours i me we us myself i'm i’m i've i’ve i'd i’d i'll i’ll"
_PERSONAL = frozenset(_PERSONAL_WORDS.split())
_HOW_TO = re.compile(r"(?i)\b(?:how|where) (?:do|can|could|should|would|may) (?:i|we)\b")
"""Asks for a way that is the same for everybody."""
_POINTS_BACK = re.compile(
    r"(?i)\b(?:joke|story|poem|random|suggest\w*|idea|ideas|recommend\w*|brainstorm|write|draft|now|today"
    r"|tonight|tomorrow|yesterday|latest|current(?:ly)?|news|time is it|weather|another|again|more|it"
    r"|they|them|those|these|its|their|next|previous|continue|one|ones|same|other|else|instead|both"
    r"|yes|no|sure|go ahead|proceed|confirm\w*)\b"
)
_FEWEST_WORDS = 2
_LONGEST = 2_000


@dataclass(frozen=True)
class RequestGroup:
    """Answers to one request on one set of tool outputs."""

    group_id: str
    members: tuple[str, ...]
    """Trace ids, in order of time."""
    comparable: bool
    """Whether two answers state the same kind of fact, or conflict in a name."""
    conflict: Conflict | None


@dataclass(frozen=True)
class Compared:
    """All groups of an experiment, and what they were held against."""

    groups: tuple[RequestGroup, ...]
    chance: ChancePairs


@remembered
def compared(features: Features) -> Compared:
    """Groups of two traces or more with the same question and the same tool outputs.

    Two requests are the same question if their words are, apart from order, case, filler words and
    plural s: another number, name or adjective is another question. Where a request of several
    sentences has one question, that question counts, with the numbers and names of the rest. Who asks
    about the own person or matters ("I", "my", "our" …, but not "how do I …") asks another question
    than any other user (else session), and only answers on tool outputs are compared, for what is mine
    changes. Failed traces, open-ended requests and those that point back into the conversation are left
    out.
    """
    traces = well_answered(features)
    comparable, questions = _questions(traces, numbers_of_requests(features))
    several = questions[questions.duplicated(keep=False)]
    evidence = _evidence(features, several.index)
    together: dict[tuple[str, str], list[str]] = defaultdict(list)
    for trace_id, question in several.items():
        outputs = evidence.get(str(trace_id), "")
        if outputs or question.endswith("\0"):
            together[question, outputs].append(str(trace_id))
    chance = chance_pairs(
        traces.loc[comparable, ["request", "response", "topic"]],
        features.calls[["trace_id", "tool"]],
        features.seed,
    )
    asked = traces[["request", "response"]].loc[several.index]
    responses = dict(zip(asked.index, asked["response"], strict=True))
    requests = dict(zip(asked.index, asked["request"], strict=True))
    repeated = {key: members for key, members in together.items() if len(members) > 1}
    pairs = dict.fromkeys(
        (responses[member], requests[members[0]])
        for members in repeated.values()
        for member in members
    )
    stated_in = dict(zip(pairs, facts_of(list(pairs)), strict=True))
    groups = []
    for (question, outputs), members in repeated.items():
        name = hashlib.sha256(f"{question}\0{outputs}".encode()).hexdigest()[:12]
        request = requests[members[0]]
        by_text: dict[str, list[str]] = defaultdict(list)
        for member in members:
            by_text[responses[member]].append(member)
        stated = {text: stated_in[text, request] for text in by_text}
        kinds = Counter(
            kind for text, told in stated.items() for kind in [*told] * len(by_text[text])
        )
        conflict = conflict_among(by_text, stated, request, chance.threshold)
        stating = conflict is not None or max(kinds.values(), default=0) > 1
        groups.append(RequestGroup(name, tuple(members), stating, conflict))
    return Compared(tuple(groups), chance)


def _questions(traces: pd.DataFrame, numbers: Mapping[str, str]) -> tuple[pd.Index, pd.Series]:
    """The traces whose request is a question that can be compared, and the questions that may be asked twice.

    A question is a text that is equal where the question is. Equal ones hold equal numbers, and most hold
    an order's or a customer's that no other does: those are not worked out.
    """
    requests = [request[:_LONGEST] for request in traces["request"]]
    cores = {request: _core(request) for request in dict.fromkeys(requests)}
    texts = Texts(cores.values())  # many requests differ in their greeting only
    open_ended = texts.finding(_POINTS_BACK)
    usable = {core for core in texts.distinct if core not in open_ended and _says_enough(core)}
    held = {
        request: frozenset((numbers.get(request) or numbers_in(request)).split())
        for request, core in cores.items()
        if core in usable
    }
    comparable = [request in held for request in requests]
    times = Counter(map(held.__getitem__, compress(requests, comparable)))
    about = cache(_about)
    questions: dict[str, tuple[str, bool]] = {}
    for request, numbers_held in held.items():
        if times[numbers_held] > 1:
            content, personal = about(cores[request])
            content |= _told(_beside(cores[request], request))
            questions[request] = " ".join(sorted(content)), personal
    asked = {
        trace_id: f"{question}\0{(user or session) if personal else ''}"
        for trace_id, request, user, session in zip(
            traces.index, requests, traces["user"], traces["session"], strict=True
        )
        if request in questions
        for question, personal in (questions[request],)
    }
    return traces.index[comparable], pd.Series(asked, dtype=object)


def _about(core: str) -> tuple[frozenset[str], bool]:
    """The content words of a question, and whether it is about the asker."""
    folded = core.casefold()
    content = frozenset(_content(folded))
    if "how " in folded or "where " in folded:
        folded = _HOW_TO.sub(" ", folded)
    personal = _PERSONAL.intersection(_WORD.findall(folded))
    return content, bool(personal)


def _told(rest: str) -> set[str]:
    """The numbers and names beside a question."""
    with_digits = {word.casefold() for word in _WORD.findall(rest) if _DIGIT.search(word)}
    return with_digits | {name.casefold() for name in NAME.findall(rest)}


def _says_enough(core: str) -> bool:
    """Whether there are as many content words as it takes; plain ones are told quickly."""
    folded = core.casefold()
    words = set(folded.split()) - _FILLER
    plain = [word for word in words if word[-1] != "s" and word.isalpha()]
    return len(plain) >= _FEWEST_WORDS or len(_content(folded)) >= _FEWEST_WORDS


def _content(folded: str) -> set[str]:
    """The words of a text in lower case that say what it is about, without a plural s."""
    if "'" in folded or "’" in folded:
        folded = _POSSESSIVE.sub("", folded)
    words = _WORD.findall(folded)
    return {word if word[-1:] != "s" or len(word) < 4 else word[:-1] for word in words} - _FILLER


def _core(request: str) -> str:
    """The one question of a request of several sentences; else all of it."""
    if "?" not in request:
        return request
    parts = sentences(request)
    questions = [part for part in parts if part[-1] == "?"]
    return questions[0] if len(parts) > 1 and len(questions) == 1 else request


def _beside(core: str, request: str) -> str:
    """The other sentences of a request."""
    return "" if core == request else " ".join(part for part in sentences(request) if part != core)


def _evidence(features: Features, trace_ids: pd.Index) -> dict[str, str]:
    """The outputs of a trace's calls, as one key whatever their order."""
    calls = features.calls
    calls = calls[calls["trace_id"].isin(trace_ids)]
    found: dict[str, list[str]] = defaultdict(list)
    for trace_id, key in zip(calls["trace_id"], calls["output_key"], strict=True):
        found[trace_id].append(key)
    return {trace_id: ",".join(sorted(keys)) for trace_id, keys in found.items()}

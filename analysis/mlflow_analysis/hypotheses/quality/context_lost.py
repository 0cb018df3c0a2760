"""What the user said earlier in the conversation is asked for again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import scipy

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.identifiers import ids_in
from mlflow_analysis.hypotheses.quality.numbers import numbers_of_requests
from mlflow_analysis.hypotheses.quality.screening import answers, requests
from mlflow_analysis.hypotheses.quality.turns import turn_before
from mlflow_analysis.hypotheses.quality.wording import cut_out, tells_failure
from mlflow_analysis.hypotheses.remembered import remembered
from mlflow_analysis.statistics.similarity import similarity

RESTATED = 0.8
_CHANCE_PAIRS = 1_000
_SIGNIFICANT = 0.01

_NOUNS = (
    r"order|booking|reservation|account|customer|ticket|case|invoice|tracking|flight|policy|claim"
    r"|reference|confirmation|member(?:ship)?|patient|employee|user|device|serial|contract|request"
    r"|transaction|payment|shipment|product|zip|post(?:al)?"
)
_NOT_BEFORE = r"(?! (?:to|at|when|on|with) )"
_ASKS = re.compile(
    r"(?i)(?:\b(?:(?:could|can|would|will) you|(?:can|may|could) i)\b[^.?!\n]{0,30}\b(?:provide|share|give|tell"
    r"|send|let me know|have|specify|repeat|know|supply|enter)|\bwhat(?:'s| is| was)|\bplease"
    r" (?:provide|share|give|tell|send|specify|supply|enter)|\bi(?:'ll| will)? need|\bmay i have"
    r"|\blet me know)\b[^.?!\n]{0,50}?\b"
    rf"(?:(?P<noun>{_NOUNS}) ?(?:number|id|no\.?|code|reference)\b|(?P<email>e-?mail(?: address)?)\b"
    r"|(?P<phone>(?:tele)?phone(?: number)?)\b|(?P<name>(?:full |first |last )?name)\b"
    rf"){_NOT_BEFORE}|\bwhich (?P<which>{_NOUNS})\b[^.!?\n]{{0,40}}\?"
)
_MAY_ASK = _ASKS.pattern.replace(_NOT_BEFORE, "").replace("'", "['~]")
"""For ``screening``, which knows a typographic apostrophe as ``~`` and does not look ahead."""
_ASKING = ("?", "lease", "need", "let me know", "Let me know")
"""What an answer that asks holds."""
_NOT_LOST = re.compile(
    r"(?i)\b(?:confirm|verify|double[- ]check|verification|correct\b.{0,20}\?|not (?:found|valid|recogni[sz]ed)"
    r"|no (?:such|record|match\w*|results?)|invalid|does(?:n't| not) (?:match|exist|appear)|did(?:n't| not) find"
    r"|another|different|other|new)\b"
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_PHONE = re.compile(r"(?<![\w#-])\+?\d[\d ()/-]{6,}\d")
_NAMED = re.compile(
    r"(?:\b[Mm]y name is|\bI am|\bI'm|\b[Tt]his is) (?P<value>[A-Z][\w'-]+(?: [A-Z][\w'-]+)*)"
)
_SAID_SO = re.compile(
    r"(?i)\b(?:i(?:'ve| have)? already (?:told|gave|given|said|sent|mentioned|provided|shared)|i just (?:told"
    r"|gave|said|sent) you|you already (?:asked|have (?:it|my|that))|as i (?:already )?(?:said|told you"
    r"|mentioned)|like i (?:said|told you))\b"
)
_MAY_SAY_SO = _SAID_SO.pattern.replace("'", "['~]")
_WORD = re.compile(r"[^\W\d_]{4,}")
_SPOKEN = (
    "actually again already asked could hello just like need okay please really said sorry still tell "
    "thank thanks that this told want wanted wants what which will would your"
)
_FILLERS = frozenset(_SPOKEN.split())
"""Words of four letters or more that name nothing: what people put in to say it once more."""
_LETTERS = re.compile(r"[a-z]+")
_VALUE = r"(?P<value>[A-Z]{0,6}[-#]?\d[\w-]{2,}|[A-Z]{2,}-\w*\d\w*)"


class ContextLost(Hypothesis):
    """The application asks again for what the user has already said.

    ## Why it matters
    Having to say a thing twice is among the first reasons why people give up on a conversation; it also
    shows that history is cut or not passed on, so that later answers rest on less than the user gave.

    ## Test
    Unit: sessions with a second turn. Affected: an answer asks for a number, an e-mail address, a phone
    number or a name that the user gave in an earlier turn (a number told as such, whose letters
    abbreviate what is asked for, as ORD-123 does for an order, or which an answer called so); or the user
    says so ("I already told you"); or the user restates the previous request (similarity of at least 0.8,
    the same numbers, and no word of four letters or more put in the place of another that is not spelled
    nearly alike) although it did not fail. Restating counts only where it happens more often than
    among random pairs of turns from different sessions (binomial test, p < 0.01). Confirmed if the lower
    bound of the share of sessions (Wilson) is above 5 %.

    ## Not flagged
    The first time something is asked; confirming or verifying a value; asking again because nothing was
    found under it or a call failed; asking for another one; the same question about another thing; trying
    again after a failure; applications where everybody sends the same few requests.

    ## Recommendation
    Pass the earlier turns (or a list of the values collected so far) to the model, check what trimming
    or summarising drops, and fill tool arguments from that list before asking.

    ## Sources
    Laban et al. 2025, LLMs Get Lost In Multi-Turn Conversation, arXiv:2505.06120. Higashinaka et al.
    2021, Integrated taxonomy of errors in chat-oriented dialogue systems, SIGDIAL ("ignore question",
    "repetition"). Sacks, Schegloff and Jefferson 1977 on repair.
    """

    id: ClassVar[str] = "context-lost"
    title: ClassVar[str] = "Asks again for what was already said"
    category: ClassVar[Category] = Category.QUALITY
    unit: ClassVar[Unit] = Unit.SESSION
    severity: ClassVar[Severity] = Severity.HIGH
    minimum_effect: ClassVar[float] = 0.05
    needs: ClassVar[frozenset[Field]] = frozenset(
        {Field.FOLLOW_UPS, Field.REQUESTS, Field.RESPONSES}
    )
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Sessions with a second turn."""
        return _followed_up(features)

    def affected(self, features: Features) -> pd.DataFrame:
        """The turns that show it."""
        return _shown(features)


def _followed_up(features: Features) -> pd.Index:
    """Sessions with a second turn."""
    traces = features.complete
    return pd.Index(traces.loc[traces["turn"] > 1, "session"].unique(), dtype=object)


@remembered
def _shown(features: Features) -> pd.DataFrame:
    traces = features.complete[["session", "request", "response", "failed", "root_span_id"]]
    traces = traces[traces["session"].isin(_followed_up(features))]
    look = _Look(
        _restated(traces, numbers_of_requests(features), features.seed),
        with_failed_call=set(features.calls[features.calls["failed"]]["trace_id"]),
        asked_in=_asked_in(answers(features).holding(_MAY_ASK)),
        may_say_so=requests(features).holding(_MAY_SAY_SO),
    )
    turns: dict[str, list[tuple[str, str, str]]] = {}
    of_interest = traces[traces["session"].isin(look.sessions(traces))]
    for trace_id, session, request, response in zip(
        of_interest.index, of_interest["session"], of_interest["request"], of_interest["response"],
        strict=True,
    ):  # fmt: skip
        turns.setdefault(session, []).append((trace_id, request, response))
    rows = [
        (session, *found)
        for session, of_session in turns.items()
        for found in _in_session(of_session, look)
    ]
    columns = list(zip(*rows, strict=True)) or [()] * 5
    sessions, trace_ids, excerpt, offset, rationale = (list(column) for column in columns)
    return affected_rows(
        pd.Series(sessions, dtype=object),
        pd.Series(trace_ids, dtype=object),
        pd.Series(traces["root_span_id"].reindex(trace_ids).tolist(), dtype=object),
        pd.Series(excerpt, dtype=object),
        pd.Series(rationale, dtype=object),
        pd.Series(offset, dtype=int),
    )


@dataclass(frozen=True)
class _Look:
    """Where to look closer: most turns show nothing at first sight."""

    restated: Mapping[str, float]
    """By trace id the similarity to the request before."""
    with_failed_call: Set[str]
    asked_in: Mapping[str, list[re.Match[str]]]
    """By answer what it asks for."""
    may_say_so: Set[str]
    """Requests."""

    def sessions(self, traces: pd.DataFrame) -> pd.Series:
        """The sessions of the traces that are worth a look."""
        return traces.loc[
            traces["response"].isin(self.asked_in)
            | traces["request"].isin(self.may_say_so)
            | traces.index.isin(self.restated),
            "session",
        ]


def _in_session(
    turns: list[tuple[str, str, str]], look: _Look
) -> Iterator[tuple[str, str, int, str]]:
    said: list[str] = []
    answered: list[str] = []
    for trace_id, request, response in turns:
        if said and response in look.asked_in and trace_id not in look.with_failed_call:
            yield from _asked_again(trace_id, response, look.asked_in[response], said, answered)
        if said and request in look.may_say_so:
            told = _SAID_SO.search(request.replace("\u2019", "'"))
            if told:
                excerpt, offset = cut_out(request, *told.span())
                yield (
                    trace_id,
                    excerpt,
                    offset,
                    f"The user says “{told.group()}” in turn {len(said) + 1}.",
                )
        if trace_id in look.restated:
            yield (
                trace_id,
                request[:200],
                0,
                "The user restates the request of the turn before (similarity "
                f"{look.restated[trace_id]:.2f}), which had not failed.",
            )
        said.append(request)
        answered.append(response)


def _asked_in(answers: Iterable[str]) -> dict[str, list[re.Match[str]]]:
    """What each of the answers asks for that asks for something and does not say why it asks again."""
    asked: dict[str, list[re.Match[str]]] = {}
    for answer in answers:
        plain = answer.replace("\u2019", "'")
        questions = list(_ASKS.finditer(plain)) if any(hint in plain for hint in _ASKING) else []
        if questions and not _NOT_LOST.search(plain) and not tells_failure(plain):
            asked[answer] = questions
    return asked


def _asked_again(
    trace_id: str,
    response: str,
    questions: list[re.Match[str]],
    said: list[str],
    answered: list[str],
) -> Iterator[tuple[str, str, int, str]]:
    for asked in questions:
        for turn in range(len(said) - 1, -1, -1):
            value = _given(asked, said[turn], answered)
            if value and value not in response:
                excerpt, offset = cut_out(response, *asked.span())
                what = next(text for text in asked.groupdict().values() if text)
                yield (
                    trace_id,
                    excerpt,
                    offset,
                    f"The answer to turn {len(said) + 1} asks for the {what}, which the user gave in turn "
                    f"{turn + 1}: {value}.",
                )
                return


def _given(asked: re.Match[str], earlier: str, answered: list[str]) -> str:
    """The value of the kind asked for in an earlier request, or ""."""
    if asked["email"]:
        found = _EMAIL.search(earlier)
        return found.group() if found else ""
    if asked["phone"]:
        found = _PHONE.search(earlier)
        return found.group() if found else ""
    if asked["name"]:
        found = _NAMED.search(earlier)
        return found["value"] if found else ""
    noun = (asked["noun"] or asked["which"]).casefold()
    found = re.search(rf"{_called(noun)}{_VALUE}", earlier)
    if found:
        return found["value"].lstrip("#")
    return next((each for each in ids_in(earlier) if _is_a(noun, each, answered)), "")


def _called(noun: str) -> str:
    """A pattern for the words before a value of that kind: ``order number is #``."""
    return (
        rf"(?i:\b{re.escape(noun)}\b)"
        r"(?:\s+(?i:number|id|no\.?|code|reference|is|with|it's|its|the|was|my|of))*[\s:#=*]*"
    )


def _is_a(noun: str, value: str, answered: list[str]) -> bool:
    """Whether ``ORD-123`` is an order number: by its letters, or because an answer calls it so."""
    letters = _LETTERS.match(value.lstrip("#").casefold())
    prefix = letters.group() if letters else ""
    if len(prefix) > 1 and noun.startswith(prefix[0]) and _abbreviates(prefix, noun):
        return True
    called = re.compile(rf"{_called(noun)}{re.escape(value.lstrip('#'))}(?![\w-])")
    return any(called.search(answer) for answer in answered)


def _abbreviates(prefix: str, noun: str) -> bool:
    """Whether the letters stand in the noun, in their order: ``inv`` and ``ivc`` in ``invoice``."""
    rest = iter(noun)
    return all(letter in rest for letter in prefix)


def _about_another(before: str, after: str) -> bool:
    """Whether words of one request stand in the place of others, as one city for another."""
    first, second = (set(_WORD.findall(text.casefold())) - _FILLERS for text in (before, after))
    gone, new = " ".join(sorted(first - second)), " ".join(sorted(second - first))
    return bool(gone and new) and similarity(gone, new) < RESTATED


def _restated(traces: pd.DataFrame, numbers: Mapping[str, str], seed: int) -> dict[str, float]:
    """Similarity by trace id of requests that restate the one before, if that is more than chance."""
    requests, sessions = traces["request"].tolist(), traces["session"].tolist()
    earlier = turn_before(traces["session"])
    later = np.flatnonzero(earlier >= 0)
    neighbours = list(zip(earlier[later].tolist(), later.tolist(), strict=True))
    failed = traces["failed"].tolist()

    def score(first: int, second: int) -> float:
        before, after = requests[first], requests[second]
        if numbers[before] != numbers[after] or len(after.split()) < 3:
            return 0.0
        alike = similarity(before, after)
        return 0.0 if alike >= RESTATED and _about_another(before, after) else alike

    found = {
        str(traces.index[second]): value
        for first, second in neighbours
        if not failed[first] and (value := score(first, second)) >= RESTATED
    }
    if not found:
        return {}
    generator = np.random.default_rng(seed)
    drawn = generator.integers(0, len(requests), size=(_CHANCE_PAIRS, 2))
    apart = [(int(a), int(b)) for a, b in drawn if sessions[a] != sessions[b]]
    by_chance = (1 + sum(score(a, b) >= RESTATED for a, b in apart)) / (1 + len(apart))
    tested = scipy.stats.binomtest(
        len(found), len(neighbours), min(1.0, by_chance), alternative="greater"
    )
    return found if tested.pvalue < _SIGNIFICANT else {}

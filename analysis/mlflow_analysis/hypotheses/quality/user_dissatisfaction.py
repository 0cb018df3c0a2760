"""Users who correct, complain, or leave after a failure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from functools import cache
from typing import ClassVar

import numpy as np
import pandas as pd
import scipy

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.numbers import numbers_of_requests
from mlflow_analysis.hypotheses.quality.screening import requests
from mlflow_analysis.hypotheses.quality.turns import turn_before
from mlflow_analysis.hypotheses.quality.wording import cut_out
from mlflow_analysis.hypotheses.remembered import remembered

LEXICON_VERSION = 2
_NOT_IF = r"(?<!if )"
_NOT_ABOUT_IT = r"(?! (?:with|by|about|at|in) (?:my|our|the|a|an|his|her|their)\b)"
_CUES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "corrects the answer",
        ("wrong", "incorrect", "not ", "n't ", "no, ", "no i ", "no. ", "meant", "already", "i just"),
        r"\b(?:that|this|it)(?:'s| is| was) (?:still |just |completely |totally |simply )*"
        r"(?:wrong|incorrect|not (?:right|correct|true|what i (?:asked|want|need|meant)|helpful))\b"
        r"|\b(?:wrong|incorrect|bad) (?:answer|response)\b|\bnot what i (?:asked|wanted|want|meant|need)"
        r"|^\W*no[,.!]? (?:i (?:meant|mean|asked|said)|that(?:'s| is| was) (?:not|wrong|incorrect))\b"
        r"|\bi (?:already|just) (?:told|said|asked|gave)\b",
    ),
    (
        "complains",
        (
            "you", "still", "that did", "that do", "useless", "frustrat", "terrible", "awful", "waste of",
            "annoying", "disappoint", "unacceptable", "nonsense", "ridiculous",
        ),
        r"\byou (?:did ?n't|did not|don't|do not|aren't|are not|never) (?:even )?"
        r"(?:answer\w*|understand|listen\w*|read|help\w*|get it)"
        r"|\byou(?:'re| are) (?:wrong|not (?:helping|listening|understanding)|useless)\b"
        r"|\b(?:still (?:does(?:n't| not)|did(?:n't| not)|is(?:n't| not)|not) (?:work\w*|help\w*|answer\w*)"
        rf"|{_NOT_IF}that (?:does(?:n't| not)|did(?:n't| not)) (?:work|help|answer)\w*)"
        r"|\b(?:this|that|it|you|your (?:\w+ )?(?:system|bot|service|answers?))(?:'s| is|'re| are) "
        r"(?:so |very |really |just |totally |completely |absolutely )*(?:useless|frustrating|terrible|awful"
        r"|annoying|disappointing|unacceptable|nonsense|ridiculous|a waste of (?:my )?time)\b"
        r"|\b(?:useless (?:system|bot|answer|assistant)|waste of (?:my )?time|i(?:'m| am) (?:so |very |really "
        rf"|getting )*(?:frustrated|annoyed|disappointed){_NOT_ABOUT_IT})\b",
    ),
    (
        "asks for a person",
        ("speak ", "talk ", "get me ", "transfer me", "connect me"),
        r"\b(?:(?:speak|talk) (?:to|with)|get me|transfer me to|connect me (?:to|with)) "
        r"(?:a |an |the |some ?one )?(?:real |actual |live )?(?:human|person|agent|real|representative|manager"
        r"|supervisor)\b",
    ),
)  # fmt: skip
"""Anchored, in lower case; each is searched only where one of its keys is there."""
_PATTERNS = tuple((how, keys, re.compile(pattern)) for how, keys, pattern in _CUES)
_MAY_COMPLAIN = "(?i)" + "|".join(
    pattern.replace(_NOT_IF, "").replace(_NOT_ABOUT_IT, "").replace("'", "['~]")
    for _, _, pattern in _CUES
)
"""For ``screening``, which cannot look around, and knows a typographic apostrophe as ``~``."""
_WORDS = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_STOP_WORDS = (
    "a an the of to in on at for from by with and or is are was were be do does did can could will would "
    "i me my you your it its this that please just again still what when where how so but not no yes "
    "said asked say asking have has had"
)
_STOP = frozenset(_STOP_WORDS.split())
_FEWEST_WORDS = 3
_ALIKE = 0.6
_SIGNIFICANT = 0.01
_LONGEST = 2_000


class UserDissatisfaction(Hypothesis):
    """Users correct the application, complain, or leave after a failure.

    ## Why it matters
    Few users give feedback; most who are not served say so in the next message or are gone.

    ## Test
    Unit: sessions (with a session id) of ended traces that have a second turn, or a failed one. Affected,
    in order: (1) a follow-up corrects the answer, complains or asks for a person (English lexicon,
    version 2, anchored: "that's wrong", "not what I asked", "still doesn't work", "this is useless",
    "talk to a human" …); (2) a follow-up asks the same again: all content words of it or of the request
    before are in the other, at least 3, and their Jaccard similarity is at least 0.6, though the turn
    before was answered and did not fail; (3) the session's last turn failed, where sessions end
    after failed turns more often than after others (Fisher's exact test over all turns, one-sided, p <
    0.01). Confirmed if the lower bound of the share of sessions (Wilson) is above 5 %. This
    says that the pattern is there; whether it goes with worse outcomes is contrasted as for every finding.

    ## Not flagged
    First messages, and words on the product ("disappointed with my last stay"): a complaint about it is
    the user's request, not a verdict on the answer;
    "no, that's all"; the same question about another number or thing; the same request sent again after
    a failure; sessions that end after an answer; endings after failures where endings are as common
    elsewhere.

    ## Recommendation
    Read the examples turn by turn: what had the answer before the complaint missed? Then look for that
    cause among the other findings, and offer a way out (a person, a form) after the second failure.

    ## Sources
    Ang et al. 2002, Prosody-based automatic detection of annoyance and frustration in human-computer
    dialog, ICSLP. Hancock et al. 2019, Learning from Dialogue after Deployment, ACL. Lin et al. 2024,
    Interpretable User Satisfaction Estimation (SPUR), arXiv:2403.12388.
    """

    id: ClassVar[str] = "user-dissatisfaction"
    title: ClassVar[str] = "Users sound dissatisfied or give up"
    category: ClassVar[Category] = Category.QUALITY
    text_cue = True
    unit: ClassVar[Unit] = Unit.SESSION
    severity: ClassVar[Severity] = Severity.MEDIUM
    minimum_effect: ClassVar[float] = 0.05
    version: ClassVar[int] = LEXICON_VERSION
    needs: ClassVar[frozenset[Field]] = frozenset({Field.FOLLOW_UPS, Field.REQUESTS})

    def eligible(self, features: Features) -> pd.Index:
        """Sessions with a second turn or a failure."""
        traces = _in_sessions(features)
        return pd.Index(
            traces.loc[(traces["turn"] > 1) | traces["failed"], "session"].unique(), dtype=object
        )

    def affected(self, features: Features) -> pd.DataFrame:
        """Turns that complain or ask the same again, and last ones that failed where that makes users leave."""
        rows = [each[1:] for each in _shown(features)]
        columns = list(zip(*rows, strict=True)) or [()] * 5
        sessions, trace_ids, excerpts, offsets, rationales = (list(column) for column in columns)
        return affected_rows(
            pd.Series(sessions, dtype=object),
            pd.Series(trace_ids, dtype=object),
            pd.Series(features.traces["root_span_id"].reindex(trace_ids).tolist(), dtype=object),
            pd.Series(excerpts, dtype=object),
            pd.Series(rationales, dtype=object),
            pd.Series(offsets, dtype=int),
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case; the statement says in which ways."""
        ways = pd.Series([each[0] for each in _shown(features)], dtype=object).value_counts()
        told = "; ".join(f"{count:,} × {way}" for way, count in sorted(ways.items()))
        yield Case(
            self.eligible(features),
            self.affected(features),
            statement="Follow-ups sound dissatisfied, or sessions end with a failure"
            + (f" ({told})" if told else "")
            + ". The pattern alone says nothing of harm.",
        )


_Row = tuple[str, str, str, str, int, str]
"""How, session, trace id, excerpt, offset, rationale."""


@remembered
def _shown(features: Features) -> list[_Row]:
    traces = _in_sessions(features)
    may_complain = requests(features).holding(_MAY_COMPLAIN, within=_LONGEST)
    numbers = numbers_of_requests(features)
    return (
        _complaints(traces, may_complain) + _repeated_requests(traces, numbers) + _abandoned(traces)
    )


def _complaints(traces: pd.DataFrame, may_complain: Set[str]) -> list[_Row]:
    rows: list[_Row] = []
    complaint_in = cache(_complaint)  # many say the same
    follow_ups = traces[traces["turn"].gt(1) & traces["request"].isin(may_complain)]
    for trace_id, session, turn, request in zip(
        follow_ups.index,
        follow_ups["session"],
        follow_ups["turn"],
        follow_ups["request"],
        strict=True,
    ):
        found = complaint_in(request)
        if found is not None:
            how, start, end = found
            excerpt, offset = cut_out(request, start, end)
            rationale = f"In turn {turn} the user {how}: “{request[start:end].strip()}”."
            rows.append((how, session, str(trace_id), excerpt, offset, rationale))
    return rows


def _complaint(request: str) -> tuple[str, int, int] | None:
    """What the user does in it, and where the words that say so begin and end."""
    plain = request[:_LONGEST].lower().replace("\u2019", "'")
    if len(plain) > len(request):
        return None  # letters that grow in lower case would shift the offset
    for how, keys, pattern in _PATTERNS:
        said = pattern.search(plain) if any(key in plain for key in keys) else None
        if said is not None:
            return how, *said.span()
    return None


def _content_words(text: str) -> frozenset[str]:
    return frozenset(_WORDS.findall(text.lower())) - _STOP


def _repeated_requests(traces: pd.DataFrame, numbers: Mapping[str, str]) -> list[_Row]:
    rows: list[_Row] = []
    content_words = cache(_content_words)
    before = turn_before(traces["session"])
    was_answered = ((traces["response"] != "") & ~traces["failed"]).to_numpy(dtype=bool)
    asked = traces["request"].tolist()
    in_turns = list(zip(traces.index, traces["session"], traces["turn"], strict=True))
    after_answers = np.flatnonzero((before >= 0) & was_answered[before])
    for place, place_before in zip(
        after_answers.tolist(), before[after_answers].tolist(), strict=True
    ):
        request, last = asked[place], asked[place_before]
        if not last or not _may_be_alike(last, request, numbers):
            continue
        words, said = content_words(request[:_LONGEST]), content_words(last[:_LONGEST])
        smaller, every = min(len(words), len(said)), len(words | said)
        common = len(words & said)
        if smaller >= _FEWEST_WORDS and common == smaller and common >= _ALIKE * every:
            trace_id, session, turn = in_turns[place]
            rationale = (
                f"In turn {turn} the user asks the same again: {common} of {every} content words are those of "
                f"the turn before, which was answered (“{last[:80]}”)."
            )
            rows.append(
                ("asks the same again", session, str(trace_id), request[:160], 0, rationale)
            )
    return rows


def _may_be_alike(first: str, second: str, numbers: Mapping[str, str]) -> bool:
    """Whether all numbers of one request are in the other, without which not all words can be: quickly told."""
    if max(len(first), len(second)) > _LONGEST:
        return True  # not all of their numbers are compared
    of_first, of_second = set(numbers[first].split()), set(numbers[second].split())
    return of_first <= of_second or of_second <= of_first


def _in_sessions(features: Features) -> pd.DataFrame:
    traces = features.complete
    columns = ["session", "turn", "request", "response", "failed"]
    return traces.loc[traces["session_id"] != "", columns]


def _abandoned(traces: pd.DataFrame) -> list[_Row]:
    last = ~traces["session"].duplicated(keep="last")
    failed = traces["failed"].astype(bool)
    table = pd.crosstab(failed, last).reindex(
        index=[True, False], columns=[True, False], fill_value=0
    )
    after_failure, after_success = table.loc[True], table.loc[False]
    if not after_failure.sum() or not after_success.sum():
        return []
    p_value = float(scipy.stats.fisher_exact(table.to_numpy(), alternative="greater").pvalue)
    if p_value >= _SIGNIFICANT:
        return []
    rate_failed = after_failure[True] / after_failure.sum()
    rate_other = after_success[True] / after_success.sum()
    gave_up = traces[last & failed]
    return [
        (
            "leaves after a failure",
            str(session),
            str(trace_id),
            f"(the session ends after this failure) {request[:160]}",
            -1,
            f"The session ends with failed turn {int(turn)}; sessions end after {rate_failed:.0%} of failed "
            f"turns and {rate_other:.0%} of the others (p = {p_value:.2g}).",
        )
        for trace_id, session, turn, request in zip(
            gave_up.index, gave_up["session"], gave_up["turn"], gave_up["request"], strict=True
        )
    ]

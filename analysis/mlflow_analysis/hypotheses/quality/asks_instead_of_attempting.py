"""The first answer asks for what the request already holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd

from mlflow_analysis.features.extract import LONGEST_ARGUMENTS
from mlflow_analysis.features.payload import parsed
from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.wording import sentences, tells_failure

_MOSTLY = 0.5
_SHORTEST_VALUE = 3
_ASKS = re.compile(
    r"(?i)\?[\"')*\s]*$|^\W*(?:please|kindly|could you|can you|would you|may i)\b[^.!]{0,60}"
    r"\b(?:provide|share|tell|give|send|specify|let me know|enter|clarify|describe|choose|select)\b"
    r"|\bi(?:'ll| will)? need\b[^.!]{0,60}"
    r"\b(?:to know|from you|number|id|details|information|name|address|date)\b"
    r"|\blet me know (?:which|what|your|the|how|when|where)\b"
)
_CONSENT = re.compile(
    r"(?i)\b(?:(?:shall|should|may) i (?:go|proceed|continue|cancel|book|send|start|do)|do you want me"
    r"|would you like (?:me )?to|are you sure|confirm|go ahead|proceed"
    r"|is (?:that|this) (?:right|correct|ok\w*)|anything else)\b"
)
_VALUE = re.compile(r"[^\W_]")


class AsksInsteadOfAttempting(Hypothesis):
    """The first answer asks questions although the request already holds what the tools take later.

    ## Why it matters
    Each question is a round trip that the user has to wait for and write; people who had said everything
    notice that nobody read it.

    ## Test
    Unit: sessions whose first request holds all values that the user's words give to the first tool call
    of the session (its string and number arguments of at least 3 signs; values that occur in no request
    are defaults, ids from elsewhere or the model's own words, and don't count; at least one must be
    there). Affected: the first answer comes without a tool call, at least half of its sentences ask for
    something, and the first call comes in a later turn. Confirmed if the lower bound of the share of
    sessions (Wilson) is above 5 %.

    ## Not flagged
    Asking for what the request did not hold; asking for consent before something is done; answers that
    say that something did not work; first answers with a tool call; sessions without any tool call;
    arguments that are cut.

    ## Recommendation
    Tell the model to attempt with what it has and to ask only for required arguments that are missing;
    show one example in the prompt; give optional arguments defaults.

    ## Sources
    Zhang et al. 2024, CLAMBER: A Benchmark of Identifying and Clarifying Ambiguous Information Needs,
    ACL. Deng et al. 2023, Prompting and Evaluating Large Language Models for Proactive Dialogues,
    EMNLP Findings. Yao et al. 2024, τ-bench, arXiv:2406.12045.
    """

    id: ClassVar[str] = "asks-instead-of-attempting"
    title: ClassVar[str] = "Asks first although everything was said"
    category: ClassVar[Category] = Category.QUALITY
    text_cue = True
    unit: ClassVar[Unit] = Unit.SESSION
    severity: ClassVar[Severity] = Severity.MEDIUM
    minimum_effect: ClassVar[float] = 0.05
    needs: ClassVar[frozenset[Field]] = frozenset(
        {Field.TOOL_SPANS, Field.FOLLOW_UPS, Field.REQUESTS, Field.RESPONSES}
    )
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Sessions whose first request holds the values of the first call."""
        return pd.Index([each.session for each in _could_attempt(features)], dtype=object)

    def affected(self, features: Features) -> pd.DataFrame:
        """Those whose first answer asks instead."""
        asked = [(each, _asks(each)) for each in _could_attempt(features) if each.turn > 1]
        shown = [(each, asks) for each, asks in asked if asks]
        offsets = [max(0, each.answer.find(asks[0])) for each, asks in shown]
        return affected_rows(
            pd.Index([each.session for each, _ in shown], dtype=object),
            pd.Index([each.trace_id for each, _ in shown], dtype=object),
            pd.Series([each.span_id for each, _ in shown], dtype=object),
            pd.Series(
                [each.answer[at : at + 240] for (each, _), at in zip(shown, offsets, strict=True)],
                dtype=object,
            ),
            pd.Series(
                [
                    f"{len(asks)} of {len(sentences(each.answer))} sentences of the first answer ask for something; "
                    f"{each.tool} is called in turn {each.turn} with “{'”, “'.join(each.values[:3])}”, which the "
                    "first request held."
                    for each, asks in shown
                ],
                dtype=object,
            ),
            pd.Series(offsets, dtype=int),
        )


class _Session(NamedTuple):
    session: str
    trace_id: str
    span_id: str
    answer: str
    tool: str
    turn: int
    values: tuple[str, ...]


def _could_attempt(features: Features) -> list[_Session]:
    """Sessions whose first request held everything that the first tool call took from the user."""
    return features.shared(_attempts)


def _attempts(features: Features) -> list[_Session]:
    traces = features.complete[["turn", "session", "request", "response", "failed", "root_span_id"]]
    opening = traces[(traces["turn"] == 1) & (traces["request"] != "") & (traces["response"] != "")]
    opening = opening[~opening["failed"]]
    called = np.flatnonzero(features.spans.coded("kind").among("TOOL") & features.ended)
    in_session = features.session_codes[features.trace_at[called]]
    first = called[np.unique(in_session, return_index=True)[1]]
    calls = features.spans.take(first)[["session", "arguments", "tool"]]
    turns = features.traces["turn"].to_numpy()[features.trace_at[first]]
    first_call = {
        session: (arguments, tool, turn)
        for session, arguments, tool, turn in zip(
            calls["session"], calls["arguments"], calls["tool"], turns.tolist(), strict=True
        )
    }
    later = [session for session, (_, _, turn) in first_call.items() if turn > 1]
    said = _said(traces[traces["session"].isin(later)])
    values_in = cache(_values)  # many calls take the same
    found = []
    for trace_id, session, request, answer, span_id in zip(
        opening.index, opening["session"], opening["request"], opening["response"],
        opening["root_span_id"], strict=True,
    ):  # fmt: skip
        if session not in first_call:
            continue
        arguments, tool, turn = first_call[session]
        if not arguments or len(arguments) >= LONGEST_ARGUMENTS:
            continue
        asked = request.casefold()
        before = " ".join(said[session][:turn]) if turn > 1 else asked
        values = [value for value in values_in(arguments) if _holds(before, value)]
        if values and (before is asked or all(_holds(asked, value) for value in values)):
            found.append(_Session(session, trace_id, span_id, answer, tool, turn, tuple(values)))
    return found


def _said(traces: pd.DataFrame) -> dict[str, list[str]]:
    """The requests of each session, in lower case, in the order of its turns."""
    requests: dict[str, list[str]] = {}
    for session, request in zip(traces["session"], traces["request"], strict=True):
        requests.setdefault(session, []).append(request.casefold())
    return requests


def _values(arguments: str) -> list[str]:
    """The distinctive scalars of a call's arguments, in lower case (one long text if they are cut)."""
    found = dict.fromkeys(
        text
        for value in _scalars(parsed(arguments))
        if len(text := str(value).strip().casefold()) >= _SHORTEST_VALUE and _VALUE.search(text)
    )
    return list(found)


def _scalars(value: Any, depth: int = 0) -> Iterator[str | int | float]:
    if isinstance(value, dict) and depth < 4:
        for each in value.values():
            yield from _scalars(each, depth + 1)
    elif isinstance(value, list) and depth < 4:
        for each in value:
            yield from _scalars(each, depth + 1)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        yield value


def _holds(text: str, value: str) -> bool:
    at = text.find(value)
    while at >= 0:
        end = at + len(value)
        if not (text[at - 1 : at].isalnum() and at) and not text[end : end + 1].isalnum():
            return True
        at = text.find(value, at + 1)
    return False


def _asks(each: _Session) -> list[str]:
    """The sentences of the first answer that ask, if they are most of it and not for consent."""
    if tells_failure(each.answer) or _CONSENT.search(each.answer):
        return []
    told = sentences(each.answer)
    asking = [sentence for sentence in told if _ASKS.search(sentence)]
    return asking if len(asking) >= max(1.0, _MOSTLY * len(told)) else []

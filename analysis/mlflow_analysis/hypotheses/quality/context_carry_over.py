"""What belongs to another topic or another person turns up in an answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, Rule, affected_rows
from mlflow_analysis.hypotheses.quality.identifiers import (
    OthersData,
    ids_in,
    ids_in_each,
    normal,
    of_others,
    personal_in,
)
from mlflow_analysis.hypotheses.quality.names import Names, named
from mlflow_analysis.hypotheses.quality.screening import requests
from mlflow_analysis.hypotheses.quality.wording import cut_out

_LOOKS_BACK = re.compile(
    r"(?i)\b(?:both|all (?:of )?(?:my|them|these|those|three|orders)|compar\w+|previous(?:ly)?|earlier|(?:first|last"
    r"|other) one|others?|instead|rather than|back to|together with|merge|combine|each|either|neither|versus|vs"
    r"|swap|exchange|replace|the one before)\b"
)
"""What may ask about the id before although a new one is named; "also" and "then" do not."""
_MARGIN = 60
_FORM_DIGITS = re.compile(r"\d+")
_LETTER = re.compile(r"[A-Za-z]")
_NONE: list[str] = []


class ContextCarryOver(Hypothesis):
    """An answer brings in what belongs to the topic before, or to another person's session.

    ## Why it matters
    An answer about the wrong order sounds right and is acted upon. What another session said must never
    come up at all: it shows that memory or a cache is shared between people.

    ## Test
    Unit: sessions. Two cases. *Previous topic*: eligible are sessions of which a later request names an id
    (order number and the like) or a name (capitals within a sentence, nowhere in small letters) that is
    new in the session, and none of the earlier ones, without looking back ("the other", "both"); for a
    name, only if a tool call of the turn took or returned it. Affected, if the answer names an earlier
    request's id of the same form, or name of the same kind (both follow the same word in requests of
    conversations: "to Lisbon", "to Porto"), and not the new one, and no tool call of the turn took or returned it. A
    recorded fact: confirmed from 3 sessions or 1 % on. *Another session*: eligible are all sessions with
    an answer; affected, if an answer holds an e-mail address or phone number that only another user gave,
    in another session that began before, and that no request, tool call or instruction of this session
    holds. Confirmed by a single session.

    ## Not flagged
    Requests that look back or name both; what a tool of the turn returned; answers that name the new one
    as well; names that the turn did no work on, for they may belong to the whole session; role addresses
    (support@ …) and what stands in answers of 3 sessions; people whom the request names; sessions of the
    same user.

    ## Recommendation
    Isolate memory, caches and threads by session and user, and test that with two sessions side by side;
    within a session, tell the model which entity the turn is about, or summarise when the topic changes.

    ## Sources
    Laban et al. 2025, LLMs Get Lost In Multi-Turn Conversation, arXiv:2505.06120. OWASP Top 10 for LLM
    Applications 2025, LLM02 Sensitive Information Disclosure and LLM08 Vector and Embedding Weaknesses.
    """

    id: ClassVar[str] = "context-carry-over"
    title: ClassVar[str] = "Answers bring in another topic or another person"
    category: ClassVar[Category] = Category.QUALITY
    unit: ClassVar[Unit] = Unit.SESSION
    severity: ClassVar[Severity] = Severity.HIGH
    rule: ClassVar[Rule] = Rule.FACT
    needs: ClassVar[frozenset[Field]] = frozenset({Field.SESSIONS, Field.REQUESTS, Field.RESPONSES})
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Sessions with an answer."""
        return _with_answer(features)

    def affected(self, features: Features) -> pd.DataFrame:
        """Those that show either."""
        return pd.concat([case.affected for case in self.cases(features)], ignore_index=True)

    def cases(self, features: Features) -> Iterable[Case]:
        """One case about the topic before, one about other people's sessions."""
        eligible, carried = _previous_topic(features)
        yield Case(
            eligible,
            _rows(carried, features),
            subject="previous topic",
            statement="Asked about one thing, answers name that of the topic before.",
        )
        leaks = of_others(features, also_from_tools=False)
        yield Case(
            _with_answer(features),
            _rows([_leaked(leak) for leak in leaks], features),
            subject="another session",
            statement="Answers hold an address that only another user gave, in another session.",
            fewest_units=1,
        )


_Shown = tuple[str, str, str, str, int, str]
"""Session, trace id, span id, value, its start in the answer, and what is told."""


def _with_answer(features: Features) -> pd.Index:
    traces = features.complete
    return pd.Index(traces.loc[traces["response"] != "", "session"].unique(), dtype=object)


def _leaked(leak: OthersData) -> _Shown:
    told = (
        f"The answer holds {leak.kind}, who gave it in trace {leak.given_in}; nothing in this session "
        "holds it."
    )
    return leak.session, leak.trace_id, leak.span_id, leak.value, leak.start, told


class _Turn(NamedTuple):
    number: int
    place: int
    trace_id: str
    request: str
    answer: str
    span_id: str


def _previous_topic(features: Features) -> tuple[pd.Index, list[_Shown]]:
    """Sessions that change from one id or name to another, and the answers that stay with the first."""
    traces = features.complete[["place", "session", "request", "response", "root_span_id"]]
    traces = traces[traces["session"].duplicated(keep=False)]
    names = Names(traces["request"])
    ids_of = ids_in_each(requests(features))
    looking_back = requests(features).finding(_LOOKS_BACK)
    worked = _Work(features)
    eligible: dict[str, None] = {}
    shown: list[_Shown] = []
    for session, of_session in _that_may_change(traces, ids_of, names).items():
        ids: dict[str, int] = {}
        called: dict[str, int] = {}
        for turn in of_session:
            now, now_called = ids_of.get(turn.request, _NONE), names.within.get(turn.request, _NONE)
            looks_back = turn.request in looking_back
            new = _NONE if looks_back else _new(now, ids)
            new_called = [
                name
                for name in (_NONE if looks_back else _new(now_called, called))
                if worked.touched(name, turn.place)
            ]
            if new or new_called:
                eligible[session] = None
            carried = _carried(turn.answer, new, ids)
            if not carried and not now:  # where ids are spoken of, names are only beside them
                carried = _carried_name(turn.answer, new_called, called, names)
            if carried and not worked.touched(carried, turn.place):
                told = (
                    f"Turn {turn.number} asks about {(new or new_called)[0]}, and the answer names {carried} "
                    f"instead, which was asked about in turn {(ids | called)[carried]}."
                )
                start = turn.answer.find(carried)
                shown.append((session, turn.trace_id, turn.span_id, carried, start, told))
            for value in now:
                ids.setdefault(value, turn.number)
            for name in now_called:
                called.setdefault(name, turn.number)
    return pd.Index(list(eligible), dtype=object), shown


def _that_may_change(
    traces: pd.DataFrame, ids_of: Mapping[str, list[str]], names: Names
) -> dict[str, list[_Turn]]:
    """The turns that name something, of sessions that do not all name the same id, or the same name, first."""
    of_trace, sessions = pd.factorize(traces["session"])
    requests = traces["request"].tolist()
    may_change = _of_several(of_trace, len(sessions), requests, ids_of)
    may_change |= _of_several(of_trace, len(sessions), requests, names.within)
    number = pd.Series(of_trace, traces.index).groupby(of_trace).cumcount() + 1
    names_any = np.array([each in ids_of or each in names.within for each in requests], dtype=bool)
    chosen = may_change[of_trace] & names_any
    columns = ["request", "response", "root_span_id"]
    turns: dict[str, list[_Turn]] = {}
    for session, turn in zip(
        traces["session"][chosen],
        map(
            _Turn,
            number[chosen].tolist(),
            traces["place"][chosen].tolist(),
            traces.index[chosen],
            *(traces[name][chosen] for name in columns),
        ),
        strict=True,
    ):
        turns.setdefault(session, []).append(turn)
    return turns


def _of_several(
    sessions: npt.NDArray[np.int64],
    count: int,
    requests: list[str],
    named_in: Mapping[str, list[str]],
) -> npt.NDArray[np.bool_]:
    """For each session, by number, whether its requests name different things first."""
    first = {request: names[0] for request, names in named_in.items()}
    things = pd.factorize(np.array([first.get(each) for each in requests], dtype=object))[0]
    sessions, things = sessions[things >= 0], things[things >= 0]
    one = np.zeros(count, dtype=np.int64)
    one[sessions] = things
    several = np.zeros(count, dtype=bool)
    several[sessions[things != one[sessions]]] = True
    return several


def _new(now: list[str], earlier: dict[str, int]) -> list[str]:
    """What is named now, if something was named before and it was none of that."""
    return now if earlier and not any(value in earlier for value in now) else []


def _carried_name(answer: str, new: list[str], earlier: dict[str, int], names: Names) -> str:
    """A name of an earlier turn in the answer, of the kind of a new one; "" if there is none."""
    if not new or any(named(name, answer) for name in new):
        return ""
    return next(
        (
            name
            for name in earlier
            if named(name, answer) and any(names.alike(name, each) for each in new)
        ),
        "",
    )


def _carried(answer: str, new: list[str], earlier: dict[str, int]) -> str:
    """An id of an earlier turn in the answer, of the form of a new one; "" if there is none."""
    if not new or any(value.lstrip("#") in answer for value in new):
        return ""
    forms = {_form(value) for value in new}
    named = ids_in(answer)
    return next((value for value in named if value in earlier and _form(value) in forms), "")


def _form(value: str) -> str:
    """Letters and digits masked: references of one kind may begin with any letters."""
    return _LETTER.sub("A", _FORM_DIGITS.sub("0", value)) if not value.startswith("#") else "#0"


class _Work:
    """What the tool calls of each trace took and returned."""

    def __init__(self, features: Features) -> None:
        self._calls = np.flatnonzero(features.is_call)
        # the calls of a trace stand together, in the order of the traces
        at = features.trace_at[self._calls]
        self._bounds = np.searchsorted(at, np.arange(len(features.traces) + 1)).tolist()
        # few are looked at: those of all calls are not gathered
        self._arguments, self._outputs = map(features.spans.texts, ("arguments", "output"))

    def touched(self, value: str, place: int) -> bool:
        """Whether a tool call of the trace at this place took or returned the id or name."""
        plain = value.lstrip("#")
        for row in self._calls[self._bounds[place] : self._bounds[place + 1]].tolist():
            if plain in self._arguments.of(row) or plain in self._outputs.of(row):
                return True
        return False


def _rows(shown: list[_Shown], features: Features) -> pd.DataFrame:
    traces = features.traces
    cuts = list(_cuts(shown, traces))
    return affected_rows(
        pd.Index([each[0] for each in shown], dtype=object),
        pd.Index([each[1] for each in shown], dtype=object),
        pd.Series([each[2] for each in shown], dtype=object),
        pd.Series([excerpt for excerpt, _ in cuts], dtype=object),
        pd.Series([each[5] for each in shown], dtype=object),
        pd.Series([offset for _, offset in cuts], dtype=int),
    )


def _cuts(shown: list[_Shown], traces: pd.DataFrame) -> Iterator[tuple[str, int]]:
    """Excerpts around the value; another person's is masked."""
    for _, trace_id, _, value, start, _ in shown:
        answer = str(traces.at[trace_id, "response"])
        excerpt, offset = cut_out(answer, start, start + len(value), _MARGIN)
        for _, personal, at in reversed(list(personal_in(excerpt))):
            if normal(personal) == normal(value):
                excerpt = f"{excerpt[: at + 2]}…[masked]{excerpt[at + len(personal) :]}"
        yield excerpt, offset

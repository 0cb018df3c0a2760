"""Ids, links and numbers that an answer gives, and whether they were anywhere before.

What ``unsupported-by-tools`` and the strength ``grounded-answers`` stand on.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from math import ceil, floor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.quality.screening import answers
from mlflow_analysis.hypotheses.remembered import remembered

_LINK = re.compile(r"https?://[^\s<>()\[\]{}\"'`\\|]+[^\s<>()\[\]{}\"'`\\|.,;:!?*]")
# the first sign stands first, and what must not be before it after: so they are found many times quicker
_ID = re.compile(
    r"[A-Z#](?<![\w/.-][A-Z#])"
    r"(?:(?<=[A-Z])[A-Z]{0,5}[-_]?\d{3,}[A-Z\d-]*|(?<=#)\d{4,})(?![\w/])"
)
_NUMBER = re.compile(
    r"\d(?<![\w.,#/:-]\d)"
    r"(?:\d{0,2}(?:,\d{3})+(?:\.\d+)?|\d*\.\d+|\d{2,})(?![\w/:]|[.,-]\d)"
)
_ANY_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_STANDARD = re.compile(r"(?:ISO|RFC|EN|DIN|IEEE|UTF|SHA|HTTP|CVE|WCAG|IP|AES|RSA|WIN|USB)[-_]?\d")
_MAY_VALUE = r"https?://|[A-Z][-_]?\d{3}|#\d{4}|\d{3}|\d[.,]\d"
"""What every link, id and number holds."""
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_WITH_DIGIT = re.compile(r"[\w-]*\d[\w-]*")
_GENERAL = 3
_OUTPUT_LIMIT = 8_000
_LONGEST = 4_000
_MOST_VALUES = 40
_MOST_TERMS = 60


class Answer(NamedTuple):
    """What an answer gives that can be checked: each value once, in order of appearance."""

    trace_id: str
    named: tuple[str, ...]
    """Ids and links."""
    numbers: tuple[str, ...]
    """Decimal numbers and those of three digits or more, years apart."""
    unsupported: tuple[str, ...]
    """Of ``named`` and ``numbers``, those that were nowhere before."""
    from_calls: int
    """How many of both stand in an output of a call of this trace."""


@remembered
def checked_answers(features: Features) -> tuple[Answer, ...]:
    """The answers with something to check, of ended traces that did not fail and have a call that did not.

    Looked for are the values in what the trace's calls took and returned, what else was given to its
    spans, its request, and the requests, calls and answers before it in the session. Numbers also count
    as supported if they are the sum, difference or product of two numbers there, or one of them rounded.
    What stands in answers of three sessions or more counts as given by the prompt; of links the form
    does, and then every part with a digit must have been there. Fenced code is left out, and so are
    traces with an output that was too long to be kept whole.
    """
    traces = features.complete
    calls = features.calls[["trace_id", "failed", "output"]]
    long = np.fromiter(map(len, calls["output"]), dtype=np.int64, count=len(calls)) >= _OUTPUT_LIMIT
    eligible = (
        ~traces["failed"]
        & (traces["response"] != "")
        & traces.index.isin(calls.loc[~calls["failed"], "trace_id"])
        & ~traces.index.isin(calls.loc[long, "trace_id"])
    )
    responses = traces.loc[eligible, "response"]
    checkable = answers(features).holding(_MAY_VALUE)
    parsed = {text: _values(text) if text in checkable else ((), ()) for text in set(responses)}
    given = {
        str(trace_id): parsed[text]
        for trace_id, text in responses.items()
        if parsed[text][0] or parsed[text][1]
    }
    return _checked(features, given) if given else ()


def _checked(
    features: Features, given: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
) -> tuple[Answer, ...]:
    traces, spans = features.traces, features.spans
    requests, responses = (traces[name].tolist() for name in ("request", "response"))
    is_tool = (spans["tool"] != "").to_numpy()
    taken_by = _ByTrace(spans["arguments"], features.trace_at, len(traces))
    returned_by = _ByTrace(spans[is_tool]["output"], features.trace_at[is_tool], len(traces))

    def taken(place: int) -> list[str]:
        return [requests[place], *taken_by(place)]

    def elsewhere(place: int, before: list[int]) -> list[str]:
        """What the trace was given, and all that stands in the traces before it."""
        texts = taken(place)
        for earlier in before:
            texts += [*taken(earlier), responses[earlier], *returned_by(earlier)]
        return texts

    before: dict[int, list[int]] = defaultdict(list)
    sessions = features.session_codes.tolist()
    general = _general(given, dict(zip(traces.index, sessions, strict=True)))
    found = []
    for place, (trace_id, session, complete) in enumerate(
        zip(traces.index, sessions, traces["complete"], strict=True)
    ):
        if not complete:
            continue
        if trace_id in given:
            sources = returned_by(place), partial(elsewhere, place, before[session])
            found.append(_answer(str(trace_id), *given[trace_id], *sources, general))
        before[session].append(place)
    return tuple(found)


class _ByTrace:
    """A column of spans by the place of their trace."""

    def __init__(self, column: pd.Series, trace_at: npt.NDArray[np.int64], traces: int) -> None:
        # the spans of a trace stand together, in the order of the traces
        self._texts: list[str] = column.tolist()
        self._bounds = np.searchsorted(trace_at, np.arange(traces + 1)).tolist()

    def __call__(self, place: int) -> list[str]:
        return self._texts[self._bounds[place] : self._bounds[place + 1]]


def _answer(
    trace_id: str,
    named: tuple[str, ...],
    numbers: tuple[str, ...],
    outputs: list[str],
    elsewhere: Callable[[], list[str]],
    general: set[str],
) -> Answer:
    """``elsewhere`` is only looked at for what does not stand in ``outputs``."""
    from_calls = 0
    rest: list[str] = []
    unsupported: list[str] = []
    odd: list[str] = []
    for value in named + numbers:
        if _stands(value, outputs):
            from_calls += 1
            continue
        rest = rest or elsewhere()
        if not (
            _stands(value, rest)
            or (_form(value) in general and _parts_stand(value, outputs + rest))
        ):
            (odd if value in numbers else unsupported).append(value)
    if odd:
        terms = _terms(outputs + rest)
        reckoned = _reckoned(terms)
        unsupported += [
            value for value in odd if not (_follows(value, reckoned) or _rounds(value, terms))
        ]
    return Answer(trace_id, named, numbers, tuple(unsupported), from_calls)


def _general(
    given: dict[str, tuple[tuple[str, ...], tuple[str, ...]]], session: dict[str, int]
) -> set[str]:
    """Forms of values that answers of three sessions or more give."""
    forms = [_form(value) for named, numbers in given.values() for value in named + numbers]
    of_answer = [len(named) + len(numbers) for named, numbers in given.values()]
    where = np.repeat([session[trace_id] for trace_id in given], of_answer)
    held = pd.DataFrame({"form": forms, "session": where}).drop_duplicates()
    sessions = held["form"].value_counts()
    return set(sessions.index[sessions >= _GENERAL])


def _form(value: str) -> str:
    """Links with the ids in them masked; everything else as it is."""
    return _WITH_DIGIT.sub("0", value) if value.startswith("http") else value


def _parts_stand(value: str, texts: list[str]) -> bool:
    """Whether all that varies in a link was there; true for what is no link."""
    parts = _WITH_DIGIT.findall(value) if value.startswith("http") else []
    return all(_any_holds((part,), texts) for part in parts)


def _ways(value: str) -> tuple[str, ...]:
    """The spellings under which a value may stand elsewhere."""
    plain = value.lstrip("#").rstrip("/")
    bare = plain.replace(",", "")
    spellings = [plain, bare]
    if "." in bare and not plain.startswith("http"):
        spellings.append(bare.rstrip("0").rstrip("."))
    return tuple(dict.fromkeys(spellings))


def _stands(value: str, texts: list[str]) -> bool:
    """Whether the value is in one of the texts, however it is spelled there."""
    for text in texts:
        if value in text:
            return True
    return _any_holds(_ways(value), texts)


def _any_holds(ways: tuple[str, ...], texts: list[str]) -> bool:
    for text in texts:
        for way in ways:
            if way in text:
                return True
    if ways[0].isdigit():
        return False
    lower = ways[0].lower()
    return any(lower in text.lower() for text in texts)


def _values(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids and links, and numbers, of a text."""
    cut = text[:_LONGEST]
    if "```" in cut:
        cut = _FENCE.sub(" ", cut)
    links: list[str] = []
    if "http" in cut:
        links = _LINK.findall(cut)
        cut = _LINK.sub(" ", cut)
    ids = [found for found in _ID.findall(cut) if not _STANDARD.match(found)]
    numbers = [found for found in _NUMBER.findall(cut) if not _YEAR.match(found)]
    return (
        tuple(dict.fromkeys(links + ids))[:_MOST_VALUES],
        tuple(dict.fromkeys(numbers))[:_MOST_VALUES],
    )


def _terms(sources: list[str]) -> list[float]:
    """The distinct numbers of the sources, at most 60 and those of the source that reaches so many."""
    numbers: dict[float, None] = {}
    for source in sources:
        for match in _ANY_NUMBER.findall(source):
            numbers.setdefault(float(match.replace(",", "")))
            if len(numbers) >= _MOST_TERMS:
                break
    return list(numbers)


def _reckoned(terms: list[float]) -> set[float]:
    """The terms, and sums, differences and products of two of them."""
    found = set(terms)
    for position, one in enumerate(terms):
        for other in terms[position:]:
            found.update((one + other, abs(one - other), one * other))
    return {round(number, 2) for number in found} | {
        float(whole) for number in found for whole in (floor(number), ceil(number))
    }


def _follows(value: str, reckoned: set[float]) -> bool:
    return round(float(value.replace(",", "")), 2) in reckoned


def _rounds(value: str, terms: list[float]) -> bool:
    """Whether a term comes to ``value`` when it is rounded to its last digit that is not a zero.

    At least two digits must be left: that 1,000 is "about" something says nothing.
    """
    text = value.replace(",", "")
    decimals = len(text.partition(".")[2])
    grain = 10.0**-decimals if decimals else 10.0 ** (len(text) - len(text.rstrip("0")))
    number = float(text)
    return number >= 10 * grain and any(abs(term - number) <= grain / 2 for term in terms)

"""Ids, links and numbers that an answer gives, and whether they were anywhere before.

What ``unsupported-by-tools`` and the strength ``grounded-answers`` stand on.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from math import ceil, floor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.quality.screening import Texts, answers
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
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_WITH_DIGIT = re.compile(r"[\w-]*\d[\w-]*")
_GENERAL = 3
_OUTPUT_LIMIT = 8_000
_LONGEST = 4_000
_MOST_VALUES = 40
_MOST_TERMS = 60

_Values = tuple[tuple[str, ...], tuple[str, ...]]
"""What an answer gives: ids and links, and numbers."""


class Answer(NamedTuple):
    """What an answer gives that can be checked: each value once, in order of appearance."""

    place: int
    """Of its trace in the table of traces."""
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
    traces, calls = features.traces, features.calls
    lengths = np.fromiter(map(len, calls["output"]), dtype=np.int64, count=len(calls))
    eligible = (
        traces["complete"].to_numpy(dtype=bool)
        & ~traces["failed"].to_numpy(dtype=bool)
        & features.traces_with(calls[~calls["failed"]])
        & ~features.traces_with(calls[lengths >= _OUTPUT_LIMIT])
    )
    responses = traces["response"].to_numpy(dtype=object)[eligible].tolist()
    parsed = _values_of_each(answers(features))
    places = np.flatnonzero(eligible).tolist()
    given = {
        place: parsed[text]
        for place, text in zip(places, responses, strict=True)
        if parsed[text][0] or parsed[text][1]
    }
    if not given:
        return ()
    sources = _Sources(features)
    looked_up = {place: _looked_up(place, values, sources) for place, values in given.items()}
    doubtful = {_form(value) for _, missing in looked_up.values() for value in missing}
    general = _general(doubtful, given, features.session_codes)
    return tuple(
        Answer(
            place,
            *given[place],
            _from_nowhere(missing, place, sources, general) if missing else (),
            from_calls,
        )
        for place, (from_calls, missing) in looked_up.items()
    )


class _Sources:
    """Where the values of answers may come from, by the place of a trace."""

    def __init__(self, features: Features) -> None:
        traces, spans = features.traces, features.spans
        is_tool = ~spans.coded("tool").among("")
        self._requests, self._responses = (
            traces[name].tolist() for name in ("request", "response")
        )
        # few are looked at: those of all spans are not gathered
        self._arguments = spans.texts("arguments")
        self._bounds = _bounds(features.trace_at, len(traces))
        self._sessions = features.session_codes
        self._complete = traces["complete"].to_numpy(dtype=bool)
        self._outputs = spans[is_tool]["output"].tolist()
        self._bounds_of_outputs = _bounds(features.trace_at[is_tool], len(traces))

    def returned(self, place: int) -> list[str]:
        """What the calls of the trace returned."""
        return self._outputs[self._bounds_of_outputs[place] : self._bounds_of_outputs[place + 1]]

    def elsewhere(self, place: int) -> list[str]:
        """What else the trace was given, and all that stands in the traces before it in its session."""
        texts = self._given(place)
        for earlier in self._before(place):
            texts += [
                *self._given(earlier),
                self._responses[earlier],
                *self.returned(earlier),
            ]
        return texts

    def _given(self, place: int) -> list[str]:
        rows = range(self._bounds[place], self._bounds[place + 1])
        return [self._requests[place], *map(self._arguments.of, rows)]

    def _before(self, place: int) -> list[int]:
        in_session = self._members[self._sessions[place]]
        return in_session[: bisect_left(in_session, place)]

    @cached_property
    def _members(self) -> dict[int, list[int]]:
        """The complete traces of each session."""
        members: dict[int, list[int]] = defaultdict(list)
        for place in np.flatnonzero(self._complete).tolist():
            members[self._sessions[place]].append(place)
        return members


def _bounds(trace_at: npt.NDArray[np.int64], traces: int) -> list[int]:
    """Where the spans of each trace begin, and where the last end: they stand together, in the order of the traces."""
    bounds: list[int] = np.searchsorted(trace_at, np.arange(traces + 1)).tolist()
    return bounds


def _looked_up(place: int, values: _Values, sources: _Sources) -> tuple[int, list[str]]:
    """How many of the values stand in an output of a call of the trace, and those that stand nowhere."""
    outputs = sources.returned(place)
    both = values[0] + values[1]
    missing = [value for value in both if not _stands(value, outputs)]
    from_calls = len(both) - len(missing)
    if missing:
        elsewhere = sources.elsewhere(place)
        missing = [value for value in missing if not _stands(value, elsewhere)]
    return from_calls, missing


def _from_nowhere(
    missing: list[str], place: int, sources: _Sources, general: set[str]
) -> tuple[str, ...]:
    """Those of the missing values that are neither general nor follow from what is there."""
    known = sources.returned(place) + sources.elsewhere(place)
    missing = [
        value for value in missing if _form(value) not in general or not _parts_stand(value, known)
    ]
    if any(value[0].isdigit() for value in missing):
        terms = _terms(known)
        reckoned = _reckoned(terms)
        missing = [
            value
            for value in missing
            if not value[0].isdigit() or not (_follows(value, reckoned) or _rounds(value, terms))
        ]
    return tuple(missing)


def _general(
    forms: set[str], given: Mapping[int, _Values], session: npt.NDArray[np.int64]
) -> set[str]:
    """Those of the forms of values that answers of three sessions or more give."""
    sessions: dict[str, set[int]] = defaultdict(set)
    for place, (named, numbers) in given.items():
        for value in named + numbers:
            if (form := _form(value)) in forms:
                sessions[form].add(session[place])
    return {form for form, those in sessions.items() if len(those) >= _GENERAL}


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


def _values_of_each(texts: Texts) -> dict[str, _Values]:
    """Ids and links, and numbers, of each text."""
    ids, numbers = texts.found_in_each(_ID), texts.found_in_each(_NUMBER)
    return {
        text: _values([], ids[text], numbers[text])
        if len(text) <= _LONGEST and "```" not in text and "http" not in text
        else _values_of(text[:_LONGEST])
        for text in texts.distinct
    }


def _values_of(text: str) -> _Values:
    """The same of a text with links or fenced code."""
    if "```" in text:
        text = _FENCE.sub(" ", text)
    links = _LINK.findall(text)
    text = _LINK.sub(" ", text)
    return _values(links, _ID.findall(text), _NUMBER.findall(text))


def _values(links: list[str], ids: list[str], numbers: list[str]) -> _Values:
    """Each once, without names of standards and years."""
    if not links and not ids and not numbers:
        return (), ()
    ids = [found for found in ids if not _STANDARD.match(found)]
    numbers = [found for found in numbers if not _YEAR.match(found)]
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

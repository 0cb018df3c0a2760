"""What an answer states, by kind of fact: numbers with a unit, prices, dates, decisions, names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from mlflow_analysis.hypotheses.quality.screening import Texts
from mlflow_analysis.hypotheses.quality.wording import sentences

_NUMBER_WITH_UNIT = re.compile(
    r"(?P<money>[$€£]\s?)?(?<![\w#.,-])(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,6}(?:\.\d+)?)"
    r"(?![\w-]*\d)(?:\s?(?P<percent>%|percent\b)|[ -](?P<adjective>(?:business|working|calendar) )?"
    r"(?P<unit>[a-z]{2,}))?"
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DATE = re.compile(
    rf"(?i)\b(?:\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}"
    rf"|{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?|\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}(?: \d{{4}})?)\b"
)
_MAY_DATE = (
    r"(?i)\d{4}-\d\d-\d\d|\d[./]\d{1,2}[./]\d\d"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d"
    r"|\d(?:st|nd|rd|th)? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
)
_MAY_DECIDE = (
    r"(?i)^\W*(?:yes|yep|correct|certainly|of course|no|nope|unfortunately not)\b|\b(?:in)?eligible\b"
    r"|\b(?:approved|denied|declined|rejected|allowed|permitted|prohibited|forbidden)\b"
    r"|\b(?:un)?available\b|\b(?:in|out of) stock\b|refundable\b|\bcovered\b|\b(?:im)?possible\b"
    r"|\byou (?:can|may not)"
)
"""What every date and every decision holds: tried first on many answers at once, because it is quick."""
_DIGIT = re.compile(r"\d")
_GIVEN = re.compile(r"\d+(?:\.\d+)?")
_WEEKDAY = re.compile(r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b")
_NOT = r"(?:not |n't )"
_YES_UNLESS_NOT = r"\b(?<!not )(?<!n't )(?:{})\b"
_DECISIONS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    (
        "yes or no",
        ("yes", "yep", "correct", "certainly", "of course", "no", "unfortunately"),
        r"^\W*(?:yes|yep|correct|certainly|of course)\b",
        r"^\W*(?:no|nope|unfortunately not)\b[,.! ]",
    ),
    (
        "eligible",
        ("eligible",),
        _YES_UNLESS_NOT.format("eligible"),
        rf"\b(?:{_NOT}eligible|ineligible)\b",
    ),
    (
        "approved",
        ("approved", "denied", "declined", "rejected"),
        _YES_UNLESS_NOT.format("approved"),
        rf"\b(?:{_NOT}approved|denied|declined|rejected)\b",
    ),
    (
        "allowed",
        ("allowed", "permitted", "prohibited", "forbidden"),
        _YES_UNLESS_NOT.format("allowed|permitted"),
        rf"(?:\b{_NOT}(?:allowed|permitted)|\bprohibited|\bforbidden)\b",
    ),
    (
        "available",
        ("available", "in stock", "out of stock"),
        _YES_UNLESS_NOT.format("available|in stock"),
        rf"(?:\b{_NOT}(?:available|in stock)|\bunavailable|\bout of stock)\b",
    ),
    (
        "refundable",
        ("refundable",),
        r"(?<!non-)(?<!not )\brefundable\b",
        r"\b(?:non-?refundable|not refundable)\b",
    ),
    ("covered", ("covered",), _YES_UNLESS_NOT.format("covered"), rf"\b{_NOT}covered\b"),
    (
        "possible",
        ("possible",),
        _YES_UNLESS_NOT.format("possible"),
        r"\b(?:not possible|impossible)\b",
    ),
    (
        "you can",
        ("you can", "you may not"),
        r"\byou can\b(?! ?not|'t)",
        r"\byou (?:cannot|can not|can't|may not)\b",
    ),
)
_DECISION_PATTERNS = tuple(
    (f"decision: {name}", keys, re.compile(yes), re.compile(no))
    for name, keys, yes, no in _DECISIONS
)
"""Searched in lower case, and only where one of the keys is there: most answers hold none."""
NAME = re.compile(r"[A-Z](?<=\s[A-Z])(?<![.!?:\n]\s[A-Z])[\w'’-]+(?:\s[A-Z][\w'’-]+)*")
"""Capitals within a sentence. (What stands before is looked at last: a pattern that begins with a set of
letters is found many times quicker.)"""
_NO_UNIT_WORDS = (
    "and or to the a an of in on at for from by with is are was were per than as but if so it you we "
    "am pm th st nd rd no"
)
_NO_SLOT = frozenset(_NO_UNIT_WORDS.split())
_LONGEST = 4_000

Facts = Mapping[str, frozenset[str]]


def facts(answer: str, given: str = "") -> dict[str, frozenset[str]]:
    """What an answer states, by kind of fact: ``{"number of days": {"30"}, "date": {"june 3"}, …}``.

    Values that occur in ``given`` (the request) are left out, for they are echoed, not answered. Only
    the first 4,000 characters are looked at.
    """
    return _facts(answer, given, dated=True, decides=True)


def facts_of(pairs: Sequence[tuple[str, str]]) -> list[dict[str, frozenset[str]]]:
    """``facts`` of many answers, each with what is given: quicker than one by one."""
    answers = Texts(answer for answer, _ in pairs)
    dated = answers.holding(_MAY_DATE, within=_LONGEST)
    decides = answers.holding(_MAY_DECIDE, within=_LONGEST)
    return [
        _facts(answer, given, dated=answer in dated, decides=answer in decides)
        for answer, given in pairs
    ]


def _facts(answer: str, given: str, *, dated: bool, decides: bool) -> dict[str, frozenset[str]]:
    """``facts`` where it is known whether there may be a date, and a decision."""
    answer = answer[:_LONGEST]
    found: dict[str, set[str]] = defaultdict(set)
    with_digits = [part for part in sentences(answer) if _DIGIT.search(part)]
    if with_digits:
        _add_numbers("\n".join(with_digits), given, found, dated)
    if "day" in answer:
        for match in _WEEKDAY.finditer(answer):
            found["weekday"].add(match.group().lower())
    if decides:
        _add_decisions(answer.lower().replace("’", "'"), found)
    return {kind: frozenset(values) for kind, values in found.items()}


def _add_decisions(lower: str, found: dict[str, set[str]]) -> None:
    for name, keys, yes, no in _DECISION_PATTERNS:
        if any(key in lower for key in keys):
            positive, negative = yes.search(lower), no.search(lower)
            if bool(positive) != bool(negative):
                found[name].add("yes" if positive else "no")


def _add_numbers(answer: str, given: str, found: dict[str, set[str]], dated: bool) -> None:
    echoed = set(_GIVEN.findall(given))

    def keep_date(match: re.Match[str]) -> str:
        found["date"].add(" ".join(match.group().casefold().replace(",", "").split()))
        return " "

    if dated:
        answer = _DATE.sub(keep_date, answer)
    for match in _NUMBER_WITH_UNIT.finditer(answer):
        number = match["number"].replace(",", "").rstrip(".")
        slot = "price" if match["money"] else "percent" if match["percent"] else match["unit"] or ""
        if slot and slot not in _NO_SLOT and number not in echoed:
            kind = slot if slot in ("price", "percent") else f"number of {slot.removesuffix('s')}s"
            found[kind].add(number.removesuffix(".00"))

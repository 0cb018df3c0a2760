"""The same question asked several times on the same evidence, and whether the answers agree.

What ``inconsistent-answers`` and the strength ``consistent-answers`` stand on.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.quality.wording import sentences

_WORD = re.compile(r"[#$€£]?\w+(?:[.,:/'’-]\w+)*%?")
_POSSESSIVE = re.compile(r"['’](?:s|re|ve|ll|d|m)\b")
_FILLER_WORDS = (
    "a an the of to in on at for from by with and or is are was were be been do does did can could will "
    "would shall should may might must have has had got get i me we us you your yours what which who "
    "please tell kindly just hi hello hey thanks thank know like want need there any about this that "
    "so okay ok also exactly actually currently"
)
_FILLER = frozenset(_FILLER_WORDS.split())
_PERSONAL = frozenset({"my", "mine", "our", "ours", "i", "me", "we", "us"})
_OPEN_ENDED = re.compile(
    r"(?i)\b(?:joke|story|poem|random|suggest\w*|idea|ideas|recommend\w*|brainstorm|write|draft|now|today"
    r"|tonight|tomorrow|yesterday|latest|current(?:ly)?|news|time is it|weather|another|again|more|it"
    r"|they|them|those|these|its|their|next|previous|continue)\b"
)
_MOST_ANSWERS = 30


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
class RequestGroup:
    """Answers to one request on one set of tool outputs."""

    group_id: str
    members: tuple[str, ...]
    """Trace ids, in order of time."""
    conflict: Conflict | None


def request_groups(features: Features) -> list[RequestGroup]:
    """Groups of two traces or more with the same question and the same tool outputs.

    Two requests are the same question if their words are, apart from order, case, filler words and
    plural s: another number, name or adjective is another question. Where a request of several sentences
    has one question, that question counts, with the numbers and names of the rest. Requests about "my" matters are
    the same only from one user. Failed traces, open-ended requests and those that point back into the
    conversation are left out.
    """
    traces = features.complete
    traces = traces[~traces["failed"] & (traces["request"] != "") & (traces["response"] != "")]
    asked = pd.Series(
        [
            _question(request, user or session)
            for request, user, session in zip(
                traces["request"], traces["user"], traces["session"], strict=True
            )
        ],
        index=traces.index,
        dtype=object,
    )
    asked = asked[asked != ""]
    asked = asked[asked.duplicated(keep=False)]
    evidence = _evidence(features, asked.index)
    together: dict[tuple[str, str], list[str]] = defaultdict(list)
    for trace_id, question in asked.items():
        together[question, evidence.get(str(trace_id), "")].append(str(trace_id))
    responses = traces["response"]
    requests = traces["request"]
    groups = []
    for (question, outputs), members in together.items():
        if len(members) > 1:
            name = hashlib.sha256(f"{question}\0{outputs}".encode()).hexdigest()[:12]
            answers = {member: str(responses[member]) for member in members}
            groups.append(
                RequestGroup(name, tuple(members), _conflict(answers, str(requests[members[0]])))
            )
    return groups


def conflicts_by_chance(features: Features, pairs: int = 300) -> float:
    """Share of random pairs of answers, whatever was asked, that conflict: what to compare with."""
    traces = features.complete
    traces = traces[~traces["failed"] & (traces["response"] != "")]
    if len(traces) < 2:
        return 0.0
    generator = np.random.default_rng(features.seed)
    texts = traces["response"].tolist()
    drawn = generator.integers(0, len(texts), size=(pairs, 2))
    tried = [(int(a), int(b)) for a, b in drawn if a != b]
    found = sum(_conflict({"a": texts[a], "b": texts[b]}, "") is not None for a, b in tried)
    return found / len(tried) if tried else 0.0


def _question(request: str, asker: str) -> str:
    core, rest = _core(request)
    if _OPEN_ENDED.search(core):
        return ""
    words = _WORD.findall(_POSSESSIVE.sub("", core.casefold()))
    content = {word if word[-1:] != "s" or len(word) < 4 else word[:-1] for word in words} - _FILLER
    if len(content) < 2:
        return ""
    content |= {word.casefold() for word in _WORD.findall(rest) if _has_digit(word)}
    content |= {name.casefold() for name in _NAME.findall(rest)}
    owner = asker if _PERSONAL & set(words) and not any(map(_has_digit, content)) else ""
    return " ".join(sorted(content)) + "\0" + owner


def _core(request: str) -> tuple[str, str]:
    """The one question of a request of several sentences, and the rest; else all of it."""
    parts = sentences(request)
    questions = [part for part in parts if part.endswith("?")]
    if len(parts) > 1 and len(questions) == 1:
        return questions[0], " ".join(part for part in parts if not part.endswith("?"))
    return request, ""


def _evidence(features: Features, trace_ids: pd.Index) -> dict[str, str]:
    calls = features.calls
    calls = calls[calls["trace_id"].isin(trace_ids)].sort_values(["trace_id", "output_key"])
    joined = calls.groupby("trace_id", sort=False)["output_key"].agg(",".join)
    return {str(trace_id): str(keys) for trace_id, keys in joined.items()}


# ---- facts ----------------------------------------------------------------------------------------

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
_WEEKDAY = re.compile(r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b")
_NOT = r"(?:not |n't )"
_YES_UNLESS_NOT = r"\b(?<!not )(?<!n't )(?:{})\b"
_DECISIONS: tuple[tuple[str, str, str], ...] = (
    (
        "yes or no",
        r"^\W*(?:yes|yep|correct|certainly|of course)\b",
        r"^\W*(?:no|nope|unfortunately not)\b[,.! ]",
    ),
    ("eligible", _YES_UNLESS_NOT.format("eligible"), rf"\b(?:{_NOT}eligible|ineligible)\b"),
    (
        "approved",
        _YES_UNLESS_NOT.format("approved"),
        rf"\b(?:{_NOT}approved|denied|declined|rejected)\b",
    ),
    (
        "allowed",
        _YES_UNLESS_NOT.format("allowed|permitted"),
        rf"(?:\b{_NOT}(?:allowed|permitted)|\bprohibited|\bforbidden)\b",
    ),
    (
        "available",
        _YES_UNLESS_NOT.format("available|in stock"),
        rf"(?:\b{_NOT}(?:available|in stock)|\bunavailable|\bout of stock)\b",
    ),
    (
        "refundable",
        r"(?<!non-)(?<!not )\brefundable\b",
        r"\b(?:non-?refundable|not refundable)\b",
    ),
    ("covered", _YES_UNLESS_NOT.format("covered"), rf"\b{_NOT}covered\b"),
    ("possible", _YES_UNLESS_NOT.format("possible"), r"\b(?:not possible|impossible)\b"),
    ("you can", r"\byou can\b(?! ?not|'t)", r"\byou (?:cannot|can not|can't|may not)\b"),
)
_DECISION_PATTERNS = tuple(
    (name, re.compile(yes, re.IGNORECASE), re.compile(no, re.IGNORECASE))
    for name, yes, no in _DECISIONS
)
_NAME = re.compile(r"(?<![.!?:\n]\s)(?<!^)(?<=\s)[A-Z][\w'’-]+(?:\s[A-Z][\w'’-]+)*")
_NO_UNIT_WORDS = (
    "and or to the a an of in on at for from by with is are was were per than as but if so it you we "
    "am pm th st nd rd no"
)
_NO_SLOT = frozenset(_NO_UNIT_WORDS.split())


def facts(answer: str, given: str = "") -> dict[str, frozenset[str]]:
    """What an answer states, by kind of fact: ``{"days": {"30"}, "date": {"june 3"}, …}``.

    Values that occur in ``given`` (the request) are left out, for they are echoed, not answered.
    """
    found: dict[str, set[str]] = defaultdict(set)
    echoed = set(re.findall(r"\d+(?:\.\d+)?", given))
    for match in _DATE.finditer(answer):
        found["date"].add(" ".join(match.group().casefold().replace(",", "").split()))
    for match in _WEEKDAY.finditer(answer):
        found["weekday"].add(match.group().casefold())
    for match in _NUMBER_WITH_UNIT.finditer(_DATE.sub(" ", answer)):
        number = match["number"].replace(",", "").rstrip(".")
        slot = "price" if match["money"] else "percent" if match["percent"] else match["unit"] or ""
        if slot and slot not in _NO_SLOT and number not in echoed:
            found[
                f"number of {slot.removesuffix('s')}s" if slot not in ("price", "percent") else slot
            ].add(number.removesuffix(".00"))
    for name, yes, no in _DECISION_PATTERNS:
        positive, negative = yes.search(answer), no.search(answer)
        if bool(positive) != bool(negative):
            found[f"decision: {name}"].add("yes" if positive else "no")
    return {kind: frozenset(values) for kind, values in found.items()}


def _conflict(answers: dict[str, str], request: str) -> Conflict | None:
    """The conflict with the most dissenting answers, if any."""
    by_text: dict[str, list[str]] = defaultdict(list)
    for trace_id, text in answers.items():
        by_text[text].append(trace_id)
    if len(by_text) < 2:
        return None
    texts = sorted(by_text, key=lambda text: (-len(by_text[text]), text))[:_MOST_ANSWERS]
    stated = {text: facts(text, request) for text in texts}
    kinds = sorted({kind for found in stated.values() for kind in found})
    best: Conflict | None = None
    for kind in kinds:
        versions = Counter[frozenset[str]]()
        for text in texts:
            if kind in stated[text]:
                versions[stated[text][kind]] += len(by_text[text])
        candidate = _dissent(kind, versions, texts, stated, by_text)
        if candidate and (best is None or len(candidate.traces) > len(best.traces)):
            best = candidate
    return best or _other_name(texts, by_text, request)


def _dissent(
    kind: str,
    versions: Counter[frozenset[str]],
    texts: list[str],
    stated: dict[str, dict[str, frozenset[str]]],
    by_text: dict[str, list[str]],
) -> Conflict | None:
    ranked = sorted(versions, key=lambda version: (-versions[version], sorted(version)))
    if len(ranked) < 2:
        return None
    usual = ranked[0]
    other = [version for version in ranked[1:] if not version & usual]
    if not other:
        return None
    holders = [text for text in texts if stated[text].get(kind) in other]
    usual_text = next(text for text in texts if stated[text].get(kind) == usual)
    return Conflict(
        tuple(trace_id for text in holders for trace_id in by_text[text]),
        by_text[usual_text][0],
        kind,
        tuple((", ".join(sorted(version)), versions[version]) for version in [usual, *other]),
    )


def _other_name(texts: list[str], by_text: dict[str, list[str]], request: str) -> Conflict | None:
    """Answers that are word for word the same but for the name they give."""
    by_frame: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for text in texts:
        names = [name for name in _NAME.findall(text) if name not in request]
        if names:
            by_frame[_NAME.sub("·", text)][", ".join(names)] += by_text[text]
    for frame, versions in sorted(by_frame.items()):
        if len(versions) > 1 and "·" in frame:
            ranked = sorted(versions, key=lambda name: (-len(versions[name]), name))
            rarer = tuple(itertools.chain.from_iterable(versions[name] for name in ranked[1:]))
            counts = tuple((name, len(versions[name])) for name in ranked)
            return Conflict(rarer, versions[ranked[0]][0], "name", counts)
    return None


def _has_digit(word: str) -> bool:
    return any(letter.isdigit() for letter in word)

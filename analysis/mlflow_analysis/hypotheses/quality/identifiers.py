"""Ids and addresses in requests and answers, and which of them belong to somebody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.quality.screening import Texts

GENERAL_SESSIONS = 3
"""What stands in the answers of so many sessions is the application's own: a support address."""
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")
PHONE = re.compile(r"(?<![\w.#/-])\+\d{1,3}[ ()\d/-]{6,16}\d(?![\w-])")
# the first sign stands first, and what must not be before it after: so it is found twice as quickly
ID = re.compile(
    r"[A-Z#](?<![\w/.@-][A-Z#])(?:(?:(?<=[A-Z])[A-Z]{0,5}|(?<=#)[A-Z]{1,6})[-_]?\d{3,}[A-Z\d-]*"
    r"|(?<=#)\d{4,})(?![\w/@])"
)
_STANDARD = re.compile(
    r"#?(?:ISO|RFC|EN|DIN|IEEE|UTF|SHA|HTTP|CVE|WCAG|IP|AES|RSA|WIN|USB|COVID)[-_]?\d"
)
_ROLE = re.compile(
    r"(?i)(?:support|info|help|contact|service|sales|billing|office|team|hello|admin|no-?reply|privacy|press"
    r"|security|care|customer\w*|hr|jobs|orders?|returns?|feedback)[\w.+-]*@|@(?:[\w-]+\.)*example\."
)


@dataclass(frozen=True)
class OthersData:
    """An address in an answer that was another person's before."""

    trace_id: str
    span_id: str
    session: str
    kind: str
    value: str
    text: str
    start: int
    given_in: str
    """The trace in whose request it first stood."""


def ids_in(text: str) -> list[str]:
    """Order numbers and the like, in their order; names of standards apart."""
    return _own(ID.findall(text))


def ids_in_each(texts: Texts) -> dict[str, list[str]]:
    """The same of each of many texts that holds any."""
    found = texts.found_in_each(ID)
    return {text: ids for text, values in found.items() if values and (ids := _own(values))}


def _own(values: list[str]) -> list[str]:
    return [value for value in values if not _STANDARD.match(value)]


def personal_in(text: str) -> Iterator[tuple[str, str, int]]:
    """Kind, value and start of the e-mail addresses and international phone numbers in a text."""
    if "@" in text:
        for match in EMAIL.finditer(text):
            if not _ROLE.search(match.group()):
                yield "an e-mail address of another user", match.group(), match.start()
    if "+" in text:
        for match in PHONE.finditer(text):
            yield "a phone number of another user", match.group(), match.start()


def normal(value: str) -> str:
    """One form for the spellings of an address or number."""
    return value.casefold() if "@" in value else re.sub(r"\D", "", value)


def of_others(features: Features, *, also_from_tools: bool) -> list[OthersData]:
    """Addresses in answers that only another user gave before, in another session.

    ``also_from_tools`` keeps those that a tool of the session returned or took. Left out: what the
    session's own requests hold or name, role addresses, what answers of several sessions hold, and what
    stands in the instructions.
    """
    traces = features.complete
    owners = _owners(traces)
    if not owners:
        return []
    shown: list[OthersData] = []
    sessions: dict[str, set[str]] = {}
    maybe = traces[_may_be_personal(traces["response"])]
    for trace_id, session, user, start_ms, text, span_id in zip(
        maybe.index, maybe["session"], maybe["user"], maybe["start_ms"], maybe["response"],
        maybe["root_span_id"], strict=True,
    ):  # fmt: skip
        for kind, value, start in personal_in(text):
            sessions.setdefault(normal(value), set()).add(session)
            owner = owners.get(normal(value))
            if owner is None or session in owner.sessions or (user and user in owner.users):
                continue
            if owner.first_ms < start_ms:
                shown.append(
                    OthersData(trace_id, span_id, session, kind, value, text, start, owner.trace_id)
                )
    shown = [each for each in shown if len(sessions[normal(each.value)]) < GENERAL_SESSIONS]
    return [each for each in shown if not _explained(each, features, also_from_tools)]


def _may_be_personal(texts: pd.Series) -> npt.NDArray[np.bool_]:
    return np.array(["@" in text or "+" in text for text in texts], dtype=bool)


@dataclass
class _Owner:
    trace_id: str
    first_ms: float
    sessions: set[str]
    users: set[str]


def _owners(traces: pd.DataFrame) -> dict[str, _Owner]:
    """Who gave which address in a request; addresses are keyed by their normal form."""
    owners: dict[str, _Owner] = {}
    giving = traces[_may_be_personal(traces["request"])]
    for trace_id, session, user, start_ms, text in zip(
        giving.index, giving["session"], giving["user"], giving["start_ms"], giving["request"],
        strict=True,
    ):  # fmt: skip
        for _, value, _ in personal_in(text):
            owner = owners.setdefault(normal(value), _Owner(trace_id, start_ms, set(), set()))
            owner.sessions.add(session)
            if user:
                owner.users.add(user)
    return owners


def _explained(leak: OthersData, features: Features, also_from_tools: bool) -> bool:
    traces = features.traces
    own = traces[traces["session"] == leak.session]
    said = " ".join(own["request"]).casefold()
    if "@" in leak.value:
        names = [
            part
            for part in re.split(r"[._+\d-]+", leak.value.split("@")[0].casefold())
            if len(part) > 2
        ]
        if any(name in said for name in names):
            return True
    elif normal(leak.value) in re.sub(r"\D", "", said):
        return True
    spans = features.spans[features.spans["trace_id"].isin(own.index)]
    value = leak.value.casefold()
    if spans["instructions"].str.casefold().str.contains(value, regex=False).any():
        return True
    if also_from_tools:
        return False
    calls = spans[spans["tool"] != ""]
    texts = [*calls["arguments"], *calls["output"]]
    if "@" in leak.value:
        return any(value in text.casefold() for text in texts)
    return any(normal(value) in re.sub(r"\D", "", text) for text in texts)

"""Secrets and other people's data in answers and logs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mlflow_analysis.features.selection import Coded
from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, Rule, affected_rows
from mlflow_analysis.hypotheses.failure_class import most_frequent
from mlflow_analysis.hypotheses.quality.identifiers import of_others
from mlflow_analysis.hypotheses.quality.screening import answers
from mlflow_analysis.secrets import HINT, found, masked_text

_MARGIN = 60
_AT_ONCE = 10_000
_PLACEHOLDER = re.compile(
    r"(?i)example|sample|dummy|placeholder|redacted|masked|your[-_ ]?|changeme|test|foo|bar\b|x{4,}|\*{2,}"
    r"|\.{3}|…|<|>|\{|\}|(.)\1{5,}|0123456|123456|abcdef|qwerty|lorem|insert|replace|hunter2"
)
_PUBLIC_CARDS = frozenset({
    "4111111111111111", "4242424242424242", "4000056655665556", "4012888888881881",
    "4000000000000002", "5555555555554444", "5105105105105100", "5200828282828210",
    "2223003122003222", "378282246310005", "371449635398431", "6011111111111117", "6011000990139424",
})  # fmt: skip
"""The numbers that payment providers publish for tests."""
_PUBLIC_IN_PAYLOADS = frozenset({"a Google API key"})
"""Web pages carry them openly."""
_PRESIGNED = re.compile(r"(?i)(?:credential|accesskeyid)=$")


class SensitiveDataExposed(Hypothesis):
    """Secrets or other people's data stand in answers or in what is logged.

    ## Why it matters
    A key in an answer is lost at once; one in a trace is readable by everybody who may read traces, long
    after. Another person's address or card number in an answer is a breach that has to be reported.

    ## Test
    Unit: ended traces. Affected: an answer, a system prompt, or the arguments or output of a tool or the
    output of a model holds a credential by its form (keys of well-known providers, private keys, web and
    bearer tokens, a password in an address, a value told as password or key), a card number (Luhn test
    and a word that says so), an IBAN (mod 97) or a social security number; or an answer holds an e-mail
    address that another user gave in another, earlier session. Confirmed by a single trace.

    ## Not flagged
    Placeholders, examples, masked values and the test cards of payment providers; what the user gave in
    the same session; support addresses (of the application's own prompts, or in answers of 3 sessions);
    addresses of people whom the request names; UUIDs, hashes, order and tracking numbers; access key ids
    in presigned links; Google's browser keys within fetched pages.

    ## Recommendation
    Revoke and replace each key now. Keep secrets out of prompts and tool results (inject them where the
    call is made), redact before logging with a span processor, and filter records by the signed-in user
    within the tool, not in the prompt.

    ## Sources
    OWASP Top 10 for LLM Applications 2025, LLM02 Sensitive Information Disclosure. ISO/IEC 7812-1 (card
    numbers), ISO 13616 (IBAN), RFC 7519 (web tokens). Regulation (EU) 2016/679, articles 33 and 34.
    """

    id: ClassVar[str] = "sensitive-data-exposed"
    title: ClassVar[str] = "Secrets or other people's data exposed"
    category: ClassVar[Category] = Category.QUALITY
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.HIGH
    rule: ClassVar[Rule] = Rule.FACT
    fewest_units: ClassVar[int] = 1
    needs: ClassVar[frozenset[Field]] = frozenset()
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Every trace that ended."""
        return features.every_complete

    def affected(self, features: Features) -> pd.DataFrame:
        """Those that show it."""
        return _rows(features, _exposed(features))

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, naming what was exposed and where."""
        exposed = _exposed(features)
        kinds = pd.Series([each.kind for each in exposed], dtype=object)
        places = pd.Series([each.place for each in exposed], dtype=object)
        yield Case(
            self.eligible(features),
            _rows(features, exposed),
            statement=(
                f"Sensitive data stand in answers or logs: {most_frequent(kinds, '')}, "
                f"{most_frequent(places, 'in ')}."
                if exposed
                else ""
            ),
        )


@dataclass(frozen=True)
class _Exposed:
    trace_id: str
    span_id: str
    kind: str
    place: str
    text: str
    start: int
    end: int


def _exposed(features: Features) -> list[_Exposed]:
    """One for each trace that shows it: the first in an answer, else the first in the logs."""
    candidates = [*_in_answers(features), *_of_others(features), *_in_payloads(features)]
    user_gave = _Given(features)
    first: dict[str, _Exposed] = {}
    for each in candidates:
        if each.trace_id not in first and not user_gave(each):
            first[each.trace_id] = each
    return [first[trace_id] for trace_id in features.complete.index if trace_id in first]


def _in_answers(features: Features) -> Iterator[_Exposed]:
    traces = features.complete
    hinted = answers(features).holding(HINT)
    for trace_id, span_id, text in zip(
        traces.index, traces["root_span_id"], traces["response"], strict=True
    ):
        for kind, start, end in _real(text, in_payload=False) if text in hinted else ():
            yield _Exposed(trace_id, span_id, kind, "the answer", text, start, end)


def _of_others(features: Features) -> Iterator[_Exposed]:
    for leak in of_others(features, also_from_tools=True):
        text, at = leak.text, leak.start
        yield _Exposed(
            leak.trace_id, leak.span_id, leak.kind, "the answer", text, at, at + len(leak.value)
        )


def _in_payloads(features: Features) -> Iterator[_Exposed]:
    spans = features.spans
    of_tools, of_models = ~spans.coded("tool").among(""), features.is_model_call
    for chosen, column, place in (
        (of_tools, "arguments", "the arguments of"),
        (of_tools | of_models, "output", "the output of"),
        (of_models, "instructions", "the instructions of"),
    ):
        rows = np.flatnonzero(features.ended & chosen)
        logged = spans.texts(column).at(rows)
        for row in _hinted(logged):
            text = logged.of(row)
            for kind, start, end in _real(text, in_payload=True):
                span = spans.take(rows[[row]])[["trace_id", "span_id", "tool", "name"]].iloc[0]
                where = f"{place} {span['tool'] or span['name']}"
                yield _Exposed(span["trace_id"], span["span_id"], kind, where, text, start, end)


def _hinted(texts: Coded) -> list[int]:
    """The rows whose text may hold something."""
    codes, distinct = texts.met()
    # what RE2 reads, 10 MB in less than 50 ms, is a copy: not of all at once
    parts = [distinct[at : at + _AT_ONCE] for at in range(0, len(distinct), _AT_ONCE)]
    holds = [pc.match_substring_regex(pa.array(part, pa.large_string()), HINT) for part in parts]
    held = np.concatenate([np.zeros(0, dtype=bool), *holds])
    return np.flatnonzero(held[codes]).tolist()


def _real(text: str, *, in_payload: bool) -> Iterator[tuple[str, int, int]]:
    """What in ``text`` is a secret and no placeholder."""
    for secret in found(text):
        value = text[secret.start : secret.end]
        if in_payload and secret.kind in _PUBLIC_IN_PAYLOADS:
            continue
        if "card" in secret.kind:
            if re.sub(r"\D", "", value) in _PUBLIC_CARDS:
                continue
        elif _PLACEHOLDER.search(value):
            continue
        if secret.kind == "an AWS key" and _PRESIGNED.search(text, 0, secret.start):
            continue
        yield secret.kind, secret.start, secret.end


class _Given:
    """Whether the user gave the value in the same session, or in an earlier message of the trace."""

    def __init__(self, features: Features) -> None:
        self._features = features

    def __call__(self, exposed: _Exposed) -> bool:
        features = self._features
        value = _plain(exposed.text[exposed.start : exposed.end])
        place = int(features.traces.index.get_indexer(pd.Index([exposed.trace_id]))[0])
        in_session = features.session_codes == features.session_codes[place]
        if any(value in _plain(text) for text in features.traces["request"].to_numpy()[in_session]):
            return True
        if exposed.place.startswith("the instructions"):
            return False
        # the spans of a trace stand together, in the order of the traces
        first, end = np.searchsorted(features.trace_at, (place, place + 1))
        spans = features.spans.take(range(first, end))
        for tool, arguments, told, output, span_id in zip(
            spans["tool"], spans["arguments"], spans["instructions"], spans["output"],
            spans["span_id"], strict=True,
        ):  # fmt: skip
            here = span_id == exposed.span_id
            if value in _plain(told) or (tool and not here and value in _plain(output)):
                return False  # it came from the prompt or a tool
            if not tool and value in _plain(arguments):
                return True  # it was part of the conversation before
            if here:
                break
        return False


def _plain(text: str) -> str:
    return re.sub(r"[\s-]", "", text).casefold()


def _rows(features: Features, exposed: list[_Exposed]) -> pd.DataFrame:
    excerpts, offsets = [], []
    for each in exposed:
        begin = max(0, each.start - _MARGIN)
        value = each.text[each.start : each.end]
        shown = value[:2] if len(value) > 8 else ""
        before = masked_text(each.text[begin : each.start])
        after = masked_text(each.text[each.end : each.end + _MARGIN])
        excerpts.append(f"{before}{shown}…[masked]{after}")
        offsets.append(begin)
    ids = [each.trace_id for each in exposed]
    return affected_rows(
        pd.Index(ids, dtype=object),
        pd.Index(ids, dtype=object),
        pd.Series([each.span_id for each in exposed], dtype=object),
        pd.Series(excerpts, dtype=object),
        pd.Series(
            [
                f"{each.kind[0].upper()}{each.kind[1:]} of {each.end - each.start} characters stands in "
                f"{each.place}, and the user did not give it."
                for each in exposed
            ],
            dtype=object,
        ),
        pd.Series(offsets, dtype=int),
    )

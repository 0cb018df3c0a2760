"""Traces of the size that the benchmarks speak of, about 8 spans and 5 KB, and texts of which no two are the same.

The sample store's traces have fewer spans and longer texts. Copies of equal texts would flatter whatever
remembers a text that it has seen.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import Any

from mlflow_analysis.demo.faults import ALL_FAULTS
from mlflow_analysis.demo.scenario import make_scenario
from mlflow_analysis.records import MODEL_KINDS, SpanRecord, TraceRecord

_OFFER = "mlflow.chat.tools"
_OFFERED = 3
"""Tools that the first model call offers, and no other does; the sample's application offers twelve every time."""
_STEP_NS = 400_000
_LONGEST_FAULT = "long-winded-prompt"
_FIRST = [
    "Ada",
    "Bo",
    "Cai",
    "Dana",
    "Elif",
    "Femi",
    "Gita",
    "Hugo",
    "Ines",
    "Jun",
    "Kofi",
    "Lena",
    "Mira",
    "Nils",
    "Olga",
    "Pia",
    "Quinn",
    "Rosa",
    "Sven",
    "Tara",
]
_LAST = [
    "Abara",
    "Berg",
    "Costa",
    "Dahl",
    "Endo",
    "Fischer",
    "Garcia",
    "Haas",
    "Ito",
    "Jensen",
    "Kaya",
    "Lopez",
    "Moreau",
    "Novak",
    "Okoye",
    "Park",
]
_ORDER = re.compile(r"(?<=ORD|INV|.RF)-(\d{5})\b")
_AMOUNT = re.compile(r"\b(\d+)(\.\d\d (?:EUR|USD))\b")


def ordinary_traces(count: int) -> list[TraceRecord]:
    """``count`` traces of the sample store's application, each of ordinary size, in order of time."""
    faults = [fault for fault in ALL_FAULTS if fault.id != _LONGEST_FAULT]
    return [_ordinary(record) for record in make_scenario(traces=count, faults=faults).records]


def varied(text: str, request: str, copy: int) -> str:
    """``text`` with other order numbers, amounts and a signature under ``request``, by the number of the copy.

    The same number or request becomes the same everywhere in a copy, so that a trace stays consistent.
    ``request`` is as it stands in ``text``, escaped as that is.
    """
    if request:
        digest = _digest(request, copy)
        name = f"{_FIRST[digest % len(_FIRST)]} {_LAST[digest // 97 % len(_LAST)]}"
        text = text.replace(request, f"{request} {name}, customer {digest % 1_000_000:06}.")
    if "-" in text:
        text = _ORDER.sub(lambda found: f"-{_order_number(found[1], copy)}", text)
    if " EUR" in text or " USD" in text:
        text = _AMOUNT.sub(lambda found: f"{_amount(found[1], copy)}{found[2]}", text)
    return text


def _order_number(number: str, copy: int) -> int:
    return _digest(number, copy) % 90_000 + 10_000


def _amount(units: str, copy: int) -> int:
    return int(units) + _digest(units, copy) % 50


def _digest(text: str, copy: int) -> int:
    return int.from_bytes(hashlib.blake2b(f"{text}/{copy}".encode(), digest_size=6).digest(), "big")


def _ordinary(record: TraceRecord) -> TraceRecord:
    spans: list[SpanRecord] = []
    first = True
    for span in record.spans:
        if span.kind not in MODEL_KINDS or span.end_ns is None:
            spans.append(span)
            continue
        inputs = _without_history(span.inputs)
        spans.append(replace(span, inputs=inputs, attributes=_fewer_offers(span, first)))
        spans += _steps(span, first)
        first = False
    return TraceRecord(record.info, tuple(spans))


def _without_history(inputs: Any) -> Any:
    messages = inputs["messages"]
    asked = max(at for at, message in enumerate(messages) if message["role"] == "user")
    return {**inputs, "messages": [messages[0], *messages[max(1, asked) :]]}


def _fewer_offers(span: SpanRecord, first: bool) -> dict[str, Any]:
    if not first:
        return {name: value for name, value in span.attributes.items() if name != _OFFER}
    names = [each["function"]["name"] for each in span.attributes.get(_OFFER, ())]
    called = [name for name in names if f'"{name}"' in json.dumps(span.outputs)]
    offered = [*called, *(name for name in names if name not in called)][
        : max(_OFFERED, len(called))
    ]
    tools = [{"type": "function", "function": {"name": name}} for name in offered]
    return {**span.attributes, _OFFER: tools}


def _steps(call: SpanRecord, first: bool) -> list[SpanRecord]:
    """What a framework records around model calls: the prompt made once, each reply parsed."""
    assert call.end_ns is not None
    starts = {"parse_reply": call.end_ns - _STEP_NS}
    if first:
        starts["make_prompt"] = call.start_ns
    return [
        SpanRecord(
            span_id=hashlib.blake2b(f"{call.span_id}{name}".encode(), digest_size=8).hexdigest(),
            parent_id=call.span_id,
            name=name,
            kind="CHAIN" if name == "make_prompt" else "PARSER",
            status="OK",
            status_message="",
            start_ns=start,
            end_ns=min(start + _STEP_NS, call.end_ns),
        )
        for name, start in starts.items()
    ]

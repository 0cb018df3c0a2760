"""Spans as MLflow stores them → ``SpanRecord``, decoding payloads only when they are looked at.

Payloads are JSON texts within the JSON of the span, and most of the time of reading would go into
decoding them, although much of them (the tools offered with each call of a model, say) is never
asked for. So a ``StoredSpan`` keeps the texts. To whoever uses it, it is a ``SpanRecord``.
"""

from __future__ import annotations

import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Any

import orjson

from mlflow_analysis.records import SpanEvent, SpanRecord
from mlflow_analysis.tracking.json_values import json_value
from mlflow_analysis.untrusted import printable, printable_value, single_line

INPUTS = "mlflow.spanInputs"
OUTPUTS = "mlflow.spanOutputs"
KIND = "mlflow.spanType"
NOT_ATTRIBUTES = frozenset({INPUTS, OUTPUTS, KIND, "mlflow.traceRequestId"})
_NO_KIND = (None, "", '"UNKNOWN"', "null")
OTHER_CONVENTIONS = (
    "ai.", "entity.", "gen_ai.", "langfuse.", "lk.", "lmnr.", "openinference.", "span.", "traceloop.",
)  # fmt: skip
"""How attributes begin by which MLflow tells the kind of a span that says none of its own."""
_TOLD_AGAIN = frozenset({
    "mlflow.chat.tools", "gen_ai.tool.definitions", "llm.tools", "mlflow.llm.model", "gen_ai.request.model",
    "gen_ai.response.model", "gen_ai.response.finish_reasons",
})  # fmt: skip
"""What an application tells in the same words with each call of its model."""
_LONGEST_REPEATED = 20_000
_START = attrgetter("start_ns")
_SHORT = 200
"""Names up to this many characters are remembered: a few names make up most spans."""

_FIELDS = tuple(field.name for field in fields(SpanRecord))
_NOT_READ: Any = object()


class StoredSpan(SpanRecord):
    """A ``SpanRecord`` whose payloads and attributes are decoded on first use.

    Only ``span_record`` makes these. Whoever gives fields, as ``dataclasses.replace`` does, gets a plain record.
    """

    __slots__ = ("_attributes", "_inputs", "_outputs", "_texts")
    _texts: Mapping[str, Any]
    _inputs: Any
    _outputs: Any
    _attributes: Any
    # Millions of fields are set, each once. Python sets them without a call of ours only if both are its
    # own: a class may override either, and asks for both in one place.
    __setattr__ = object.__setattr__
    __delattr__ = object.__delattr__

    def __new__(cls, *values: Any, **fields: Any) -> SpanRecord:  # type: ignore[misc]  # noqa: D102
        return SpanRecord(*values, **fields)

    @property
    def inputs(self) -> Any:
        """As of any record."""
        if self._inputs is _NOT_READ:
            self._inputs = json_value(self._texts[INPUTS]) if INPUTS in self._texts else None
        return self._inputs

    @property
    def outputs(self) -> Any:
        """As of any record."""
        if self._outputs is _NOT_READ:
            self._outputs = json_value(self._texts[OUTPUTS]) if OUTPUTS in self._texts else None
        return self._outputs

    @property
    def attributes(self) -> Mapping[str, Any]:
        """As of any record."""
        if self._attributes is _NOT_READ:
            self._attributes = _attributes(self._texts)
        return self._attributes

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SpanRecord):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _FIELDS)

    __hash__ = SpanRecord.__hash__

    def __reduce__(self) -> tuple[type[SpanRecord], tuple[Any, ...]]:
        return SpanRecord, tuple(getattr(self, name) for name in _FIELDS)


class StoredAttributes(Mapping[str, Any]):
    """Attributes by name, in order of name; each value is decoded on first use."""

    __slots__ = ("_names", "_texts", "_values")

    def __init__(self, texts: Mapping[str, Any], names: tuple[str, ...]) -> None:
        self._texts, self._names = texts, names
        self._values: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        if name in NOT_ATTRIBUTES:
            raise KeyError(name)
        text = self._texts[name]
        decoded = _repeated if name in _TOLD_AGAIN and _is_short(text) else json_value
        value = self._values[name] = decoded(text)
        return value

    def get(self, name: str, default: Any = None) -> Any:
        """As of any mapping; most names that are asked for are not there."""
        if name in self._values:
            return self._values[name]
        return self[name] if name in self._texts and name not in NOT_ATTRIBUTES else default

    def __contains__(self, name: object) -> bool:
        return name in self._texts and name not in NOT_ATTRIBUTES

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return repr(dict(self))


def span_dict(content: str) -> dict[str, Any]:
    """The content of a row of ``spans`` as MLflow would load it. Raises ``ValueError`` if damaged."""
    try:
        stored: dict[str, Any] = orjson.loads(content)
    except orjson.JSONDecodeError:
        stored = json.loads(content)  # takes what orjson refuses: NaN, lone surrogates
    attributes = stored.get("attributes")
    if (
        isinstance(attributes, dict)
        and attributes.get(KIND) in _NO_KIND
        and any(name.startswith(OTHER_CONVENTIONS) for name in attributes)
    ):
        _translate_kind(stored)  # imports MLflow, so only if it can make a difference
    return stored


def span_record(stored: Mapping[str, Any]) -> SpanRecord:
    """A span in its stored form, ``mlflow.entities.Span.to_dict()``: attribute values are JSON texts.

    Raises ``AttributeError``, ``KeyError``, ``TypeError`` or ``ValueError`` if it is damaged; what is
    decoded later cannot fail.
    """
    attributes = stored.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise TypeError("attributes are no object")
    kind = attributes.get(KIND)
    status = stored.get("status") or {}
    message = status.get("message")
    parent = stored.get("parent_span_id")
    name = str(stored["name"])
    end = stored.get("end_time_unix_nano")
    events = stored.get("events")
    span: Any = object.__new__(StoredSpan)  # to whom it is given, fields are read-only
    span._texts = attributes
    span._inputs = span._outputs = span._attributes = _NOT_READ
    span.span_id = hexadecimal(stored["span_id"])
    span.parent_id = hexadecimal(parent) if parent else None
    span.name = _name(name) if len(name) <= _SHORT else single_line(name)
    span.kind = _kind(kind) if type(kind) is str and len(kind) <= _SHORT else _kind_of(kind)
    span.status = _status(status.get("code") or "UNSET")
    span.status_message = printable(str(message)) if message else ""
    span.start_ns = int(stored["start_time_unix_nano"])
    span.end_ns = int(end) if end else None
    span.events = tuple(map(_event, events)) if events else ()
    record: SpanRecord = span
    return record


def in_order(spans: list[SpanRecord]) -> tuple[SpanRecord, ...]:
    """By start; of those that start together, parents first, then by id."""
    by_start = sorted(spans, key=_START)
    if len(set(map(_START, spans))) == len(spans):
        return tuple(by_start)
    parents = {span.span_id: span.parent_id for span in by_start}
    depths: dict[str, int] = {}
    for span_id, parent_id in parents.items():
        if parent_id in depths:  # parents begin first, as a rule
            depths.setdefault(span_id, depths[parent_id] + 1)
            continue
        path: list[str] = []
        seen: set[str] = set()
        at: str | None = span_id
        while at is not None and at in parents and at not in depths and at not in seen:
            path.append(at)
            seen.add(at)
            at = parents[at]
        depth = depths.get(at, -1) if at is not None else -1
        for each in reversed(path):
            depth += 1
            depths[each] = depth
    return tuple(
        sorted(spans, key=lambda span: (span.start_ns, depths[span.span_id], span.span_id))
    )


def hexadecimal(span_id: str) -> str:
    """Stored span ids are base64 of 8 bytes; everywhere else they are 16 hexadecimal digits."""
    if len(span_id) == 12 and span_id[-1] == "=":
        try:
            decoded = binascii.a2b_base64(span_id)
        except ValueError:
            return printable(span_id)
        if len(decoded) == 8:
            return decoded.hex()
    return printable(span_id)


def _attributes(texts: Mapping[str, Any]) -> Mapping[str, Any]:
    names = _printable_names(tuple(texts))
    if names is not None:
        return StoredAttributes(texts, names) if names else {}
    return {
        printable(name): json_value(value)
        for name, value in sorted(texts.items())
        if name not in NOT_ATTRIBUTES
    }


def _event(event: Mapping[str, Any]) -> SpanEvent:
    return SpanEvent(
        single_line(str(event.get("name") or "")),
        int(event.get("time_unix_nano") or 0),
        printable_value(dict(event.get("attributes") or {})),
    )


def _translate_kind(stored: dict[str, Any]) -> None:
    """Give ``stored`` the kind that MLflow reads from the attributes of other conventions."""
    from mlflow_analysis.tracking.environment import load_mlflow

    load_mlflow()
    from mlflow.tracing.otel.translation import translate_loaded_span

    translate_loaded_span(stored)


@lru_cache(maxsize=4096)
def _name(text: str) -> str:
    return single_line(text)


def _kind_of(stored: Any) -> str:
    kind = json_value(stored)
    return single_line(str(kind)).upper() if kind else "UNKNOWN"


_kind = lru_cache(maxsize=1024)(_kind_of)
_repeated = lru_cache(maxsize=64)(json_value)


def _is_short(stored: Any) -> bool:
    return type(stored) is str and len(stored) <= _LONGEST_REPEATED


@lru_cache(maxsize=64)
def _status(code: Any) -> str:
    return single_line(str(code)).removeprefix("STATUS_CODE_")


@lru_cache(maxsize=512)
def _printable_names(stored: tuple[str, ...]) -> tuple[str, ...] | None:
    """The names of attributes in order, told once for all spans that have the same; ``None`` if one is unsafe."""
    if any(printable(name) is not name for name in stored):
        return None
    return tuple(sorted(name for name in stored if name not in NOT_ATTRIBUTES))
